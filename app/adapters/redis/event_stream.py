"""The stream between the web process and its readers: how events and decisions are written into entries and read back.

An entry has three fields: `kind` (event or decision), `shop` (our number) and `body` (JSON; fields that an event does
not have are left out). It holds no personal field: visitors are random numbers that exist only after consent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

import orjson
import redis

from app.adapters.redis import keys
from app.adapters.redis.backlog import MOST_ENTRIES, Gate
from app.adapters.redis.round_trip import Command, RoundTrips
from app.core.events import Event, EventType, SignUpForm
from app.core.ids import ShopId
from app.core.recommend.types import Placement, Rail
from app.errors import Retryable
from app.ports import Decision

EVENT: Final = b"event"
DECISION: Final = b"decision"

STREAM: Final = keys.EVENTS.encode()


FULL_AFTER_S: Final = 30.0
"""How long a sender is asked to wait where the stream is full."""

_NAMES: Final = tuple(field.name for field in fields(Event))
_VALUES: Final = attrgetter(*_NAMES)


def add_command(shop: ShopId, record: Event | Decision) -> Command:
    """The command that puts a record into the stream."""
    if isinstance(record, Event):
        body = {name: value for name, value in zip(_NAMES, _VALUES(record), strict=True) if _is_there(value)}
        return (b"XADD", STREAM, b"*", b"kind", EVENT, b"shop", b"%d" % shop, b"body", orjson.dumps(body))
    return (b"XADD", STREAM, b"*", b"kind", DECISION, b"shop", b"%d" % shop, b"body", orjson.dumps(record))


def record_of(entry: Mapping[bytes, bytes]) -> tuple[ShopId, Event | Decision]:
    """Read an entry back.

    Raises:
        ValueError, KeyError, TypeError: it is not one of ours.
    """
    body: dict[str, Any] = orjson.loads(entry[b"body"])
    shop = ShopId(int(entry[b"shop"]))
    body["at"] = datetime.fromisoformat(body["at"])
    if entry[b"kind"] == EVENT:
        return shop, _event(body)
    if entry[b"kind"] == DECISION:
        return shop, Decision(**body)
    raise ValueError(f"unknown kind {entry[b'kind']!r}")


def is_event(entry: Mapping[bytes, bytes]) -> bool:
    """Whether the entry says that it is an event, without reading its body."""
    return entry.get(b"kind") == EVENT


def _is_there(value: object) -> bool:
    """Whether a field says anything; a position of 0 does."""
    return value is not None and value is not False and value != ()


def _event(body: dict[str, Any]) -> Event:
    body["type"] = EventType(body["type"])
    body["products"] = tuple(body.get("products", ()))
    if "placement" in body:
        body["placement"] = Placement(body["placement"])
    if "rail" in body:
        body["rail"] = Rail(body["rail"])
    if "form" in body:
        body["form"] = SignUpForm(body["form"])
    return Event(**{"visitor": None, "client": None, **body})


class RedisEventLog:
    """Implements `app.ports.EventLog`.

    Args:
        most: so many entries at most may wait; beyond them Redis' memory is worth more than the next event.
    """

    def __init__(self, connection: redis.Redis, *, most: int = MOST_ENTRIES) -> None:
        self._round_trip = RoundTrips(connection)
        self._gate = Gate(self._round_trip, most)

    def close(self) -> None:
        self._round_trip.close()

    def append(self, shop: ShopId, events: Sequence[Event]) -> None:
        """Put the events into the stream, all in one round trip.

        Raises:
            StreamFull: too many entries wait for a consumer.
            Retryable: Redis did not take them.
        """
        if not events:
            return
        try:
            if self._gate.is_shut():
                raise StreamFull("too many events wait to be stored", after_s=FULL_AFTER_S)
            self._round_trip([add_command(shop, event) for event in events])
        except redis.RedisError as error:
            raise Retryable(f"the event stream does not answer: {error}") from error


class StreamFull(Retryable):
    """Nothing was taken: the consumers are away, or too slow for what comes in."""
