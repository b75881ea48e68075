"""The real SDK, through our adapter, against the twin: what it does, and what it makes of every kind of trouble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from app.core.email.properties import ENVELOPE, LARGEST_BODY, size_of
from app.errors import KlaviyoRefused, Permanent, Retryable
from app.ports.klaviyo import KlaviyoMetric
from tests.klaviyo.conftest import Linked
from tests.klaviyo_fixture import Twin
from tests.patience import eventually

RECENTLY = datetime(2026, 1, 1, tzinfo=UTC)


def profile(number: int, **properties: object) -> dict[str, Any]:
    return {
        "attributes": {"external_id": str(number), "email": f"p{number}@example.com", "properties": properties},
    }


def test_profiles_are_handed_over_in_bulk_followed_and_found_again(linked: Linked, twin: Twin) -> None:
    job = linked.api.import_profiles([profile(n, attune_rec_ids=["1", "2"]) for n in range(1, 4)])
    eventually(lambda: linked.api.import_job(job).done, "the job is done")
    told = linked.api.import_job(job)
    assert (told.total, told.completed, told.failed) == (3, 3, 0)
    found = linked.api.find_profile(external_id="2")
    assert found is not None
    assert found["attributes"]["properties"]["attune_rec_ids"] == ["1", "2"]
    assert linked.api.find_profile(email="nobody@example.com") is None
    assert linked.api.find_profiles(["p2@example.com", 'o"hara@example.com']) == [found["id"]]
    linked.api.unset(found["id"], ["attune_rec_ids"])
    again = linked.api.find_profile(email="p2@example.com")
    assert again is not None
    assert "attune_rec_ids" not in again["attributes"]["properties"]


def test_a_profile_that_klaviyo_does_not_take_is_named_and_the_rest_goes_in(linked: Linked, twin: Twin) -> None:
    twin.fault("invalid_email", emails=["p2@example.com"])
    job = linked.api.import_profiles([profile(n) for n in range(1, 4)])
    eventually(lambda: linked.api.import_job(job).done, "the job is done")
    assert linked.api.import_job(job).failed == 1
    problems = linked.api.import_problems(job)
    assert [one.email for one in problems] == ["p2@example.com"]
    assert "p2@example.com" not in repr(problems)
    assert "p2@example.com" not in problems[0].detail


def test_an_event_makes_its_metric_and_is_read_back_once(linked: Linked, twin: Twin) -> None:
    event = {
        "metric": {"data": {"type": "metric", "attributes": {"name": "Attune Win-Back"}}},
        "profile": {"data": {"type": "profile", "attributes": {"email": "p1@example.com"}}},
        "properties": {"arm": "attune", "items": [{"id": "7", "title": "Mug"}]},
        "unique_id": "one",
    }
    linked.api.send_event(event)
    linked.api.send_event(event)
    linked.api.send_events([{**event, "unique_id": "two", "time": "2026-11-20T10:00:00+00:00"}])

    def metric() -> KlaviyoMetric | None:
        return next((one for one in linked.api.metrics() if one.name == "Attune Win-Back"), None)

    eventually(lambda: metric() is not None, "the metric is there")
    known = metric()
    assert known is not None

    def number() -> int:
        return len(linked.api.events(known.id, since=RECENTLY).page["data"])

    eventually(lambda: number() == 2, "both events are there")
    page = linked.api.events(known.id, since=RECENTLY)
    assert page.cursor is None
    assert {one["type"] for one in page.page["included"]} == {"metric", "profile"}
    assert linked.api.events(known.id, since=datetime.now(UTC) + timedelta(days=400)).page["data"] == []


def test_templates_and_feeds_are_made_changed_and_taken_away(linked: Linked, twin: Twin) -> None:
    template = linked.api.create_template("Attune one", "<p>Hello {{ first_name }}</p>", "Hello {{ first_name }}")
    linked.api.update_template(template, name="Attune two", html="<p>Bye {{ first_name }}</p>", text="Bye")
    rendered = linked.api.render(template, {"first_name": "Ada"})
    assert "Bye Ada" in rendered.html
    assert linked.api.template("nobody") is None
    assert linked.api.flow("nobody") is None
    feed = linked.api.create_feed("attune_trending", "https://attune.example.com/feeds/x/attune_trending.json")
    assert [one["id"] for one in linked.api.feeds()] == [feed]
    linked.api.delete_feed(feed)
    linked.api.delete_feed(feed)


@pytest.mark.parametrize("mode", ["rubbish", "cut", "error", "hang"])
def test_a_broken_answer_is_worth_another_try(linked: Linked, twin: Twin, mode: str) -> None:
    twin.fault(mode, path="/api/metrics")
    with pytest.raises(Retryable):
        linked.api.metrics()
    assert linked.api.metrics() is not None


def test_nothing_is_asked_twice_behind_our_back(linked: Linked, twin: Twin) -> None:
    twin.fault("error", path="/api/events", status=503, count=5)
    with pytest.raises(Retryable):
        linked.api.events("abc", since=RECENTLY)
    assert len(twin.requests("/api/events")) == 1


def test_a_status_that_nobody_knows_is_told_by_its_counts(linked: Linked, twin: Twin) -> None:
    twin.control.post("jobs", json={"hold": True})
    job = linked.api.import_profiles([profile(1)])
    twin.fault("unknown_enum", path="/api/profile-bulk-import-jobs")
    assert not linked.api.import_job(job).done
    twin.control.post("jobs", json={"hold": False})
    eventually(lambda: linked.api.import_job(job).done, "the job is done")
    twin.fault("unknown_enum", path="/api/profile-bulk-import-jobs")
    assert linked.api.import_job(job).done


def test_a_throttled_call_waits_as_long_as_klaviyo_says(linked: Linked, twin: Twin) -> None:
    twin.fault("throttled", path="/api/metrics", retry_after="1")
    assert linked.api.metrics() is not None
    first, second = twin.requests("/api/metrics")
    assert (first["status"], second["status"]) == (429, 200)


def test_a_body_that_the_sdk_refuses_is_told_without_repeating_it(linked: Linked, twin: Twin) -> None:
    with pytest.raises(Permanent) as caught:
        linked.api.send_event({"properties": {"to": "ada@example.com"}})
    assert "ada@example.com" not in str(caught.value)
    assert "create_event" in str(caught.value)


def test_a_plan_without_feeds_is_a_refusal_with_its_reason(linked: Linked, twin: Twin) -> None:
    twin.fault("feature_unavailable", path="/api/web-feeds")
    with pytest.raises(KlaviyoRefused) as caught:
        linked.api.feeds()
    assert (caught.value.status, caught.value.code) == (403, "feature_unavailable")


def test_webhooks_are_refused_to_a_key_and_open_to_oauth(linked: Linked, twin: Twin) -> None:
    url, topics = "https://attune.example.com/webhooks/klaviyo", ["event:klaviyo.opened_email"]
    with pytest.raises(KlaviyoRefused):
        linked.api.create_webhook("Attune", url, "s" * 32, topics)
    linked.by_oauth(twin)
    webhook = linked.api.create_webhook("Attune", url, "s" * 32, topics)
    linked.api.delete_webhook(webhook)


def test_more_than_klaviyo_takes_at_once_is_refused(linked: Linked, twin: Twin) -> None:
    with pytest.raises(KlaviyoRefused) as caught:
        linked.api.import_profiles([profile(n, x="y" * 90_000) for n in range(60)])
    assert caught.value.status in (400, 413)


def test_five_megabytes_are_taken_and_one_byte_more_is_not(linked: Linked, twin: Twin) -> None:
    def sized(size: int) -> list[dict[str, Any]]:
        profiles = [profile(0, x=""), *(profile(n, x="y" * 90_000) for n in range(1, 56))]
        data = [{"type": "profile", **one} for one in profiles]
        body = {"data": {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": data}}}}
        profiles[0]["attributes"]["properties"]["x"] += "y" * (size - len(orjson.dumps(body)))
        return profiles

    assert linked.api.import_profiles(sized(5_000_000))
    with pytest.raises(KlaviyoRefused) as caught:
        linked.api.import_profiles(sized(5_000_001))
    assert caught.value.status == 413
    # What a push counts before it sends is never less than what travels.
    assert ENVELOPE + sum(map(size_of, sized(5_000_001))) > LARGEST_BODY


def test_no_request_held_a_key_that_klaviyo_does_not_know(linked: Linked, twin: Twin) -> None:
    linked.api.import_profiles([profile(1)])
    linked.api.create_feed("attune_trending", "https://attune.example.com/feeds/x/attune_trending.json")
    assert [one for one in twin.requests("/api/") if one.get("unknown")] == []
