"""Whether a shop's catalogue has moved since somebody last looked, by the counters that the web's shelves poll."""

from __future__ import annotations

import redis

from app.adapters.redis import keys
from app.core.ids import ShopId


class RedisCatalogLooks:
    """Implements `app.ports.feeds.CatalogLooks`. Where Redis has forgotten, the catalogue counts as moved."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection

    def moved(self, shop: ShopId) -> str | None:
        """Where it stands now; None where it stands as it was last looked at."""
        counters: list[bytes | None] = self._redis.mget(keys.catalog(shop), keys.catalog_epoch(shop))  # type: ignore[assignment]
        here = b"/".join(one or b"" for one in counters)
        return None if self._redis.get(keys.catalog_looked(shop)) == here else here.decode()

    def looked(self, shop: ShopId, place: str) -> None:
        """Note that it was looked at as it stood there."""
        self._redis.set(keys.catalog_looked(shop), place)
