"""What Redis holds of a shop and of its visitors, as an erasable place: live state, lists, and the stream's entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

import orjson
import redis

from app.adapters.redis import keys
from app.adapters.redis.folding import digest
from app.adapters.redis.live_state import LIVES_S, milliseconds
from app.adapters.redis.units import RedisUnits
from app.core.ids import ClientId, CustomerId, ShopId, VisitorId
from app.ports import Clock, Json, Subject

BATCH: Final = 1000
Fields = Mapping[bytes, bytes]


class LiveStatePlace:
    name = "redis"

    def __init__(self, connection: redis.Redis, clock: Clock) -> None:
        self._redis, self._clock = connection, clock
        self._units = RedisUnits(connection)

    def erase_customer(self, shop: ShopId, subject: Subject) -> int:
        """The person's visitors and browsers: what the stream still carries of them, then their state.

        The tombstones come first: a reader that has their events in its hand folds them no more.
        """
        visitors, clients = self._buried(shop, subject)
        dropped = 0
        if visitors or clients:
            dropped = self._drop(lambda fields: _is_about(fields, shop, visitors, clients))
        return dropped + int(self._redis.delete(*_names(shop, subject, visitors, clients)))

    def remaining(self, shop: ShopId, subject: Subject) -> int:
        """Keys that are about the person, and entries of the streams that name them."""
        visitors, clients = self._known(shop, subject)
        keys_left = int(self._redis.exists(*_names(shop, subject, visitors, clients)))
        if not visitors and not clients:
            return keys_left
        return keys_left + sum(
            _is_about(fields, shop, visitors, clients)
            for stream in (keys.EVENTS, keys.DEAD_LETTERS)
            for _, fields in self._entries(stream)
        )

    def forget(self, shop: ShopId, browsers: Iterable[str]) -> int:
        """Drop what these visitors and clients did: their live state and what the streams carry. Settings stay."""
        ids = set(browsers)
        subject = Subject(CustomerId(0), (), tuple(map(VisitorId, ids)), tuple(map(ClientId, ids)))
        visitors, clients = self._buried(shop, subject)
        dropped = self._drop(lambda fields: _is_about(fields, shop, visitors, clients))
        gone = [key(shop, id) for id in visitors for key in (keys.visitor, keys.unit)]
        gone += [key(shop, id) for id in clients for key in (keys.client, keys.client_state)]
        gone += [keys.deeds(shop, id) for id in visitors | clients]
        return dropped + int(self._redis.delete(*gone))

    def erase_shop(self, shop: ShopId) -> int:
        deleted = 0
        for name in self._redis.scan_iter(match=f"attune:{shop}:*", count=BATCH):
            deleted += int(self._redis.delete(name))
        return deleted + self._drop(lambda fields: fields.get(b"shop") == str(shop).encode())

    def export_customer(self, shop: ShopId, subject: Subject) -> Sequence[Json]:
        visitors, clients = self._known(shop, subject)
        states = [keys.visitor(shop, visitor) for visitor in sorted(visitors)]
        states += [keys.client_state(shop, client) for client in sorted(clients)]
        states += [keys.deeds(shop, browser) for browser in sorted(visitors | clients)]
        found: list[Json] = []
        for name in states:
            state: Any = self._redis.hgetall(name)
            if state:
                found.append({_text(field): _text(value) for field, value in state.items()})
        bought: Any = self._redis.lrange(keys.customer(shop, subject.customer), 0, -1)
        if bought:
            found.append({"bought": ",".join(_text(product) for product in bought)})
        return found

    def _buried(self, shop: ShopId, subject: Subject) -> tuple[set[str], set[str]]:
        """As `_known`, and with tombstones. What was paired with them before those stood is found by a second look."""
        buried: set[str] = set()
        while True:
            visitors, clients = self._known(shop, subject)
            new = (visitors | clients) - buried
            if not new:
                return visitors, clients
            now = milliseconds(self._clock.now())
            for id in new:
                self._redis.set(keys.erased(shop, digest(id)), now, ex=LIVES_S)
            buried |= new

    def _known(self, shop: ShopId, subject: Subject) -> tuple[set[str], set[str]]:
        """The person's visitors and clients, also those that only the pairs of the two or a signed customer tell."""
        clients: set[str] = {str(client) for client in subject.clients}
        visitors: set[str] = {str(visitor) for visitor in subject.visitors}
        unit = self._units.of_customer(shop, subject.customer)
        visitors |= self._units.visitors_of(shop, visitors | ({unit} if unit else set()))
        if not visitors and not clients:
            return visitors, clients
        pairs = dict(self._pairs(shop))
        visitors |= {pairs[client] for client in clients if client in pairs}
        clients |= {client for client, visitor in pairs.items() if visitor in visitors}
        return visitors, clients

    def _pairs(self, shop: ShopId) -> Iterator[tuple[str, str]]:
        """Every client of the shop whose visitor is known."""
        prefix = keys.client(shop, "")
        names = [_text(name) for name in self._redis.scan_iter(match=f"{prefix}*", count=BATCH)]
        for start in range(0, len(names), BATCH):
            some = names[start : start + BATCH]
            answers: Any = self._redis.mget(some)
            for name, visitor in zip(some, answers, strict=True):
                if visitor is not None:
                    yield name.removeprefix(prefix), _text(visitor)

    def _drop(self, matches: Callable[[Fields], bool]) -> int:
        """Take entries out of the streams, also those that a consumer has read and not yet confirmed."""
        dropped = 0
        for stream in (keys.EVENTS, keys.DEAD_LETTERS):
            for entry_id, fields in self._entries(stream):
                if matches(fields):
                    dropped += int(self._redis.xdel(stream, entry_id))
        return dropped

    def _entries(self, stream: str) -> Iterator[tuple[bytes, Fields]]:
        start = "-"
        while batch := cast("list[tuple[bytes, Fields]]", self._redis.xrange(stream, min=start, count=BATCH)):
            yield from batch
            start = f"({_text(batch[-1][0])}"


def _names(shop: ShopId, subject: Subject, visitors: set[str], clients: set[str]) -> list[str]:
    """The keys that are about the person; a guest has no customer's key, and deleting what is not there is no error."""
    return [
        keys.customer(shop, subject.customer),
        keys.unit_of_customer(shop, subject.customer),
        keys.browsers_of_customer(shop, subject.customer),
        keys.own(shop, "customer", str(subject.customer)),
        *(key(shop, visitor) for visitor in visitors for key in (keys.visitor, keys.unit)),
        *(key(shop, client) for client in clients for key in (keys.client, keys.client_state)),
        *(keys.deeds(shop, browser) for browser in visitors | clients),
        *(keys.own_of(shop, "visitor", visitor) for visitor in visitors),
        *(keys.own_of(shop, "client", client) for client in clients),
    ]


def _is_about(fields: Fields, shop: ShopId, visitors: set[str], clients: set[str]) -> bool:
    """Whether an entry of a stream names one of the shop's browsers."""
    if fields.get(b"shop") != str(shop).encode():
        return False
    body = _body(fields)
    return any(body.get(name) in visitors for name in ("visitor", "unit")) or body.get("client") in clients


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _body(fields: Fields) -> dict[str, object]:
    try:
        body = orjson.loads(fields.get(b"body", b"{}"))
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
