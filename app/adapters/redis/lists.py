"""The model's traces in Redis: the counter that tells the web processes to look again, and the item-level lists.

Both are hints beside the truth in PostgreSQL; they are written after the commit and may be written again.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import redis

from app.adapters.redis import keys
from app.core.ids import ProductId, ShopId
from app.errors import Retryable
from app.ports import StoredList

BATCH = 1000


class RedisModelSignals:
    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection

    def model_changed(self, shop: ShopId) -> None:
        """Tell every process that the pointer to the shop's model has moved."""
        try:
            self._connection.incr(keys.model(shop))
        except redis.RedisError as error:
            raise Retryable(f"Redis does not take the model's signal: {error}") from error


class RedisLists:
    """The hash of a shop's lists; replaced as a whole, so no reader sees two models mixed."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection

    def replace(self, shop: ShopId, lists: Mapping[ProductId, StoredList]) -> None:
        name = keys.lists(shop)
        fresh = f"{name}:new"
        try:
            self._connection.delete(fresh)
            rest = iter(lists.items())
            while batch := list(itertools.islice(rest, BATCH)):
                self._connection.hset(fresh, mapping={str(product): _text(stored) for product, stored in batch})
            if lists:
                self._connection.rename(fresh, name)
            else:
                self._connection.delete(name)
        except redis.RedisError as error:
            raise Retryable(f"Redis does not take the lists: {error}") from error

    def forget(self, shop: ShopId) -> None:
        try:
            self._connection.delete(keys.lists(shop), f"{keys.lists(shop)}:new")
        except redis.RedisError as error:
            raise Retryable(f"Redis does not forget the lists: {error}") from error


def _text(stored: StoredList) -> str:
    return ",".join([stored.code.value, *(str(product) for product in stored.products)])
