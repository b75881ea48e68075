"""Google Analytics' export: nested, with consent, delivered twice, as JSON and as Parquet."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.adapters.db.tables import Customer, ProfileMember
from app.core.shops import Shop
from app.core.sources.contract import Source
from app.core.sources.ga4 import is_history
from app.ports.sources import SourceDelivery
from app.services.data_quality import measure_sources
from app.wiring.worker import Worker
from tests.lake.conftest import event as own_event
from tests.lake.conftest import store
from tests.sources.conftest import NOW, lines, stored

Bring = Callable[..., SourceDelivery]
AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
STAMP = int(AT.timestamp() * 1e6)


def parameter(key: str, **value: Any) -> dict[str, Any]:
    return {"key": key, "value": value}


def hit(name: str = "view_item", *, after_us: int = 0, **facts: Any) -> dict[str, Any]:
    """A row of the export as BigQuery writes it: whole numbers are texts."""
    base = {
        "event_date": "20260301",
        "event_timestamp": str(STAMP + after_us),
        "event_name": name,
        "event_params": [
            parameter("page_location", string_value="https://shop.example.com/products/vase?utm_id=1&email=a@b.c"),
            parameter("ga_session_id", int_value="1700000000"),
            parameter("campaign", string_value="spring"),
            parameter("source", string_value="newsletter"),
        ],
        "user_pseudo_id": "111.222",
        "user_id": "ada@example.com",
        "privacy_info": {"analytics_storage": "Yes", "ads_storage": "No"},
        "traffic_source": {"name": "(direct)", "medium": "(none)", "source": "(direct)"},
        "items": [{"item_id": "shopify_DE_1_11", "item_name": "Vase", "quantity": "1"}],
        "batch_event_index": "1",
    }
    return {**base, **facts}


def test_nested_rows_become_records_of_the_stores_products(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    bought = hit(
        "purchase",
        after_us=5,
        items=[{"item_id": "VASE", "quantity": "2"}, {"item_id": "21", "quantity": 1}],
        ecommerce={"transaction_id": "1077", "purchase_revenue": 40.5},
        event_params=[parameter("currency", string_value="EUR")],
    )
    rows = [hit("page_view", after_us=1, items=[]), hit(), hit("add_to_cart", after_us=2), bought, hit("scroll")]
    done = bring(Source.GA4, lines(rows))
    assert (done.report["taken"], done.report["let_go"], done.report["unmatched"]) == (
        4,
        {"an event of another kind": 1},
        {},
    )
    view, page, cart, purchase = stored(wiring, stocked, "ga4")
    assert (view["type"], view["product_id"], view["variant_id"], view["at"]) == ("product_view", 1, 11, AT)
    assert (page["path"], page["campaign"], page["source"], page["medium"]) == (
        "/products/vase",
        "spring",
        "newsletter",
        "(none)",
    )
    assert (cart["type"], cart["quantity"], cart["session"]) == ("add_to_cart", 1, 1_700_000_000)
    assert (purchase["order_id"], purchase["value"], purchase["products"], purchase["quantity"]) == (
        77,
        4050,
        [1, 2],
        3,
    )
    assert "example.com" not in str([page, view, cart, purchase]), "neither the user id nor the query is kept"


def test_rows_without_consent_are_let_go(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    rows = [
        hit(after_us=place, privacy_info=said)
        for place, said in enumerate(({"analytics_storage": "No"}, {"analytics_storage": "Unset"}, {}, None))
    ]
    rows.append({key: value for key, value in hit(after_us=9).items() if key != "privacy_info"})
    done = bring(Source.GA4, lines(rows))
    assert (done.report["taken"], done.report["let_go"]) == (0, {"no consent to analytics": 5})
    assert stored(wiring, stocked, "ga4") == []


def test_missing_nested_fields_cost_nothing_and_missing_required_ones_cost_the_row(
    bring: Bring, wiring: Worker, stocked: Shop
) -> None:
    bare = {
        "event_timestamp": STAMP,
        "event_name": "view_item",
        "user_pseudo_id": "1.2",
        "privacy_info": {"analytics_storage": "Yes"},
    }
    odd = {"items": [None, {}, {"item_id": None}], "event_params": [{}, {"key": "x"}, None], "traffic_source": None}
    rows = [
        bare,
        {**bare, "event_timestamp": STAMP + 1, **odd},
        {**bare, "user_pseudo_id": None},
        {**bare, "event_timestamp": None},
        {**bare, "event_name": ""},
        {**bare, "event_timestamp": int((NOW + timedelta(days=30)).timestamp() * 1e6)},
        {**bare, "event_timestamp": 17},
        [1, 2],
    ]
    done = bring(Source.GA4, lines(rows))
    assert done.report["taken"] == 2
    assert [problem["row"] for problem in done.report["problems"]][:5] == [1, 2, 3, 4, 5]
    assert done.report["rows"] == 9, "the list on the last line holds two values"


def test_a_day_that_is_delivered_twice_counts_once_also_as_parquet(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    rows = [hit(after_us=number) for number in range(50)]
    assert bring(Source.GA4, lines(rows)).report["taken"] == 50
    later = [{**row, "traffic_source": {"name": "other"}} for row in rows] + [hit(after_us=99)]
    again = bring(Source.GA4, lines(later), name="intraday")
    assert (again.report["taken"], again.report["again"]) == (1, 50)
    typed = [{**row, "event_timestamp": int(row["event_timestamp"])} for row in rows]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(typed), sink)
    parquet = bring(Source.GA4, sink.getvalue(), name="day.parquet")
    assert (parquet.report["taken"], parquet.report["again"]) == (0, 50)
    assert len(stored(wiring, stocked, "ga4")) == 51


def test_unknown_products_are_counted_by_their_ids(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    done = bring(
        Source.GA4, lines([hit(items=[{"item_id": "shopify_DE_999_9"}]), hit(after_us=1, items=[{"item_id": "X"}])])
    )
    assert (done.report["taken"], done.report["unmatched"]) == (2, {"products": 2})
    assert done.report["strangers"] == ["999:9", "X"]
    assert {row["product_id"] for row in stored(wiring, stocked, "ga4")} == {None}


def test_history_ends_with_the_shops_own_first_event(bring: Bring, wiring: Worker, stocked: Shop) -> None:
    assert is_history(AT, None)
    store(wiring, stocked, own_event("own-1", at=AT), own_event("own-2", at=NOW))
    measure_sources(stocked, wiring.measuring_sources)
    first = wiring.source_quality.first_own(stocked.id)
    assert first == AT
    assert [is_history(AT + timedelta(seconds=late), first) for late in (-1, 0, 1)] == [True, False, False]
    wiring.lake_upkeep.forget_before(stocked.id, NOW - timedelta(hours=1))
    measure_sources(stocked, wiring.measuring_sources)
    assert wiring.source_quality.first_own(stocked.id) == AT, "also when the first event itself is forgotten"


def test_models_learn_from_google_until_the_pixel_began_and_never_twice(
    bring: Bring, wiring: Worker, stocked: Shop
) -> None:
    began = AT + timedelta(days=2)
    before = [hit(after_us=number * 60_000_000) for number in range(3)]
    late = hit(event_timestamp=int((began + timedelta(minutes=1)).timestamp() * 1e6))
    bring(Source.GA4, lines([*before, before[0], late]))
    store(wiring, stocked, own_event("own-1", at=began), own_event("own-2", at=began, minutes=1))
    measure_sources(stocked, wiring.measuring_sources)
    seen = wiring.views.sessions(stocked.id, since=AT - timedelta(days=1), until=NOW)
    assert (seen.session.tolist(), seen.product.tolist()) == ([0, 0, 0, 1, 1], [1, 1, 1, 1, 1])
    with wiring.database.shop(stocked.id) as session:
        session.add(Customer(shop_id=stocked.id, id=9, opted_out=True, tags=[]))
        for kind, name in (("customer", "9"), ("ga4", "111.222")):
            session.add(ProfileMember(shop_id=stocked.id, kind=kind, id=name, profile="p", standing="own"))
    seen = wiring.views.sessions(stocked.id, since=AT - timedelta(days=1), until=NOW)
    assert len(seen.session) == 2, "whoever opted out is left out"


def test_a_broken_first_line_costs_one_row(bring: Bring) -> None:
    done = bring(Source.GA4, b'{"event_name": "vi\n' + lines([hit(after_us=number) for number in range(3)]))
    assert (done.report["taken"], [problem["row"] for problem in done.report["problems"]]) == (3, [1])
