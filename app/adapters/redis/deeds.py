"""What browsers did today, for live rules: a hash for each browser, from the event's id to what it was.

A deed that comes twice is written over itself, so counting needs no order and no memory of what was counted. The hash
ends with the next day; what an erased browser did before its tombstone is not kept (see `folding`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import redis

from app.adapters.redis import keys
from app.adapters.redis.live_state import milliseconds
from app.core.events import Event
from app.core.ids import ShopId, VisitorId
from app.core.segments.live import deed_of
from app.core.segments.past import Deed
from app.core.segments.rules import Figure
from app.errors import Retryable
from app.ports.live_rules import Browser
from app.ports.segments import SegmentId

LIVES_S: Final = 36 * 3600
"""The shop's day may have 25 hours, and events may be late."""
MOST: Final = 2000
"""Whoever does more on one day is hardly a shopper; counting on would only cost."""
SEGMENTS: Final = "segments"

# KEYS: the browser's deeds. ARGV: seconds to live, how many at most, what a tombstone's key begins with, the visitor,
#       the client (one may be empty), then id, milliseconds and deed of each event.
KEEP: Final = """
local erased = 0
for place = 4, 5 do
  if ARGV[place] ~= '' then
    erased = math.max(erased, tonumber(redis.call('GET', ARGV[3] .. redis.sha1hex(ARGV[place])) or 0))
  end
end
for place = 6, #ARGV, 3 do
  if tonumber(ARGV[place + 1]) > erased and redis.call('HLEN', KEYS[1]) < tonumber(ARGV[2]) then
    redis.call('HSET', KEYS[1], ARGV[place], ARGV[place + 2])
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
"""
# A state that is not there is not made: its visitor may not have allowed one.
SHOW: Final = """
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'segments', ARGV[1]) end
"""


class RedisDeeds:
    """Implements `app.ports.live_rules.Deeds`."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection
        self._keep, self._show = connection.register_script(KEEP), connection.register_script(SHOW)

    def add(self, shop: ShopId, events: Sequence[Event]) -> None:
        batches: dict[tuple[str, str], list[Event]] = {}
        for event in events:
            batches.setdefault((event.visitor or "", event.client or ""), []).append(event)
        pipeline = self._redis.pipeline(transaction=False)
        for (visitor, client), own in batches.items():
            parts = [part for event in own for part in (event.event_id, milliseconds(event.at), _written(event))]
            arguments = [LIVES_S, MOST, keys.erased(shop, ""), visitor, client, *parts]
            self._keep(keys=[keys.deeds(shop, visitor or client)], args=arguments, client=pipeline)
        try:
            pipeline.execute()
        except redis.RedisError as error:
            raise Retryable(f"deeds can't be kept: {error}") from error

    def of(self, shop: ShopId, browsers: Iterable[Browser]) -> Mapping[Browser, Mapping[str, Deed]]:
        names = sorted(browsers)
        pipeline = self._redis.pipeline(transaction=False)
        for _, id in names:
            pipeline.hgetall(keys.deeds(shop, id))
        try:
            answers: Any = pipeline.execute()
        except redis.RedisError as error:
            raise Retryable(f"deeds can't be read: {error}") from error
        found = zip(names, answers, strict=True)
        return {name: {id.decode(): _read(text) for id, text in own.items()} for name, own in found}

    def show(self, shop: ShopId, segments: Mapping[VisitorId, Iterable[SegmentId]]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for visitor, own in segments.items():
            self._show(keys=[keys.visitor(shop, visitor)], args=[",".join(map(str, sorted(own)))], client=pipeline)
        try:
            pipeline.execute()
        except redis.RedisError as error:
            raise Retryable(f"live state does not answer: {error}") from error

    def shown(self, shop: ShopId, visitor: VisitorId) -> frozenset[SegmentId]:
        """The segments in a visitor's live state."""
        text: Any = self._redis.hget(keys.visitor(shop, visitor), SEGMENTS)
        return frozenset(SegmentId(int(one)) for one in text.decode().split(",")) if text else frozenset()


def _written(event: Event) -> str:
    deed = deed_of(event)
    assert deed is not None
    return f"{deed.figure.value},{deed.at_s},{deed.product_id or ''}"


def _read(text: bytes) -> Deed:
    figure, at_s, product = text.decode().split(",")
    return Deed(Figure(figure), int(at_s), int(product) if product else None)
