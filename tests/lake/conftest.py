"""A lake in a folder of its own beside a real PostgreSQL, and batches as the consumers bring them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.events import Event, EventType
from app.core.ids import ClientId, OrderId, ProductId, RequestId, VisitorId
from app.core.recommend.types import Placement, Rail
from app.core.shops import Shop
from app.ports import Decision
from app.services.store_records import Ports, store_records
from app.wiring.worker import Worker

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
CONSENT = {"analytics": True, "preferences": True, "marketing": False}
ADA, BOB = VisitorId("a" * 32), VisitorId("b" * 32)


@pytest.fixture
def wiring(settings: Any) -> Iterator[Worker]:
    opened = Worker(settings)
    yield opened
    opened.close()


def event(
    name: str, type: EventType = EventType.PRODUCT_VIEW, *, at: datetime = AT, minutes: float = 0, **facts: Any
) -> Event:
    """An event of Ada's on product 1 unless told otherwise."""
    on_a_card = type in {EventType.CLICK, EventType.EXPOSURE}
    base: dict[str, Any] = {
        "visitor": ADA,
        "client": None,
        "consent": CONSENT,
        "product_id": ProductId(1),
        "placement": Placement.PRODUCT if on_a_card else None,
        "rail": Rail.BOUGHT_TOGETHER if on_a_card else None,
        "request_id": RequestId("r-1") if on_a_card else None,
    }
    return Event(event_id=name, type=type, at=at + timedelta(minutes=minutes), **{**base, **facts})


def identity(name: str, visitor: VisitorId, client: str, **facts: Any) -> Event:
    return event(name, EventType.IDENTITY, visitor=visitor, client=ClientId(client), product_id=None, **facts)


def purchase(name: str, order: int, **facts: Any) -> Event:
    return event(name, EventType.PURCHASE, order_id=OrderId(order), product_id=None, **facts)


def decision(name: str, *, visitor: str | None = ADA, at: datetime = AT) -> Decision:
    items = [{"product_id": 2, "position": 0, "score": 0.5, "reason": "bought_together"}]
    return Decision(name, at, "product", "bought_together", ProductId(1), visitor, "item_item", "", "v1", items)


def store(wiring: Worker, shop: Shop, *records: Event | Decision) -> int:
    """As the stream's consumer does it, in one batch."""
    return store_records([(shop.id, record) for record in records], Ports(wiring.lake))


def stored(wiring: Worker, shop: Shop) -> list[str]:
    """The ids of the events as they stand in the files, doubles included."""
    return sorted(row["event_id"] for row in rows(wiring, shop))


def rows(wiring: Worker, shop: Shop) -> Sequence[dict[str, Any]]:
    from datetime import date

    found: Sequence[dict[str, Any]] = wiring.lake.read(
        shop.id, date.min, date.max, lambda dataset: dataset.to_table().to_pylist()
    )
    return found
