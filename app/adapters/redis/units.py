"""Who is assigned to arms where browsers turn out to be one customer's: the first id under which the customer came.

The first assignment wins, for a customer and for a browser alike: whoever has an arm keeps it, also on a browser that
two customers share. Only Shopify's signature brings a customer here, so nobody takes over another one's arm by claiming
to be them. A customer who objects has an empty unit: their browsers stay apart.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, Final

import redis

from app.adapters.redis import keys
from app.adapters.redis.round_trip import Command
from app.core.experiments.types import Unit
from app.core.ids import CustomerId, ShopId, VisitorId

LIVES_S: Final = 400 * 24 * 3600
"""Longer than a year: the hold-out is permanent, and Christmas customers come once a year."""
RENEWED_S: Final = 370 * 24 * 3600
"""A key that has less left is given its whole life again, so that most requests write nothing."""
BATCH: Final = 1000
MOST_BROWSERS: Final = 100
"""Of a customer so many are remembered: whoever asks under ever new ids must not fill Redis. Further ones are assigned
like the others while their customer is signed in."""

# KEYS: the visitor's unit, the customer's unit, how many visitors it has.
# ARGV: the visitor, seconds to live, seconds below which that is renewed, the most visitors.
# Returns the visitor's unit ('' where the customer objects) and whether it is another one only now.
STITCH: Final = """
local own, theirs = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
if theirs == '' then
  if own then redis.call('DEL', KEYS[1]) end
  return {'', 0}
end
local unit, new = own or theirs or ARGV[1], 0
if not own then
  if redis.call('INCR', KEYS[3]) > tonumber(ARGV[4]) then return {unit, 0} end
  redis.call('SET', KEYS[1], unit, 'EX', ARGV[2])
  if unit ~= ARGV[1] then new = 1 end
end
if not theirs then redis.call('SET', KEYS[2], unit, 'EX', ARGV[2]) end
for _, key in ipairs(KEYS) do
  if redis.call('TTL', key) < tonumber(ARGV[3]) then redis.call('EXPIRE', key, ARGV[2]) end
end
return {unit, new}
"""
_LIMITS: Final = (b"%d" % LIVES_S, b"%d" % RENEWED_S, b"%d" % MOST_BROWSERS)
_SHA: Final = hashlib.sha1(STITCH.encode(), usedforsecurity=False).hexdigest().encode()


def stitch_command(shop: ShopId, visitor: VisitorId, customer: CustomerId) -> Command:
    """Have the visitor's and the customer's unit be one, and ask for it; Redis may not know the script yet."""
    names = (
        keys.unit(shop, visitor).encode(),
        keys.unit_of_customer(shop, customer).encode(),
        keys.browsers_of_customer(shop, customer).encode(),
    )
    return (b"EVALSHA", _SHA, b"3", *names, visitor.encode(), *_LIMITS)


def with_script(command: Command) -> Command:
    """The same command with the script itself, which Redis then knows; any other command as it is."""
    return (b"EVAL", STITCH.encode(), *command[2:]) if command[:2] == (b"EVALSHA", _SHA) else command


class RedisUnits:
    """What erasures, objections and the merchant's word take out. Implements `app.ports.Units`."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection

    def of_customer(self, shop: ShopId, customer: CustomerId | int) -> Unit | None:
        found: Any = self._redis.get(keys.unit_of_customer(shop, customer))
        return Unit(_text(found)) if found else None

    def visitors_of(self, shop: ShopId, units: Iterable[str]) -> set[str]:
        """The visitors that are assigned as one of these units."""
        wanted = set(units)
        return {visitor for visitor, unit in self._all(shop) if unit in wanted} if wanted else set()

    def bar(self, shop: ShopId, customers: Iterable[CustomerId]) -> None:
        """Let go of what is known of the customers' browsers, and connect them no more."""
        known: set[str] = set()
        rest = iter(customers)
        while batch := list(itertools.islice(rest, BATCH)):
            pipeline = self._redis.pipeline(transaction=False)
            for customer in batch:
                # In one step each, so that no browser is connected in between.
                pipeline.set(keys.unit_of_customer(shop, customer), "", ex=LIVES_S, get=True)
                pipeline.delete(keys.browsers_of_customer(shop, customer))
            answers: Any = pipeline.execute()
            known |= {_text(unit) for unit in answers[::2] if unit}
        if gone := [keys.unit(shop, visitor) for visitor in self.visitors_of(shop, known)]:
            self._redis.delete(*gone)

    def part(self, shop: ShopId, visitors: Iterable[str]) -> None:
        """Have these browsers be assigned as themselves again: they are not who they were taken for."""
        if names := [keys.unit(shop, visitor) for visitor in visitors]:
            self._redis.delete(*names)

    def _all(self, shop: ShopId) -> Iterator[tuple[str, str]]:
        """Every visitor with a unit, and that."""
        prefix = keys.unit(shop, "")
        names = (_text(name) for name in self._redis.scan_iter(match=f"{prefix}*", count=BATCH))
        while batch := list(itertools.islice(names, BATCH)):
            answers: Any = self._redis.mget(batch)
            for name, unit in zip(batch, answers, strict=True):
                if unit is not None:
                    yield name.removeprefix(prefix), _text(unit)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
