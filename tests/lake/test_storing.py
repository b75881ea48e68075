"""Batches become files: every field, each record once for its readers, nothing acknowledged that is not on the disk."""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from app.adapters.lake.schema import DECISIONS, EVENTS, NAMES_ONLY
from app.core.events import Event, EventType
from app.core.ids import CollectionId, OrderId, ProductId, VariantId
from app.core.shops import Shop
from app.errors import Permanent, Retryable
from app.ports import Decision
from app.wiring.worker import Worker
from tests.lake.conftest import ADA, AT, CONSENT, decision, event, identity, purchase, rows, store, stored


def lake_files(wiring: Worker, shop: Shop) -> list[Path]:
    return sorted(Path(wiring.lake_files.root, f"shop={shop.id}").rglob("*.parquet"))


def changed(wiring: Worker, shop: Shop) -> list[date]:
    return [each.day for each in wiring.roll_ups.changed_days(shop.id)]


def table(wiring: Worker, shop: Shop, query: str) -> list[tuple[object, ...]]:
    with wiring.database.shop(shop.id) as session:
        return [tuple(row) for row in session.execute(text(query))]


def test_every_field_of_an_event_and_of_a_decision_has_its_column() -> None:
    consents = {f"consent_{name}" for name in CONSENT}
    assert set(EVENTS.names) == {field.name for field in fields(Event)} - {"consent"} - NAMES_ONLY | consents
    assert set(DECISIONS.names) == {field.name for field in fields(Decision)}


def test_what_is_stored_is_read_back_as_it_was(wiring: Worker, shop: Shop) -> None:
    made = event(
        "e-1",
        variant_id=VariantId(2),
        collection_id=CollectionId(3),
        order_id=OrderId(4),
        products=(ProductId(5), ProductId(2**53 + 1)),
        query="rote Schürze",
        path="/products/x",
        quantity=6,
        position=7,
    )
    assert store(wiring, shop, made, decision("r-1")) == 2
    (row,) = rows(wiring, shop)
    assert row.pop("products") == [5, 2**53 + 1]
    assert {name: row.pop(f"consent_{name}") for name in CONSENT} == CONSENT
    assert row == {name: getattr(made, name) for name in row}
    (file,) = [path for path in lake_files(wiring, shop) if "kind=decisions" in str(path)]
    (answer,) = pq.read_table(file).to_pylist()
    assert orjson.loads(answer.pop("items")) == decision("r-1").items
    assert answer["rail"] == "bought_together"


def test_files_lie_by_shop_kind_and_utc_day(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1", at=datetime(2026, 3, 10, 23, 59, tzinfo=UTC)), event("e-2", minutes=24 * 60))
    folders = [path.parent.relative_to(wiring.lake_files.root).as_posix() for path in lake_files(wiring, shop)]
    assert folders == [f"shop={shop.id}/kind=events/day=2026-03-10", f"shop={shop.id}/kind=events/day=2026-03-11"]


def test_the_same_batch_again_takes_its_own_place(wiring: Worker, shop: Shop) -> None:
    for _ in range(2):
        store(wiring, shop, event("e-1"), event("e-2"))
    assert stored(wiring, shop) == ["e-1", "e-2"]


def test_postgres_keeps_clicks_decisions_pairs_and_orders_once(wiring: Worker, shop: Shop) -> None:
    batch: list[Event | Decision] = [
        event("e-1", EventType.CLICK),
        event("e-2", EventType.EXPOSURE),
        decision("r-1"),
        identity("e-3", ADA, "c-1"),
        purchase("e-4", 77, visitor=None, client="c-1"),
    ]
    store(wiring, shop, *batch)
    store(wiring, shop, *reversed(batch))
    assert table(wiring, shop, "SELECT event_id, rail FROM clicks") == [("e-1", "bought_together")]
    assert table(wiring, shop, "SELECT request_id, rail FROM decisions") == [("r-1", "bought_together")]
    assert table(wiring, shop, "SELECT visitor, client FROM visitor_clients") == [(ADA, "c-1")]
    assert table(wiring, shop, "SELECT order_id, visitor, client FROM visitor_orders") == [(77, "", "c-1")]


def test_days_with_new_events_are_due_to_be_counted(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1"), event("e-2", minutes=-24 * 60))
    assert changed(wiring, shop) == [date(2026, 3, 9), date(2026, 3, 10)]
    assert wiring.due_work.waits(shop.id, "roll_up")


def test_two_consumers_at_once_lose_nothing(wiring: Worker, shop: Shop, other_shop: Shop) -> None:
    names = [[f"e-{number}-{batch}" for batch in range(10)] for number in range(4)]
    failures: list[BaseException] = []

    def consume(mine: list[str]) -> None:
        try:
            for name in mine:
                store(wiring, shop, event(name, EventType.CLICK), event("the same", EventType.CLICK))
                store(wiring, other_shop, event(name))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=consume, args=(mine,)) for mine in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    every = sorted(name for mine in names for name in mine)
    assert sorted(set(stored(wiring, shop))) == sorted([*every, "the same"])
    assert stored(wiring, other_shop) == every
    assert table(wiring, shop, "SELECT count(*) FROM clicks") == [(41,)]


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow beyond a few bytes: writing fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_retryable_and_leaves_nothing_behind(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-0"))
    with full_disk(), pytest.raises(Retryable):
        store(wiring, shop, event("e-1", EventType.CLICK))
    assert stored(wiring, shop) == ["e-0"]
    assert table(wiring, shop, "SELECT count(*) FROM clicks") == [(0,)]
    assert list(Path(wiring.lake_files.root).rglob(".writing*")) == []
    store(wiring, shop, event("e-1", EventType.CLICK))
    assert stored(wiring, shop) == ["e-0", "e-1"]


@pytest.mark.parametrize("poison", [{"product_id": ProductId(2**63)}, {"query": "\ud800"}])
def test_what_no_column_can_hold_is_refused_for_good(wiring: Worker, shop: Shop, poison: dict[str, Any]) -> None:
    with pytest.raises(Permanent):
        store(wiring, shop, event("e-1", **poison), event("e-2"))
    assert lake_files(wiring, shop) == []


def test_while_postgres_is_away_it_is_retryable(wiring: Worker, shop: Shop) -> None:
    away = Worker(replace(wiring.settings, database_url="postgresql://attune_app@127.0.0.1:1/attune"))
    with pytest.raises(Retryable):
        store(away, shop, event("e-1"))
    away.close()


def test_a_shop_that_has_left_gets_no_files(wiring: Worker, shop: Shop) -> None:
    wiring.installations.uninstall(shop.id, at=AT)
    store(wiring, shop, event("e-1"), decision("r-1"))
    assert lake_files(wiring, shop) == []
    assert table(wiring, shop, "SELECT 1 FROM decisions") == []
