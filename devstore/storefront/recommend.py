"""Shopify's own recommendations, which stand beside the app's as a rival.

"related" are the products of the same orders, most frequent first, then best sellers of the same collections;
"complementary" are those bought with it that are of another type. What Shopify does inside is not public; which
products it never recommends is: https://shopify.dev/docs/storefronts/themes/product-merchandising/recommendations.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from devstore.model import Order, Product
from devstore.store import Store
from devstore.storefront.catalog import Catalog
from devstore.storefront.drops.product import ProductDrop

LIMIT = 10
INTENTS = ("related", "complementary")
LOOKED_AT = 400
"""How many of the best sellers are looked through for a collection's."""


class Baskets:
    """Which products each order held, by product; new orders are taken in as they come."""

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, threading.Lock()
        self._read = 0
        self._of: dict[int, list[tuple[int, ...]]] = {}

    def with_product(self, product_id: int) -> Sequence[tuple[int, ...]]:
        with self._lock:
            self._take_in()
            return tuple(self._of.get(product_id, ()))

    def _take_in(self) -> None:
        orders = self._store.orders
        if len(orders) < self._read:  # Orders were deleted; it is rare enough to begin anew.
            self._read, self._of = 0, {}
        with self._store.lock:
            fresh = list(islice(orders.values(), self._read, None))
        self._read += len(fresh)
        for order in fresh:
            basket = _products(order)
            for product_id in basket:
                self._of.setdefault(product_id, []).append(basket)


def _products(order: Order) -> tuple[int, ...]:
    if order.cancelled_at is not None:
        return ()
    return tuple(dict.fromkeys(line.product_id for line in order.lines if line.product_id is not None))


class Recommender:
    def __init__(self, store: Store) -> None:
        self._store, self._baskets = store, Baskets(store)

    def recommend(
        self, catalog: Catalog, product: Product, intent: str, limit: int, in_cart: frozenset[int]
    ) -> list[ProductDrop]:
        """At most `limit` products; none of the cart's, and nothing that cannot be bought."""
        found = self._related(product) if intent == "related" else self._complementary(product)
        wanted = (
            p for p in dict.fromkeys(found)
            if p != product.id and p not in in_cart and catalog.recommendable(self._store.products.get(p))
        )  # fmt: skip
        chosen = list(islice(wanted, limit))
        return [_tracked(catalog, product.id, p, place, intent) for place, p in enumerate(chosen)]

    def at_random(self, catalog: Catalog, product: Product, limit: int, in_cart: frozenset[int]) -> list[ProductDrop]:
        """Products drawn without regard to anything: what every other rail must beat."""
        hidden = in_cart | {product.id}
        products = list(self._store.products.values())
        random.shuffle(products)
        wanted = (p for p in products if p.id not in hidden and catalog.recommendable(p))
        return [ProductDrop(p, catalog) for p in islice(wanted, limit)]

    def _related(self, product: Product) -> Iterator[int]:
        yield from self._bought_with(product.id)
        same = {p for collection in self._store.collections_of(product.id) for p in collection.product_ids}
        yield from (p.id for p in self._store.best_sellers(LOOKED_AT) if p.id in same)

    def _complementary(self, product: Product) -> Iterator[int]:
        for other in self._bought_with(product.id):
            found = self._store.products.get(other)
            if found is not None and found.product_type != product.product_type:
                yield other

    def _bought_with(self, product_id: int) -> list[int]:
        counts = Counter(p for basket in self._baskets.with_product(product_id) for p in basket)
        del counts[product_id]
        return sorted(counts, key=lambda p: (-counts[p], p))


def _tracked(catalog: Catalog, source: int, product_id: int, place: int, intent: str) -> ProductDrop:
    """The product with the parameters by which Shopify counts clicks on its recommendations."""
    strategy = "e5_desc" if intent == "related" else "complementary"
    tracking = f"?pr_prod_strat={strategy}&pr_rec_pid={product_id}&pr_ref_pid={source}&pr_seq={place + 1}"
    return ProductDrop(catalog.store.products[product_id], catalog, tracking=tracking)
