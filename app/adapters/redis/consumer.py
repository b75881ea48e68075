"""One durable consumer of the event stream: reads its group's entries, takes over what dead ones left, acknowledges.

What a consumer was given and has not acknowledged stays pending in Redis. After `idle_ms` another consumer of the group
claims it; after `most_deliveries` it is set aside in the dead-letter stream with the reason, so that one bad entry
cannot hold up the rest. Commands are limited to Redis 6.2.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import redis

from app.adapters.redis import keys

BATCH: Final = 500
BLOCK_MS: Final = 1000
IDLE_MS: Final = 30_000
MOST_DELIVERIES: Final = 5
MOST_DEAD: Final = 10_000
DEAD_KEPT_S: Final = 30 * 24 * 3600
"""Visitors' behaviour may stand in dead letters: whoever wants to know what went wrong has a month for it."""
FORGET_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One entry of the stream; `fields` is empty when the entry has been erased meanwhile."""

    id: bytes
    fields: dict[bytes, bytes]


class StreamConsumer:
    """Args:
    name: this consumer's own name in the group; a restarted process may use its old one or a new one.
    group: which of the stream's readers it belongs to; each group gets every entry.
    most: at most so many entries at a time.
    gather_s: after the first entry, wait for so long for more: where large batches are worth more than speed.
    idle_ms: must be longer than storing a batch takes, or two consumers store the same.
    """

    def __init__(
        self,
        connection: redis.Redis,
        name: str,
        *,
        group: str = keys.LAKE_GROUP,
        most: int = BATCH,
        gather_s: float = 0.0,
        idle_ms: int = IDLE_MS,
        most_deliveries: int = MOST_DELIVERIES,
        block_ms: int = BLOCK_MS,
    ) -> None:
        self._redis, self._name, self._group = connection, name, group
        self._most, self._gather_s = most, gather_s
        self._idle_ms, self._most_deliveries, self._block_ms = idle_ms, most_deliveries, block_ms

    def open(self) -> None:
        """Create all groups, from the stream's first entry on, unless they are there.

        All, because an entry that one group is done with must wait for the others, also before they have ever read.
        """
        for group in keys.GROUPS:
            try:
                self._redis.xgroup_create(keys.EVENTS, group, id="0", mkstream=True)
            except redis.ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    def own_pending(self) -> Iterator[list[Delivery]]:
        """What was given to this name before and never acknowledged: first thing after a restart."""
        after = b"0"
        while batch := self._read(after, self._most, block_ms=None):
            yield batch
            after = batch[-1].id

    def new(self) -> list[Delivery]:
        """The next entries that nobody of the group has; waits a moment for the first."""
        batch = self._read(b">", self._most, block_ms=self._block_ms)
        until = time.monotonic() + self._gather_s
        while batch and len(batch) < self._most and (left_ms := int(1000 * (until - time.monotonic()))) > 0:
            batch += self._read(b">", self._most - len(batch), block_ms=left_ms)
        return batch

    def abandoned(self) -> list[Delivery]:
        """Entries whose consumer has been silent for too long; they are ours now."""
        answer: Any = self._redis.xautoclaim(
            keys.EVENTS, self._group, self._name, self._idle_ms, "0-0", count=self._most
        )
        return [Delivery(id, fields or {}) for id, fields in answer[1] if id is not None]

    def tired(self, batch: Sequence[Delivery]) -> list[Delivery]:
        """Those of the batch that have been delivered too often."""
        if not batch:
            return []
        listed: Any = self._redis.xpending_range(
            keys.EVENTS, self._group, batch[0].id, batch[-1].id, len(batch), consumername=self._name
        )
        often = {row["message_id"] for row in listed if row["times_delivered"] > self._most_deliveries}
        return [delivery for delivery in batch if delivery.id in often]

    def acknowledge(self, batch: Sequence[Delivery]) -> None:
        """The group is done with the entries; they will not be delivered to it again."""
        if batch:
            self._redis.xack(keys.EVENTS, self._group, *[delivery.id for delivery in batch])

    def bury(self, batch: Sequence[Delivery], reason: str) -> None:
        """Set entries aside in the dead-letter stream and acknowledge them, in one transaction."""
        if not batch:
            return
        pipeline = self._redis.pipeline(transaction=True)
        for delivery in batch:
            fields: dict[Any, Any] = {**delivery.fields, b"reason": reason[:500], b"id": delivery.id}
            pipeline.xadd(keys.DEAD_LETTERS, fields, maxlen=MOST_DEAD, approximate=True)
        pipeline.xack(keys.EVENTS, self._group, *[delivery.id for delivery in batch])
        pipeline.execute()

    def forget_erased(self) -> None:
        """Acknowledge what is pending here but no longer in the stream, so that it does not hold up the trimming."""
        listed: Any = self._redis.xpending_range(
            keys.EVENTS, self._group, "-", "+", self._most, consumername=self._name
        )
        for row in listed:
            if not self._redis.xrange(keys.EVENTS, row["message_id"], row["message_id"]):
                self._redis.xack(keys.EVENTS, self._group, row["message_id"])

    def trim(self) -> None:
        """Drop what every group is done with: all entries before the oldest one that is pending in any of them."""
        # In this order: what was delivered by the first answer and is not pending in the second is done with.
        groups: Any = self._redis.xinfo_groups(keys.EVENTS)
        delivered = {_text(group["name"]): group["last-delivered-id"] for group in groups}
        if not set(keys.GROUPS) <= set(delivered):
            return
        bounds = []
        for group in keys.GROUPS:
            pending: Any = self._redis.xpending(keys.EVENTS, group)
            bounds.append(pending["min"] or delivered[group])
        self._redis.xtrim(keys.EVENTS, minid=min(bounds, key=_order), approximate=False)

    def forget_dead_letters(self) -> None:
        """Drop what was set aside long ago."""
        now: Any = self._redis.time()
        self._redis.xtrim(keys.DEAD_LETTERS, minid=1000 * (now[0] - DEAD_KEPT_S), approximate=False)

    def forget_dead_consumers(self) -> None:
        """Remove the names of consumers that hold nothing and have been silent for long: each restart has a new one."""
        consumers: Any = self._redis.xinfo_consumers(keys.EVENTS, self._group)
        for consumer in consumers:
            if consumer["pending"] == 0 and consumer["idle"] > FORGET_MS:
                self._redis.xgroup_delconsumer(keys.EVENTS, self._group, consumer["name"])

    def _read(self, after: bytes, most: int, *, block_ms: int | None) -> list[Delivery]:
        answer: Any = self._redis.xreadgroup(self._group, self._name, {keys.EVENTS: after}, count=most, block=block_ms)
        return [Delivery(id, fields or {}) for id, fields in (answer[0][1] if answer else ())]


def _order(id: bytes) -> tuple[int, int]:
    """Ids compare as two numbers, milliseconds and a running one."""
    milliseconds, _, number = id.partition(b"-")
    return int(milliseconds), int(number)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
