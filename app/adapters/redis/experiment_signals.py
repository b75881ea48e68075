"""One counter per shop that says that its experiments have changed; the web's shelves poll it."""

from __future__ import annotations

import redis

from app.adapters.redis import keys
from app.core.ids import ShopId
from app.errors import Retryable


class RedisExperimentSignals:
    """Call after the commit."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection

    def experiments_changed(self, shop: ShopId) -> None:
        """Tell every process that an experiment was started, changed or stopped."""
        try:
            self._redis.incr(keys.experiments(shop))
        except redis.RedisError as error:
            raise Retryable(f"the change is kept, but Redis does not take its signal: {error}") from error
