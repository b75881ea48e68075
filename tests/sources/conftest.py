"""A shop with a few products and customers, and files as other systems export them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.adapters.db.tables import Customer, InventoryLevel, Order, Product, ShopProfile, Variant
from app.adapters.sources.opened import OpenedFile
from app.config import Settings
from app.core.shops import Shop
from app.core.sources.contract import Source
from app.core.sources.values import DayOrder
from app.ports import RecordKind
from app.ports.sources import SourceDelivery
from app.services.import_source import import_source
from app.wiring.worker import Worker

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
ADA, BOB = "ada@example.com", "bob@example.com"


class Stopped:
    """A clock that stands."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def wiring(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    opened = Worker(settings)
    monkeypatch.setitem(opened.__dict__, "clock", Stopped())
    opened.redis.flushdb()
    yield opened
    opened.close()


@pytest.fixture
def stocked(wiring: Worker, shop: Shop) -> Shop:
    """Two products (SKUs VASE and BOARD), Ada and Bob as customers, and an order of Ada's."""
    id = shop.id
    rows = [
        ShopProfile(shop_id=id, name="Alice", currency="EUR", timezone="Europe/Berlin", collect_key="key"),
        *(
            Product(
                shop_id=id, id=product, handle=sku.lower(), title=sku.title(), status="ACTIVE", published=True, tags=[]
            )
            for product, sku in ((1, "VASE"), (2, "BOARD"))
        ),
        *(
            Variant(
                shop_id=id, id=10 * product + 1, product_id=product, sku=sku, price=1000, quantity=5,
                inventory_item_id=110 + product,
            )
            for product, sku in ((1, "VASE"), (2, "BOARD"))
        ),
        *(
            InventoryLevel(shop_id=id, inventory_item_id=item, location_id=location, available=available)
            for item, location, available in ((111, 900, 3), (111, 901, 2), (112, 900, 5))
        ),
        Order(
            shop_id=id, id=77, name="#1077", customer_id=1, total=1000, created_at=NOW, updated_at=NOW,
            discount_codes=[],
        ),
    ]  # fmt: skip
    with wiring.database.shop(id) as session:
        for row in rows:
            session.add(row)
            session.flush()
            session.expunge(row)
    for number, address in ((1, ADA), (2, BOB)):
        customer(wiring, shop, number, address)
    return shop


def customer(wiring: Worker, shop: Shop, number: int, address: str, *, opted_out: bool = False) -> None:
    hashed = wiring.sealer.email_hash(shop.id, address)
    with wiring.database.shop(shop.id) as session:
        session.add(Customer(shop_id=shop.id, id=number, email_hash=hashed, opted_out=opted_out, tags=[]))


@pytest.fixture
def bring(wiring: Worker, stocked: Shop, tmp_path: Path) -> Callable[..., SourceDelivery]:
    """Write a file and import it; returns the delivery."""

    def take(
        source: Source, content: bytes, *, name: str = "file", order: DayOrder | None = None, **options: Any
    ) -> SourceDelivery:
        path = tmp_path / name
        path.write_bytes(content)
        file = OpenedFile(path, source)
        ports = wiring.importing_source
        return import_source(stocked, source, file, by="a test", ports=ports, order=order, **options).delivery

    return take


def table(rows: Sequence[Mapping[str, object]], *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """A CSV file whose headings are the first row's names."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, list(rows[0]), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue().encode(encoding)


def lines(rows: Sequence[object]) -> bytes:
    """JSON, one value a line."""
    return b"\n".join(orjson.dumps(row) for row in rows)


def stored(wiring: Worker, shop: Shop, kind: RecordKind) -> list[dict[str, Any]]:
    """The lake's records, repetitions included, in the order of time."""
    found: list[dict[str, Any]] = wiring.lake.read(
        shop.id, date.min, date.max, lambda records: records.to_table().to_pylist(), kind=kind
    )
    return sorted(found, key=lambda row: (row["at"], row["event_id"]))
