"""What Redis holds of a shop and of its visitors, as an erasable place: live state, lists, and the stream's entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, cast

import orjson
import redis

from app.adapters.redis import keys
from app.core.ids import ShopId
from app.ports import Json, Subject

BATCH: Final = 1000
Fields = Mapping[bytes, bytes]


class LiveStatePlace:
    name = "redis"

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection

    def erase_customer(self, shop: ShopId, subject: Subject) -> int:
        """The person's visitors: their state, and what the stream still carries of them."""
        if not subject.visitors:
            return 0
        names = [key(shop, visitor) for visitor in subject.visitors for key in (keys.visitor, keys.arm)]
        visitors = set(subject.visitors)
        return int(self._redis.delete(*names)) + self._drop(shop, lambda body: body.get("visitor") in visitors)

    def erase_shop(self, shop: ShopId) -> int:
        deleted = 0
        for name in self._redis.scan_iter(match=f"attune:{shop}:*", count=BATCH):
            deleted += int(self._redis.delete(name))
        return deleted + self._drop(shop, lambda _body: True)

    def export_customer(self, shop: ShopId, subject: Subject) -> Sequence[Json]:
        found = []
        for visitor in subject.visitors:
            state = self._redis.hgetall(keys.visitor(shop, visitor))
            if state:
                found.append({_text(name): _text(value) for name, value in state.items()})
        return found

    def _drop(self, shop: ShopId, matches: Callable[[dict[str, object]], bool]) -> int:
        """Take entries of the shop out of the streams, also those that a consumer has read and not yet confirmed."""
        dropped = 0
        for stream in (keys.EVENTS, keys.DEAD_LETTERS):
            for entry_id, fields in self._entries(stream):
                if fields.get(b"shop") == str(shop).encode() and matches(_body(fields)):
                    dropped += int(self._redis.xdel(stream, entry_id))
        return dropped

    def _entries(self, stream: str) -> Iterator[tuple[bytes, Fields]]:
        start = "-"
        while batch := cast("list[tuple[bytes, Fields]]", self._redis.xrange(stream, min=start, count=BATCH)):
            yield from batch
            start = f"({_text(batch[-1][0])}"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _body(fields: Fields) -> dict[str, object]:
    try:
        body = orjson.loads(fields.get(b"body", b"{}"))
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
