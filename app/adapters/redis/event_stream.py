"""The stream between the web process and the lake: how events and decisions are written into entries and read back.

An entry has three fields: `kind` (event or decision), `shop` (our number) and `body` (JSON). It holds no personal
field: visitors are random numbers that exist only after consent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
import redis

from app.adapters.redis import keys
from app.adapters.redis.round_trip import Command, RoundTrips
from app.core.events import Event, EventType
from app.core.ids import ProductId, RequestId, ShopId, VisitorId
from app.core.recommend.types import Placement
from app.errors import Retryable
from app.ports import Decision

EVENT: Final = b"event"
DECISION: Final = b"decision"

STREAM: Final = keys.EVENTS.encode()


def add_command(shop: ShopId, record: Event | Decision) -> Command:
    """The command that puts a record into the stream."""
    kind = EVENT if isinstance(record, Event) else DECISION
    return (b"XADD", STREAM, b"*", b"kind", kind, b"shop", b"%d" % shop, b"body", orjson.dumps(record))


def record_of(entry: Mapping[bytes, bytes]) -> tuple[ShopId, Event | Decision]:
    """Read an entry back.

    Raises:
        ValueError, KeyError, TypeError: it is not one of ours.
    """
    body: dict[str, Any] = orjson.loads(entry[b"body"])
    shop = ShopId(int(entry[b"shop"]))
    if entry[b"kind"] == EVENT:
        return shop, _event(body)
    if entry[b"kind"] == DECISION:
        return shop, Decision(**{**body, "at": datetime.fromisoformat(body["at"])})
    raise ValueError(f"unknown kind {entry[b'kind']!r}")


def _event(body: dict[str, Any]) -> Event:
    return Event(
        event_id=body["event_id"],
        type=EventType(body["type"]),
        at=datetime.fromisoformat(body["at"]),
        visitor=VisitorId(body["visitor"]),
        placement=Placement(body["placement"]),
        product_id=ProductId(body["product_id"]),
        request_id=RequestId(body["request_id"]) if body["request_id"] else None,
        position=body["position"],
        consent=body["consent"],
    )


class RedisEventLog:
    """Implements `app.ports.EventLog`."""

    def __init__(self, connection: redis.Redis) -> None:
        self._round_trip = RoundTrips(connection)

    def close(self) -> None:
        self._round_trip.close()

    def append(self, shop: ShopId, events: Sequence[Event]) -> None:
        """Put the events into the stream, all in one round trip.

        Raises:
            Retryable: Redis did not take them.
        """
        if not events:
            return
        try:
            self._round_trip([add_command(shop, event) for event in events])
        except redis.RedisError as error:
            raise Retryable(f"the event stream does not answer: {error}") from error
