"""Orders from before the trigger was switched on: Klaviyo has them as history, each once, and no flow starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import jobs
from app.adapters.db import mail_history
from app.core.email.history import past_event
from app.core.email.names import Trigger
from app.errors import KlaviyoRefused
from app.services import send_history as sending
from app.services.send_history import Sent, is_waiting, send_history
from tests.devstore_fixture import DevStore, RunningApp, admin_query
from tests.klaviyo_twin.mail_room import MailRoom
from tests.mail.conftest import Mails, mails  # noqa: F401  (the fixture itself)
from workers import schedule
from workers.jobs.engagement import history_everywhere

PART = 25
METRIC = Trigger.ORDERED.value
EVER = datetime(2000, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    pass


@pytest.fixture
def past(mails: Mails, monkeypatch: pytest.MonkeyPatch) -> Mails:  # noqa: F811  (the fixture above)
    """The trigger is on since now; its orders lie before. Requests are small, so that there are several."""
    monkeypatch.setattr(sending, "AT_ONCE", PART)
    mails.switch(Trigger.ORDERED, since_days=0)
    return mails


def told(mails: Mails) -> list[Any]:  # noqa: F811
    return [one for one in mails.events() if mails.twin.account.metrics[one.metric_id].name == METRIC]


def due(mails: Mails) -> int:  # noqa: F811
    """Orders of a year that are to be told, counted apart from the code."""
    [[number]] = mails.execute(
        "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id AND c.shop_id = o.shop_id "
        "WHERE c.email_hash IS NOT NULL AND NOT o.test AND o.cancelled_at IS NULL AND NOT o.erased "
        f"AND o.created_at > '{(mails.now() - timedelta(days=365)).isoformat()}'"
    )
    return int(number)


def send(mails: Mails, **options: Any) -> Sent:  # noqa: F811
    return send_history(mails.shop, mails.wiring.sending_history, **options)


def test_past_orders_stand_in_klaviyo_with_their_own_dates_and_no_flow_starts(past: Mails) -> None:
    room = MailRoom()
    room.account = past.twin.account
    room.flow(room.mail("m1"), trigger={"type": "metric", "id": room.account.metric(METRIC).id})
    assert send(past) == Sent(told=due(past))
    events = told(past)
    assert len(events) == due(past) > PART, "several requests"
    assert all(one.backfill for one in events)
    assert all("order_name" in one.properties and "arm" not in one.properties for one in events)
    placed = {row[0] for row in past.execute("SELECT date_trunc('second', created_at) FROM orders")}
    assert {one.at.replace(microsecond=0) for one in events} <= placed
    past.twin.control.post("run")
    assert not room.account.mails.all()
    assert not is_waiting(past.shop, past.wiring.sending_history)
    assert send(past) == Sent()
    # The same event as news is what the flow waits for.
    [waiting] = past.wiring.mail_history.orders(past.shop.id, after=EVER, until=past.now(), limit=1)[:1]
    news = past_event(replace(waiting.occasion, key="another"), email=waiting.email) | {"backfill": False}
    past.wiring.klaviyo_apis.of(past.shop).send_event(news)
    past.twin.control.post("run")
    assert len(room.account.mails.all()) == 1


@pytest.mark.parametrize("moment", ["sent", "noted"])
def test_a_run_that_was_killed_goes_on_where_it_stopped_and_counts_no_order_twice(past: Mails, moment: str) -> None:
    def die(checkpoint: str) -> None:
        if checkpoint == moment:
            raise Killed

    with pytest.raises(Killed):
        send(past, checkpoint=die)
    first = len(told(past))
    assert 0 < first < due(past)
    state = past.wiring.mail_history.state(past.shop.id)
    assert state is not None
    assert (state.done == 0) is (moment == "sent")
    send(past)
    keys = [(one.profile_id, one.unique_id) for one in told(past)]
    assert len(keys) == len(set(keys)) == due(past)


def test_who_accepts_no_mails_or_has_objected_is_left_out(past: Mails) -> None:
    unwilling, objector = past.customers[:2]
    past.execute(f"UPDATE customers SET email_marketing = 'UNSUBSCRIBED' WHERE id = {unwilling}")
    past.execute(f"UPDATE customers SET opted_out = true WHERE id = {objector}")
    emails = past.wiring.picking.people.emails(past.shop.id, [unwilling, objector])
    send(past)
    assert len(emails) == 2
    assert not [one for one in emails.values() if past.twin.account.find({"email": one}) is not None]


def test_where_klaviyo_refuses_a_request_each_order_is_told_alone_and_an_invalid_address_keeps_no_other_back(
    past: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_history, "MOST", 30)
    [newest] = past.wiring.mail_history.orders(past.shop.id, after=last_but_one(past), until=past.now(), limit=1)
    past.twin.fault("error", path="/api/event-bulk-create-jobs", status=400, count=50)
    past.twin.fault("invalid_email", emails=[newest.email])
    sent = send(past)
    assert sent.refused > 0
    assert len(told(past)) == sent.told > 20
    state = past.wiring.mail_history.state(past.shop.id)
    assert state is not None
    assert (state.done, state.all) == (30, 30)
    assert state.trouble
    assert newest.email not in state.trouble


def test_an_account_that_takes_no_events_is_asked_once_and_goes_on_later(past: Mails) -> None:
    past.twin.fault("feature_unavailable", path="/api/event-bulk-create-jobs", count=1)
    with pytest.raises(KlaviyoRefused):
        send(past)
    assert not [one for one in past.twin.requests("/api/events") if one["method"] == "POST"]
    assert send(past).told == due(past)
    state = past.wiring.mail_history.state(past.shop.id)
    assert state is not None
    assert state.trouble == ""
    # In another account nothing of it is known.
    past.wiring.klaviyo_connections.drop(past.shop.id)
    assert is_waiting(past.shop, past.wiring.sending_history)


def test_the_page_tells_how_far_it_came(
    past: Mails, running_app: RunningApp, devstore: DevStore, work: Callable[[], None]
) -> None:
    def page() -> str:
        return running_app.http.get("/admin/klaviyo", params=admin_query(devstore)).text

    assert "Klaviyo is being told of your past orders: 0 of" in page()
    assert jobs.HISTORY_EVERYWHERE in {timed.name for timed in schedule.TIMETABLE}
    history_everywhere()
    work()
    assert len(told(past)) == due(past)
    state = past.wiring.mail_history.state(past.shop.id)
    assert state is not None
    assert f"All {state.all} past orders were gone through" in page()
    past.switch()
    assert "Past orders" not in page()


def last_but_one(mails: Mails) -> datetime:  # noqa: F811
    """When the order before the newest one was placed."""
    [_, [at]] = mails.execute(
        "SELECT created_at FROM orders WHERE customer_id IS NOT NULL AND NOT test AND cancelled_at IS NULL "
        "ORDER BY created_at DESC LIMIT 2"
    )
    assert isinstance(at, datetime)
    return at
