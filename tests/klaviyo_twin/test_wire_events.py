"""Events over the twin's HTTP API: recorded once, in bulk, and read back by metric and time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.klaviyo_twin.wire import Wire, bulk_events, event, named, resource, running


@pytest.fixture
def wire() -> Iterator[Wire]:
    with running() as twin:
        yield twin


def post(wire: Wire, **attributes: Any) -> int:
    body = resource("event", **event("a@b.co", "Cart Left", **attributes))
    return wire.http.post("/api/events", json=body).status_code


def test_the_first_event_makes_its_metric_and_its_profile(wire: Wire) -> None:
    assert post(wire) == 202
    metric = wire.get("/api/metrics")["data"][0]["attributes"]
    assert (metric["name"], metric["integration"]["name"]) == ("Cart Left", "API")
    assert wire.get("/_dev/state")["counts"]["profiles"] == 1


def test_the_same_unique_id_is_ignored(wire: Wire) -> None:
    assert [post(wire, unique_id="u1"), post(wire, unique_id="u1"), post(wire, unique_id="u2")] == [202] * 3
    assert len(wire.account.events) == 2


def test_values_that_klaviyo_ignores_are_not_kept(wire: Wire) -> None:
    post(wire, properties={"zero": 0, "none": None, "empty": "", "no": False, "price": "1 EUR"})
    assert next(iter(wire.account.events.values())).properties == {"no": False, "price": "1 EUR"}


@pytest.mark.parametrize(
    "bad",
    [
        {"unique_id": ""},
        {"unique_id": "u" * 256},
        {"time": "yesterday"},
        {"value": "12"},
        {"properties": {str(n): "x" for n in range(401)}},
        {"properties": {"x": ["y"] * 4001}},
        {"properties": {"x": "y" * 100_001}},
    ],
    ids=["no id", "long id", "time", "value", "many properties", "long list", "long text"],
)
def test_an_event_beyond_the_limits_is_refused(wire: Wire, bad: dict[str, Any]) -> None:
    assert post(wire, **bad) == 400
    assert not wire.account.events


def test_a_bulk_job_records_its_events_as_backfill_where_it_says_so(wire: Wire) -> None:
    body = bulk_events("a@b.co", named("Seen", unique_id="1"), named("Bought", unique_id="1"))
    body["data"]["attributes"]["events-bulk-create"]["data"][0]["attributes"]["backfill"] = True
    wire.post("/api/event-bulk-create-jobs", body)
    wire.done()
    assert [one.backfill for one in wire.account.events.values()] == [True, True]


def test_one_repeated_unique_id_loses_the_whole_bulk_job(wire: Wire) -> None:
    body = bulk_events("a@b.co", named("Seen", unique_id="1"), named("Seen", unique_id="1"), named("Seen"))
    wire.post("/api/event-bulk-create-jobs", body)
    wire.done()
    assert not wire.account.events


def test_more_than_a_thousand_events_are_refused(wire: Wire) -> None:
    body = bulk_events("a@b.co", *(named("Seen", unique_id=str(n)) for n in range(1001)))
    assert wire.http.post("/api/event-bulk-create-jobs", json=body).status_code == 400


def test_events_are_read_by_metric_and_time_the_oldest_first_with_what_they_name(wire: Wire) -> None:
    for day in (3, 1, 2):
        post(wire, time=f"2026-11-0{day}T10:00:00+00:00", properties={"day": str(day)})
    wire.account.record(wire.account.upsert({"email": "a@b.co"}), "Other", {})
    metric = wire.account.metric("Cart Left").id
    wanted = f'equals(metric_id,"{metric}"),greater-or-equal(datetime,2026-11-02T00:00:00+00:00)'
    page = wire.get("/api/events", filter=wanted, sort="datetime", include="metric,profile")
    assert [one["attributes"]["event_properties"]["day"] for one in page["data"]] == ["2", "3"]
    assert [one["type"] for one in page["included"]] == ["metric", "profile"]


def test_metrics_are_filtered_by_their_integration_but_not_by_its_category(wire: Wire) -> None:
    post(wire)
    assert wire.get("/api/metrics", filter='equals(integration.name,"Shopify")')["data"] == []
    assert len(wire.get("/api/metrics", filter='equals(integration.category,"eCommerce")')["data"]) == 1
