"""What shops have learnt since their trainings, as one value a shop, and the counter that tells the web processes.

Nothing in it is about a person; a shop's erasure takes it along with the shop's other keys.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import orjson
import redis

from app.adapters.redis import keys
from app.core.ids import ShopId
from app.core.recommend.fresh import Fresh
from app.errors import Retryable

log = logging.getLogger(__name__)

LIVES_S: Final = 7 * 24 * 3600
"""Where no training takes the orders in for so long, what was learnt of them goes by itself."""


class RedisFresh:
    """Implements `app.ports.FreshStore`."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection

    def put(self, shop: ShopId, fresh: Fresh) -> None:
        """Put it in the place of what stands there, and tell every process.

        Raises:
            Retryable: Redis does not answer.
        """
        self._change(shop, orjson.dumps(fresh.as_json()))

    def get(self, shop: ShopId) -> Fresh | None:
        """What stands there; None where nothing does, or nothing that can be read."""
        try:
            written: Any = self._redis.get(keys.fresh(shop))
            return Fresh.of(orjson.loads(written)) if written else None
        except (redis.RedisError, ValueError, TypeError):
            log.exception("what shop %s has learnt since its training cannot be read", shop)
            return None

    def forget(self, shop: ShopId) -> None:
        """Remove it, and tell every process.

        Raises:
            Retryable: Redis does not answer.
        """
        self._change(shop, None)

    def _change(self, shop: ShopId, written: bytes | None) -> None:
        pipeline = self._redis.pipeline(transaction=True)
        if written is None:
            pipeline.delete(keys.fresh(shop))
        else:
            pipeline.set(keys.fresh(shop), written, ex=LIVES_S)
        pipeline.incr(keys.fresh_counter(shop))
        try:
            pipeline.execute()
        except redis.RedisError as error:
            raise Retryable(f"Redis does not take what was learnt: {error}") from error
