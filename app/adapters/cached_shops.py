"""Shops by domain and their collect keys without a query per request: what was read is believed for a few seconds.

An uninstalled shop is therefore refused a few seconds after its uninstall. While the database does not answer, what
was known goes on being believed for some minutes, because the storefront never breaks (law 8).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from app.core.ids import ShopDomain, ShopId
from app.core.shops import Shop
from app.ports import ShopsByDomain

FRESH_S: Final = 3.0
STALE_S: Final = 300.0
MOST: Final = 10_000
"""Unknown domains are remembered too; the memory of a guessing stranger's tries must stay small."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """The answers of `read`, each believed for `fresh_s` seconds, or longer while the database is away."""

    def __init__(self, read: Callable[[K], V], *, fresh_s: float = FRESH_S) -> None:
        self._read, self._fresh_s = read, fresh_s
        self._known: dict[K, tuple[float, V]] = {}
        self._away_until = 0.0

    def __call__(self, key: K) -> V:
        now = time.monotonic()
        found = self._known.get(key)
        if found is not None and (now - found[0] < self._fresh_s or now < min(self._away_until, found[0] + STALE_S)):
            return found[1]
        try:
            value = self._read(key)
        except SQLAlchemyError:
            # A database that is away may take its time to fail; not every request shall wait for that.
            self._away_until = time.monotonic() + self._fresh_s
            if found is not None and now - found[0] < STALE_S:
                return found[1]
            raise
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[key] = (now, value)
        return value


class CachedShops:
    """Remembers the answers of another `by_domain` and of `collect_key`, unknown shops included."""

    def __init__(self, shops: ShopsByDomain, collect_key: Callable[[ShopId], str], *, fresh_s: float = FRESH_S) -> None:
        self._by_domain = Remembered(shops.by_domain, fresh_s=fresh_s)
        self._collect_key = Remembered(collect_key, fresh_s=fresh_s)

    def by_domain(self, domain: ShopDomain) -> Shop | None:
        """The shop as it was at most a few seconds ago."""
        return self._by_domain(domain)

    def collect_key(self, shop: ShopId) -> str:
        """The key that the shop's theme events carry; empty when it has none."""
        return self._collect_key(shop)
