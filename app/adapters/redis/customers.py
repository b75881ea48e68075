"""The keyed store of what signed-in customers bought last: one short list a customer, read beside the live state.

It is a copy that every training rewrites, so what is lost here comes back; what must go is taken out at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import redis

from app.adapters.redis import keys
from app.adapters.redis.units import RedisUnits
from app.core.ids import CustomerId, ProductId, ShopId
from app.errors import Retryable
from app.ports import Json, Subject

BATCH: Final = 500
LIVES_S: Final = 45 * 24 * 3600
"""Where no training rewrites a list any more, it goes by itself."""


class RedisCustomers:
    """Implements `app.ports.CustomerStore`."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection

    def replace(self, shop: ShopId, rows: Iterable[tuple[CustomerId, Sequence[ProductId]]]) -> int:
        """Keep these customers' products and nobody else's; returns how many customers there are.

        Each list is replaced in one step; whoever is not among the rows goes at the end.
        """
        kept: set[str] = set()
        rest = iter(rows)
        with _answering():
            while batch := list(itertools.islice(rest, BATCH)):
                named = {keys.customer(shop, customer): products for customer, products in batch if products}
                self._write(named)
                kept |= named.keys()
            self._delete(name for name in self.names(shop) if name not in kept)
        return len(kept)

    def drop(self, shop: ShopId, customers: Iterable[CustomerId]) -> None:
        """Also of their browsers nothing stays connected."""
        barred = list(customers)
        with _answering():
            self._delete(keys.customer(shop, customer) for customer in barred)
            RedisUnits(self._redis).bar(shop, barred)

    def forget(self, shop: ShopId) -> None:
        """Remove everybody's."""
        with _answering():
            self._delete(self.names(shop))

    def names(self, shop: ShopId) -> Iterator[str]:
        """The keys of all lists; one may come twice."""
        for name in self._redis.scan_iter(match=keys.customer(shop, 0).removesuffix("0") + "*", count=BATCH):
            yield name.decode() if isinstance(name, bytes) else name

    def _write(self, lists: dict[str, Sequence[ProductId]]) -> None:
        pipeline = self._redis.pipeline(transaction=True)
        for name, products in lists.items():
            pipeline.delete(name)
            pipeline.rpush(name, *products)
            pipeline.expire(name, LIVES_S)
        pipeline.execute()

    def _delete(self, names: Iterable[str]) -> None:
        rest = iter(names)
        while batch := list(itertools.islice(rest, BATCH)):
            self._redis.delete(*batch)


class CustomersPlace:
    """The store as an erasable place."""

    name = "customer_purchases"

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection

    def erase_customer(self, shop: ShopId, subject: Subject) -> int:
        return int(self._redis.delete(keys.customer(shop, subject.customer)))

    def erase_shop(self, shop: ShopId) -> int:
        store = RedisCustomers(self._redis)
        number = len(set(store.names(shop)))
        store.forget(shop)
        return number

    def export_customer(self, shop: ShopId, subject: Subject) -> Sequence[Json]:
        products = self._redis.lrange(keys.customer(shop, subject.customer), 0, -1)
        return [{"bought_last": [int(product) for product in products]}] if products else []


@contextmanager
def _answering() -> Iterator[None]:
    """Raises:
    Retryable: Redis does not answer.
    """
    try:
        yield
    except redis.RedisError as error:
        raise Retryable(f"Redis does not keep the customers' purchases: {error}") from error
