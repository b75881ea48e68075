"""One durable consumer of the event stream: reads its entries, takes over those of dead consumers, acknowledges.

What a consumer was given and has not acknowledged stays pending in Redis. After `idle_ms` another consumer claims it;
after `most_deliveries` it is set aside in the dead-letter stream with the reason, so that one bad entry cannot hold up
the rest. Commands are limited to Redis 6.2.
"""

from __future__ import annotations

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
FORGET_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One entry of the stream; `fields` is empty when the entry has been erased meanwhile."""

    id: bytes
    fields: dict[bytes, bytes]


class StreamConsumer:
    """Args:
    name: this consumer's own name in the group; a restarted process may use its old one or a new one.
    """

    def __init__(
        self,
        connection: redis.Redis,
        name: str,
        *,
        idle_ms: int = IDLE_MS,
        most_deliveries: int = MOST_DELIVERIES,
        block_ms: int = BLOCK_MS,
    ) -> None:
        self._redis, self._name = connection, name
        self._idle_ms, self._most_deliveries, self._block_ms = idle_ms, most_deliveries, block_ms

    def open(self) -> None:
        """Create the group, from the stream's first entry on, unless it is there."""
        try:
            self._redis.xgroup_create(keys.EVENTS, keys.LAKE_GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def own_pending(self) -> Iterator[list[Delivery]]:
        """What was given to this name before and never acknowledged: first thing after a restart."""
        after = b"0"
        while batch := self._read(after, block_ms=None):
            yield batch
            after = batch[-1].id

    def new(self) -> list[Delivery]:
        """The next entries that nobody has; waits a moment for the first."""
        return self._read(b">", block_ms=self._block_ms)

    def abandoned(self) -> list[Delivery]:
        """Entries whose consumer has been silent for too long; they are ours now."""
        answer: Any = self._redis.xautoclaim(
            keys.EVENTS, keys.LAKE_GROUP, self._name, self._idle_ms, "0-0", count=BATCH
        )
        return [Delivery(id, fields or {}) for id, fields in answer[1] if id is not None]

    def tired(self, batch: Sequence[Delivery]) -> list[Delivery]:
        """Those of the batch that have been delivered too often."""
        if not batch:
            return []
        listed: Any = self._redis.xpending_range(keys.EVENTS, keys.LAKE_GROUP, batch[0].id, batch[-1].id, len(batch))
        often = {row["message_id"] for row in listed if row["times_delivered"] > self._most_deliveries}
        return [delivery for delivery in batch if delivery.id in often]

    def acknowledge(self, batch: Sequence[Delivery]) -> None:
        """The entries are stored; they will not be delivered again."""
        if batch:
            self._redis.xack(keys.EVENTS, keys.LAKE_GROUP, *[delivery.id for delivery in batch])

    def bury(self, batch: Sequence[Delivery], reason: str) -> None:
        """Set entries aside in the dead-letter stream and acknowledge them, in one transaction."""
        if not batch:
            return
        pipeline = self._redis.pipeline(transaction=True)
        for delivery in batch:
            fields: dict[Any, Any] = {**delivery.fields, b"reason": reason[:500], b"id": delivery.id}
            pipeline.xadd(keys.DEAD_LETTERS, fields, maxlen=MOST_DEAD, approximate=True)
        pipeline.xack(keys.EVENTS, keys.LAKE_GROUP, *[delivery.id for delivery in batch])
        pipeline.execute()

    def forget_erased(self) -> None:
        """Acknowledge what is pending here but no longer in the stream, so that it does not hold up the trimming."""
        listed: Any = self._redis.xpending_range(keys.EVENTS, keys.LAKE_GROUP, "-", "+", BATCH, consumername=self._name)
        for row in listed:
            if not self._redis.xrange(keys.EVENTS, row["message_id"], row["message_id"]):
                self._redis.xack(keys.EVENTS, keys.LAKE_GROUP, row["message_id"])

    def trim(self) -> None:
        """Drop what every consumer has acknowledged: all entries before the oldest pending one."""
        # In this order: what was delivered by the first answer and is not pending in the second has been stored.
        delivered = self._last_delivered()
        pending: Any = self._redis.xpending(keys.EVENTS, keys.LAKE_GROUP)
        oldest = pending["min"] or delivered
        if oldest:
            self._redis.xtrim(keys.EVENTS, minid=oldest, approximate=False)

    def forget_dead_consumers(self) -> None:
        """Remove the names of consumers that hold nothing and have been silent for long: each restart has a new one."""
        consumers: Any = self._redis.xinfo_consumers(keys.EVENTS, keys.LAKE_GROUP)
        for consumer in consumers:
            if consumer["pending"] == 0 and consumer["idle"] > FORGET_MS:
                self._redis.xgroup_delconsumer(keys.EVENTS, keys.LAKE_GROUP, consumer["name"])

    def _last_delivered(self) -> bytes | None:
        groups: Any = self._redis.xinfo_groups(keys.EVENTS)
        return next((group["last-delivered-id"] for group in groups if _text(group["name"]) == keys.LAKE_GROUP), None)

    def _read(self, after: bytes, *, block_ms: int | None) -> list[Delivery]:
        answer: Any = self._redis.xreadgroup(
            keys.LAKE_GROUP, self._name, {keys.EVENTS: after}, count=BATCH, block=block_ms
        )
        return [Delivery(id, fields or {}) for id, fields in (answer[0][1] if answer else ())]


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
