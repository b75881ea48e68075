"""A shop without devstore: its worker's wiring, and shoppers' events as the stream's reader gets them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.config import Settings
from app.core.events import Event, parse
from app.core.ids import CustomerId, VisitorId
from app.core.profiles.identity import Name, Named
from app.core.shops import Shop
from app.services.stitch_profiles import stitch_profiles
from app.services.store_records import store_records
from app.wiring.worker import Worker

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
NUMBERS = itertools.count(1)


@pytest.fixture
def wiring(settings: Settings) -> Iterator[Worker]:
    built = Worker(settings)
    built.redis.flushdb()
    yield built
    built.close()


class Shoppers:
    """What shoppers do in a shop, and who the shop thinks they are."""

    def __init__(self, wiring: Worker, shop: Shop) -> None:
        self.wiring, self.shop = wiring, shop

    def does(self, type: str, *, hours_ago: float = 0, allows: bool = True, **fields: Any) -> Event:
        """An event of a consenting shopper, stored as the stream's reader stores it."""
        raw = {
            "id": f"event-{next(NUMBERS)}",
            "type": type,
            "age_ms": 0,
            "consent": {"analytics": True, "preferences": allows},
            **fields,
        }
        event = parse(
            raw,
            now=NOW - timedelta(hours=hours_ago),
            hash_email=lambda address: self.wiring.hash_email(self.shop.id, address),
        )
        self.store(event)
        return event

    def signs_in(self, customer: int, visitor: str, *, hours_ago: float = 0) -> None:
        event = self.does("identity", visitor=visitor, client_id=f"pixel-{visitor}", hours_ago=hours_ago)
        fields = {name: getattr(event, name) for name in event.__slots__}
        self.store(Event(**{**fields, "event_id": f"{event.event_id}-in", "customer_id": CustomerId(customer)}))

    def store(self, event: Event) -> None:
        store_records([(self.shop.id, event)], self.wiring.storing)

    def settle(self) -> int:
        return stitch_profiles(self.shop, self.wiring.stitching)

    def profile(self, kind: Name, id: str | int) -> str | None:
        return self.wiring.profiles.find(self.shop.id, Named(kind, str(id)))

    def of_email(self, address: str) -> str | None:
        return self.profile(Name.EMAIL, self.wiring.hash_email(self.shop.id, address))


@pytest.fixture
def shoppers(wiring: Worker, shop: Shop) -> Shoppers:
    return Shoppers(wiring, shop)


def visitor(number: int) -> VisitorId:
    return VisitorId(f"{number:032x}")
