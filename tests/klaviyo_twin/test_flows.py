"""Flows of the twin: who enters one, and what is sent when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from devstore.klaviyo.definitions import check
from devstore.klaviyo.records import NEVER_SUBSCRIBED, UNSUBSCRIBED, Segment
from tests.klaviyo_twin.mail_room import CONSENT, METRIC, START, MailRoom, delay, split

IS_CONTROL = {
    "type": "profile-property",
    "property": "properties['attune_email_arm']",
    "filter": {"type": "string", "operator": "equals", "value": "control"},
}


@pytest.fixture
def room() -> MailRoom:
    return MailRoom()


def without_order_since_the_start(room: MailRoom) -> dict[str, Any]:
    return {
        "type": "profile-metric",
        "metric_id": room.account.metric("Placed Order").id,
        "measurement": "count",
        "measurement_filter": {"type": "numeric", "operator": "equals", "value": 0},
        "timeframe_filter": {"type": "date", "operator": "flow-start"},
    }


def test_a_live_flow_sends_after_its_delay_and_not_before(room: MailRoom) -> None:
    ada = room.profile()
    room.flow(delay("wait", "write", 4), room.mail("write"))
    room.happens(ada)
    room.later(hours=3)
    assert room.sent(ada) == []
    room.later(hours=1)
    [mail] = room.sent(ada)
    assert (mail.subject, mail.at, mail.flow_name) == ("For Ada", START + timedelta(hours=4), "Cart")


def test_a_clock_that_jumps_sends_the_whole_series_with_the_times_it_would_have_had(room: MailRoom) -> None:
    ada = room.profile()
    room.flow(room.mail("one", "wait"), delay("wait", "two", 2, "days"), room.mail("two"))
    room.happens(ada)
    room.later(days=9)
    assert [mail.at for mail in room.sent(ada)] == [START, START + timedelta(days=2)]


def test_a_draft_starts_for_nobody(room: MailRoom) -> None:
    ada = room.profile()
    room.flow(room.mail("write"), status="draft")
    room.happens(ada)
    room.later(minutes=1)
    assert room.account.mails.all() == []


def test_history_starts_nothing(room: MailRoom) -> None:
    ada = room.profile()
    room.flow(room.mail("write"))
    room.happens(ada, backfill=True)
    room.later(minutes=1)
    assert room.account.mails.all() == []


def test_the_hold_out_takes_its_own_branch(room: MailRoom) -> None:
    ada, bob = room.profile(attune_email_arm="attune"), room.profile("bob@example.com", attune_email_arm="control")
    room.flow(split("arm", "static", "ours", IS_CONTROL), room.mail("ours"), room.mail("static"))
    room.happens(ada)
    room.happens(bob)
    room.later(minutes=1)
    assert [mail.message_name for person in (ada, bob) for mail in room.sent(person)] == ["ours", "static"]


@pytest.mark.parametrize("consent", [NEVER_SUBSCRIBED, UNSUBSCRIBED])
def test_the_consent_filter_keeps_everybody_out_who_has_not_subscribed(room: MailRoom, consent: str) -> None:
    ada, bob = room.profile(), room.profile("bob@example.com", consent)
    room.flow(room.mail("write"), profile_filter={"condition_groups": [CONSENT]})
    room.happens(ada)
    room.happens(bob)
    room.later(minutes=1)
    assert (len(room.sent(ada)), room.account.mails.of(bob.id)) == (1, [])


def test_without_the_filter_somebody_who_never_subscribed_gets_mail_as_at_klaviyo(room: MailRoom) -> None:
    bob = room.profile("bob@example.com", NEVER_SUBSCRIBED)
    room.flow(room.mail("write"))
    room.happens(bob)
    room.later(minutes=1)
    assert len(room.sent(bob)) == 1


def test_an_order_since_the_start_takes_a_shopper_out_of_the_flow(room: MailRoom) -> None:
    ada, bob = room.profile(), room.profile("bob@example.com")
    no_order = {"conditions": [without_order_since_the_start(room)]}
    room.flow(
        delay("wait", "write", 4), room.mail("write"), profile_filter={"condition_groups": [no_order]}
    )  # fmt: skip
    room.account.record(ada, "Placed Order", {"OrderId": "1"}, START - timedelta(days=3))
    room.happens(ada)
    room.happens(bob)
    room.now += timedelta(hours=1)
    room.account.record(bob, "Placed Order", {"OrderId": "2"})
    room.later(hours=4)
    assert (len(room.sent(ada)), len(room.sent(bob))) == (1, 0)


def test_nobody_enters_again_before_the_time_of_re_entry(room: MailRoom) -> None:
    ada = room.profile()
    room.flow(room.mail("write"), reentry_criteria={"duration": 7, "unit": "day"})
    for _ in range(3):
        room.happens(ada)
        room.later(days=4)
    assert [mail.at for mail in room.sent(ada)] == [START, START + timedelta(days=8)]


def test_a_trigger_filter_looks_at_the_event(room: MailRoom) -> None:
    ada = room.profile()
    metric = room.account.metric(METRIC).id
    wanted = {"type": "metric-property", "metric_id": metric, "field": "$value",
              "filter": {"type": "numeric", "operator": "greater-than", "value": 50}}  # fmt: skip
    trigger = {"type": "metric", "id": metric, "trigger_filter": {"condition_groups": [{"conditions": [wanted]}]}}
    room.flow(room.mail("write"), trigger=trigger)
    room.happens(ada, value=20.0)
    room.later(minutes=1)
    room.happens(ada, value=60.0)
    room.later(minutes=1)
    assert len(room.sent(ada)) == 1


def test_joining_a_list_starts_its_flow_once(room: MailRoom) -> None:
    ada, news = room.profile(), room.account.new_list("Newsletter")
    room.flow(room.mail("welcome"), trigger={"type": "list", "id": news.id})
    for _ in range(2):
        room.account.join(ada, news)
        room.later(minutes=1)
        room.account.leave(ada, news)
    assert len(room.sent(ada)) == 1


def test_whoever_joins_a_segment_starts_its_flow_and_who_was_in_it_does_not(room: MailRoom) -> None:
    ada, bob = room.profile(arm="x"), room.profile("bob@example.com", arm="y")
    is_x = {"type": "profile-property", "property": "properties['arm']",
            "filter": {"type": "string", "operator": "equals", "value": "x"}}  # fmt: skip
    definition = {"condition_groups": [{"conditions": [is_x]}]}
    segment = Segment(room.account.new_id(), "X", definition, START, START)
    room.account.segments[segment.id] = segment
    room.flow(room.mail("write"), trigger={"type": "segment", "id": segment.id})
    room.later(minutes=1)
    room.account.upsert({"id": bob.id}, properties={"arm": "x"})
    room.later(minutes=1)
    assert (len(room.sent(ada)), len(room.sent(bob))) == (0, 1)


def test_smart_sending_holds_back_a_second_mail_within_sixteen_hours(room: MailRoom) -> None:
    ada = room.profile()
    room.flow(room.mail("one", "two"), room.mail("two", smart_sending_enabled=True))
    room.happens(ada)
    room.later(minutes=1)
    assert (len(room.sent(ada)), room.reasons(ada)) == (1, ["Skipped: Smart Sending"])


def test_an_update_of_the_profile_is_carried_out(room: MailRoom) -> None:
    ada = room.profile()
    operation = {
        "operator": "update", "property_type": "string", "property_key": "won_back", "property_value": "sent"
    }  # fmt: skip
    room.flow({"id": "u", "type": "update-profile", "links": {"next": None},
               "data": {"profile_operations": [operation]}})  # fmt: skip
    room.happens(ada)
    room.later(minutes=1)
    assert ada.properties["won_back"] == "sent"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"triggers": [{"type": "date"}]}, "flows that start by 'date' are not simulated"),
        ({"entry_action_id": "nowhere"}, "entry_action_id names no action"),
        ({"actions": [{"id": "a", "type": "send-sms"}]}, "actions of type 'send-sms' are not simulated"),
        (
            {"profile_filter": {"condition_groups": [{"conditions": [{"type": "profile-region"}]}]}},
            "conditions of type 'profile-region' are not simulated",
        ),
        (
            {"actions": [{"id": "a", "type": "time-delay", "links": {"next": "b"}, "data": {"value": 1}}]},
            "action a leads to 'b', which is no action",
        ),
    ],
)
def test_what_is_not_simulated_is_named(change: dict[str, Any], problem: str) -> None:
    good = {
        "triggers": [{"type": "metric", "id": "M"}],
        "entry_action_id": "a",
        "actions": [{"id": "a", "type": "time-delay", "links": {"next": None}, "data": {"value": 1, "unit": "days"}}],
    }
    assert check(good) == []
    assert problem in check({**good, **change})
