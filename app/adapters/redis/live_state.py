"""Live state of consenting visitors: what they last saw and clicked, folded by the stream consumer, read per request.

One hash a visitor with two fields, `clicked` and `seen`, each ``product:milliseconds`` newest first. Folding merges by
product and keeps the latest time, so a batch that is delivered twice changes nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Final

import redis

from app.adapters.counters import Count, Counters
from app.adapters.redis import keys
from app.adapters.redis.round_trip import Command, RoundTrips
from app.core.events import Event, EventType
from app.core.ids import ProductId, ShopId, VisitorId
from app.core.recommend.types import ReasonCode
from app.ports import StoredList, VisitorState

KEPT: Final = 20
LIVES_S: Final = 30 * 24 * 3600
PAUSE_S: Final = 1.0
"""After a failure Redis is not asked for so long: the storefront must not wait for a time-out on every request."""
FIELDS: Final = {EventType.CLICK: "clicked", EventType.EXPOSURE: "seen"}

MERGE: Final = """
local latest, order = {}, {}
local function take(product, at)
  if latest[product] == nil then order[#order + 1] = product; latest[product] = at
  elseif at > latest[product] then latest[product] = at end
end
for product, at in string.gmatch(redis.call('HGET', KEYS[1], ARGV[1]) or '', '(%d+):(%d+)') do
  take(product, tonumber(at))
end
for place = 4, #ARGV, 2 do take(ARGV[place], tonumber(ARGV[place + 1])) end
table.sort(order, function(a, b)
  if latest[a] ~= latest[b] then return latest[a] > latest[b] end
  return a < b
end)
local kept = {}
for place = 1, math.min(#order, tonumber(ARGV[2])) do
  kept[place] = order[place] .. ':' .. string.format('%d', latest[order[place]])
end
redis.call('HSET', KEYS[1], ARGV[1], table.concat(kept, ','))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return #kept
"""


class RedisLiveState:
    """Implements `app.ports.LiveState`. The client's time-outs should be short: a request waits for it."""

    def __init__(self, connection: redis.Redis, counters: Counters) -> None:
        self._redis = connection
        self._counters = counters
        self._round_trip = RoundTrips(connection)
        self._merge = connection.register_script(MERGE)
        self._closed_until = 0.0
        self._lock = threading.Lock()

    def read(self, shop: ShopId, visitor: VisitorId | None, *, list_of: ProductId | None) -> VisitorState:
        """The visitor's state and, if asked for, a product's stored list, in one round trip; never raises."""
        if (visitor is None and list_of is None) or time.monotonic() < self._closed_until:
            return VisitorState()
        try:
            return self._read(shop, visitor, list_of)
        except (redis.RedisError, ValueError):
            self._closed_until = time.monotonic() + PAUSE_S
            self._counters.add(Count.LIVE_STATE_FAILED)
            return VisitorState()

    def _read(self, shop: ShopId, visitor: VisitorId | None, list_of: ProductId | None) -> VisitorState:
        commands: list[Command] = []
        if visitor is not None:
            commands.append((b"HMGET", keys.visitor(shop, visitor).encode(), b"clicked", b"seen"))
            commands.append((b"GET", keys.arm(shop, visitor).encode()))
        if list_of is not None:
            commands.append((b"HGET", keys.lists(shop).encode(), b"%d" % list_of))
        answers = self._round_trip(commands)
        stored = _stored(answers.pop()) if list_of is not None else None
        if visitor is None:
            return VisitorState(stored=stored)
        (clicked, seen), arm = answers
        return VisitorState(_products(clicked), _products(seen), arm.decode() if arm else None, stored)

    def close(self) -> None:
        self._round_trip.close()

    def fold(self, shop: ShopId, events: Iterable[Event]) -> None:
        """Add the events to their visitors' state; folding one twice changes nothing."""
        batches: dict[tuple[VisitorId, str], list[str]] = {}
        for event in events:
            pair = [str(event.product_id), str(int(event.at.timestamp() * 1000))]
            batches.setdefault((event.visitor, FIELDS[event.type]), []).extend(pair)
        pipeline = self._redis.pipeline(transaction=False)
        for (visitor, field), pairs in batches.items():
            self._merge(keys=[keys.visitor(shop, visitor)], args=[field, KEPT, LIVES_S, *pairs], client=pipeline)
        if batches and any(isinstance(answer, Exception) for answer in pipeline.execute(raise_on_error=False)):
            self._counters.add(Count.LIVE_STATE_FAILED)  # The records themselves are safe; the state is only a help.


def _products(text: bytes | None) -> tuple[ProductId, ...]:
    if not text:
        return ()
    return tuple(ProductId(int(part.partition(b":")[0])) for part in text.split(b","))


def _stored(text: bytes | None) -> StoredList | None:
    if not text:
        return None
    code, *products = text.decode().split(",")
    return StoredList(ReasonCode(code), tuple(ProductId(int(product)) for product in products if product))
