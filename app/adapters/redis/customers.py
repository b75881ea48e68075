"""The keyed store of what signed-in customers bought last: one short list of orders each, read beside the live state.

It is a copy that every training rewrites, so what is lost here comes back; what must go is taken out at once.
An element of a list is an order, ``day:product.product``, the newest one first. A bare product is what was kept before
days were, and is read as an order of an unknown day.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, Final

import redis

from app.adapters.redis import keys
from app.adapters.redis.units import RedisUnits
from app.core.ids import CustomerId, ProductId, ShopId
from app.core.recommend.past_orders import PastOrder
from app.errors import Retryable
from app.ports import Json, Subject

BATCH: Final = 500
LIVES_S: Final = 45 * 24 * 3600
"""Where no training rewrites a list any more, it goes by itself."""


class RedisCustomers:
    """Implements `app.ports.CustomerStore`."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection

    def replace(self, shop: ShopId, rows: Iterable[tuple[CustomerId, Sequence[PastOrder]]]) -> int:
        """Keep these customers' orders and nobody else's; returns how many customers there are.

        Each list is replaced in one step; whoever is not among the rows goes at the end.
        """
        kept: set[str] = set()
        rest = iter(rows)
        with _answering():
            while batch := list(itertools.islice(rest, BATCH)):
                lists = ((keys.customer(shop, customer), list(map(written, orders))) for customer, orders in batch)
                named = {name: orders for name, orders in lists if orders}
                self._write(named)
                kept |= named.keys()
            self._delete(name for name in self.names(shop) if name not in kept)
        return len(kept)

    def renew(self, shop: ShopId, rows: Iterable[tuple[CustomerId, Sequence[PastOrder]]]) -> None:
        """Keep these customers' orders; without any, nothing of theirs. Everybody else's stay."""
        found = {keys.customer(shop, customer): list(map(written, orders)) for customer, orders in rows}
        with _answering():
            self._write({name: orders for name, orders in found.items() if orders})
            self._delete(name for name, orders in found.items() if not orders)

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

    def _write(self, lists: dict[str, list[str]]) -> None:
        pipeline = self._redis.pipeline(transaction=True)
        for name, orders in lists.items():
            pipeline.delete(name)
            pipeline.rpush(name, *orders)
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

    def remaining(self, shop: ShopId, subject: Subject) -> int:
        return int(self._redis.exists(keys.customer(shop, subject.customer)))

    def erase_shop(self, shop: ShopId) -> int:
        store = RedisCustomers(self._redis)
        number = len(set(store.names(shop)))
        store.forget(shop)
        return number

    def export_customer(self, shop: ShopId, subject: Subject) -> Sequence[Json]:
        elements: Any = self._redis.lrange(keys.customer(shop, subject.customer), 0, -1)
        orders = orders_of(elements)
        return [{"bought_last": [_told(order) for order in orders]}] if orders else []


def written(order: PastOrder) -> str:
    """The order as an element of its customer's list."""
    products = ".".join(map(str, order.products))
    return products if order.day is None else f"{order.day}:{products}"


def orders_of(elements: Sequence[bytes]) -> tuple[PastOrder, ...]:
    """The orders of a customer's list.

    Raises:
        ValueError: an element is not one of ours.
    """
    return tuple([_read(element) for element in elements])


def _read(element: bytes) -> PastOrder:
    day, dated, products = element.rpartition(b":")
    return PastOrder(int(day) if dated else None, tuple([ProductId(int(one)) for one in products.split(b".")]))


def _told(order: PastOrder) -> Json:
    day = None if order.day is None else (date(1970, 1, 1) + timedelta(days=order.day)).isoformat()
    return {"day": day, "products": [int(product) for product in order.products]}


@contextmanager
def _answering() -> Iterator[None]:
    """Raises:
    Retryable: Redis does not answer.
    """
    try:
        yield
    except redis.RedisError as error:
        raise Retryable(f"Redis does not keep the customers' purchases: {error}") from error
