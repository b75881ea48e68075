"""How far the stream's readers are behind, and the limit beyond which nothing more is put into it.

Without the limit a reader that is away for long would end in a Redis without memory, and with it the queue, the live
state and every rail. An entry takes 0.3 kB for an event and 2.5 kB for a decision of 24 items, so decisions stop
earlier; together they never fill more than some 400 MB.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import redis

from app.adapters.redis import keys
from app.adapters.redis.round_trip import RoundTrips

MOST_ENTRIES: Final = 500_000
"""No event is put into a stream of this length; at 200 events a second this is 40 minutes without a reader."""
MOST_FOR_DECISIONS: Final = 100_000
"""No decision is put into a stream of this length."""
LOOK_AGAIN_S: Final = 0.5


class Gate:
    """Whether the stream is at its limit, as it was at most half a second ago."""

    def __init__(self, round_trip: RoundTrips, most: int) -> None:
        self._round_trip, self._most = round_trip, most
        self._is_shut = False
        self._looked_at = float("-inf")

    def is_shut(self) -> bool:
        """Look at the stream's length, but not more often than need be.

        Raises:
            redis.RedisError: Redis does not answer.
        """
        now = time.monotonic()
        if now - self._looked_at >= LOOK_AGAIN_S:
            self._looked_at = now  # First, so that the other threads go on with what is known.
            (length,) = self._round_trip([(b"XLEN", keys.EVENTS.encode())])
            self._is_shut = length >= self._most
        return self._is_shut


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the stream. `oldest_s` is the age in seconds of each group's oldest entry that is not done with."""

    entries: int
    dead: int
    oldest_s: Mapping[str, float]


def read_backlog(connection: redis.Redis) -> Backlog:
    """Look at the stream and at its readers' groups; a group that has never read is as far behind as the stream is old.

    Raises:
        redis.RedisError: Redis does not answer.
    """
    raw: Any = connection  # Its answers are bytes here; the stubs allow for text too.
    seconds, micros = raw.time()
    now = seconds + micros / 1e6
    listed = raw.xinfo_groups(keys.EVENTS) if raw.exists(keys.EVENTS) else []
    groups = {group["name"].decode(): group for group in listed}
    waiting = {name: _oldest(raw, groups.get(name)) for name in keys.GROUPS}
    ages = {name: max(0.0, now - int(id.partition(b"-")[0]) / 1000) if id else 0.0 for name, id in waiting.items()}
    return Backlog(raw.xlen(keys.EVENTS), raw.xlen(keys.DEAD_LETTERS), ages)


def _oldest(raw: Any, group: Mapping[str, Any] | None) -> bytes | None:
    """The id of the oldest entry that the group has not acknowledged, delivered or not."""
    if group is not None and group["pending"]:
        first: bytes | None = raw.xpending(keys.EVENTS, group["name"])["min"]
        if first is not None:  # Otherwise it was acknowledged just now, and what follows may still wait.
            return first
    after = b"-" if group is None else b"(" + group["last-delivered-id"]
    following = raw.xrange(keys.EVENTS, min=after, count=1)
    return following[0][0] if following else None
