"""Two counters per shop that say how far the catalogue has moved; the web's shelves poll them."""

from __future__ import annotations

import redis

from app.adapters.redis import keys
from app.core.ids import ShopId


class RedisCatalogSignals:
    """`app.ports.CatalogSignals` on Redis. Call after the commit."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection

    def changed(self, shop: ShopId) -> None:
        """Products or stock have changed: read on from where you were."""
        self._redis.incr(keys.catalog(shop))

    def reloaded(self, shop: ShopId) -> None:
        """A whole import has been committed: read everything again."""
        self._redis.incr(keys.catalog_epoch(shop))
