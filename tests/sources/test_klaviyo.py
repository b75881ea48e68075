"""Klaviyo's engagement out of pages of its events API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from app.core.shops import Shop
from app.core.sources.contract import Source
from app.ports.sources import SourceDelivery
from app.wiring.worker import Worker
from tests.sources.conftest import ADA, BOB, lines, stored

Bring = Callable[..., SourceDelivery]
METRICS = {
    "R1": "Received Email",
    "O1": "Opened Email",
    "C1": "Clicked Email",
    "B1": "Bounced Email",
    "U1": "Unsubscribed from Email Marketing",
    "S1": "Marked Email as Spam",
    "P1": "Placed Order",
}
NOTHING: Mapping[str, Any] = {}
PROFILES = {"01ADA": ADA, "01BOB": BOB}


def event(
    id: str,
    metric: str = "O1",
    *,
    profile: str = "01ADA",
    at: str = "2026-03-01 10:00:00+00:00",
    said: Mapping[str, Any] = NOTHING,
) -> Any:
    return {
        "type": "event",
        "id": id,
        "attributes": {
            "timestamp": 1772359200,
            "datetime": at,
            "uuid": f"uuid-{id}",
            "event_properties": {"Campaign Name": "Spring", "$message": "M1", "Subject": "Ada, see this", **said},
        },
        "relationships": {
            "profile": {"data": {"type": "profile", "id": profile}},
            "metric": {"data": {"type": "metric", "id": metric}},
        },
    }


def page(*events: Mapping[str, Any]) -> dict[str, Any]:
    people = [
        {"type": "profile", "id": id, "attributes": {"email": email, "external_id": None, "first_name": "Ada"}}
        for id, email in PROFILES.items()
    ]
    metrics = [{"type": "metric", "id": id, "attributes": {"name": name}} for id, name in METRICS.items()]
    return {"data": list(events), "included": [*people, *metrics], "links": {"next": None}}


def test_every_kind_of_engagement_is_kept_under_hash_and_profile(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    events = [event(f"e{place}", metric) for place, metric in enumerate(METRICS)]
    done = bring(Source.KLAVIYO, orjson.dumps(page(*events)))
    records = stored(wiring, stocked, "engagement")
    kinds = {"received", "opened", "clicked", "bounced", "unsubscribed", "marked_as_spam"}
    assert {row["type"] for row in records} == kinds
    assert done.report["let_go"] == {"an event of another kind": 1}
    assert {(row["klaviyo"], row["email_hash"]) for row in records} == {
        ("01ADA", wiring.sealer.email_hash(stocked.id, ADA).hex())
    }
    assert "see this" not in str(records)


def test_machines_and_bots_are_let_go_and_counted(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    events = [
        event("1", "O1", said={"Apple Privacy Open": True}),
        event("2", "C1", said={"Bot Click": "True"}),
        event("3", "C1", said={"Bot Click": False}),
        event("4", "O1", said={"Apple Privacy Open": False}),
    ]
    done = bring(Source.KLAVIYO, orjson.dumps(page(*events)))
    assert done.report["taken"] == 2
    assert sorted(done.report["let_go"].values()) == [1, 1]
    assert [row["event_id"] for row in stored(wiring, stocked, "engagement")] == ["klaviyo:3", "klaviyo:4"]


def test_a_clicked_link_loses_its_query_but_for_our_recommendation(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    url = "https://shop.example.com/products/vase?_kx=secret&attune_rid=req-1&attune_pos=2"
    bring(Source.KLAVIYO, orjson.dumps(page(event("1", "C1", said={"URL": url}))))
    (record,) = stored(wiring, stocked, "engagement")
    assert record["url"] == "shop.example.com/products/vase"
    assert (record["request_id"], record["position"]) == ("req-1", 2)
    assert "secret" not in str(record)


def test_pages_line_by_line_overlap_without_counting_twice(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    first, second = page(event("1"), event("2")), page(event("2"), event("3", profile="01BOB"))
    done = bring(Source.KLAVIYO, lines([first, second]))
    assert (done.report["rows"], done.report["taken"], done.report["again"]) == (4, 3, 1)
    assert len(stored(wiring, stocked, "engagement")) == 3


def test_broken_lines_and_odd_events_are_refused_by_number(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    nobody = event("3")
    nobody["relationships"]["profile"] = {"data": None}
    no_metric = {"type": "event", "id": "4", "attributes": {"datetime": "2026-03-01T10:00:00+00:00"}}
    content = (
        lines([page(event("1"))])
        + b"\n{broken\n"
        + lines([page(event("2", at="2031-01-01 00:00:00+00:00")), page(nobody)])
    )
    content += b"\n" + lines([{"data": [no_metric, "text", 5]}])
    done = bring(Source.KLAVIYO, content)
    assert done.report["taken"] == 1
    assert sum(done.report["refused"].values()) == 6
    assert done.report["rows"] == 7


def test_an_indented_document_is_read_like_a_page(bring: Bring) -> None:
    assert bring(Source.KLAVIYO, orjson.dumps(page(event("1")), option=orjson.OPT_INDENT_2)).report["taken"] == 1
