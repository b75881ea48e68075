"""What stands on the pages of a world's store: the theme's own rows, and on product pages the place of the rail.

The rows are those of the devstore's theme with its default settings, without drawing them: best sellers at home,
collections and search by what sells, Shopify's related products on product pages. All of what is for sale is known
from the world's records.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from devstore.model import Product, World

FEATURED, PAGE, RELATED, RAIL = 8, 24, 4, 8
"""Cards at home, on a page of a collection or search, of Shopify's related products, and of the rail."""

Cards = tuple[int, ...]
Lists = Mapping[int, Sequence[int]]
"""Product → the products that the rail of its page shows, best first."""


@dataclass(frozen=True, slots=True)
class Row:
    cards: Cards
    is_rail: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """`product` is the one that the page sells."""

    rows: tuple[Row, ...]
    product: int | None = None


class Shelves:
    """The store's pages.

    Args:
        lists: of the rail; what cannot be bought is left out, as Liquid does.
    """

    def __init__(self, world: World, lists: Lists) -> None:
        self._price = {product.id: price for product in world.products if (price := _price(product, world)) is not None}
        held = _baskets(world)
        sold = Counter(product for basket in held for product in basket)
        self._ranked = sorted(self._price, key=lambda product: (-sold[product], product))
        gifts = {product.id for product in world.products if product.is_gift_card}
        self._proposed = {product for product, price in self._price.items() if price > 0} - gifts
        home = tuple(islice((product for product in self._ranked if product not in gifts), FEATURED))
        self.home = Page((Row(home),))
        self.collections = [self._listed(collection.product_ids) for collection in world.collections]
        self._words = self._by_word(world)
        self._related = self._bought_with(held)
        self._lists = {product: self._fit(listed) for product, listed in lists.items()}

    def price(self, product: int) -> int | None:
        """Minor units of the variant that the page puts into the cart; None for what cannot be bought."""
        return self._price.get(product)

    @property
    def proposed(self) -> frozenset[int]:
        """What a rail may show: all that can be bought, gift cards and free samples left out."""
        return frozenset(self._proposed)

    @property
    def ranked(self) -> tuple[int, ...]:
        """All of it by how often it was bought, most often first."""
        return tuple(product for product in self._ranked if product in self._proposed)

    def product(self, product: int, cart: Collection[int]) -> Page:
        """A product's page; its rail has a place where there is something to show, whether it is shown or not."""
        related = [other for other in self._related.get(product, ()) if other not in cart][:RELATED]
        ours = [other for other in self._lists.get(product, ()) if other != product and other not in cart][:RAIL]
        rows = (Row(tuple(related)), Row(tuple(ours), is_rail=True))
        return Page(tuple(row for row in rows if row.cards), product)

    def collection(self, random: np.random.Generator) -> Page:
        return self.collections[int(random.integers(len(self.collections)))]

    def search(self, product: int) -> Page:
        """What is found by the last word of a product's title."""
        return self._words.get(product, self.home)

    def _listed(self, products: Collection[int]) -> Page:
        wanted = set(products)
        return Page((Row(tuple(islice((product for product in self._ranked if product in wanted), PAGE))),))

    def _by_word(self, world: World) -> dict[int, Page]:
        found: defaultdict[str, list[int]] = defaultdict(list)
        for product in world.products:
            if product.title:
                found[product.title.split()[-1].lower()].append(product.id)
        pages = [(products, self._listed(products)) for products in found.values()]
        return {product: page for products, page in pages for product in products}

    def _bought_with(self, held: Sequence[Cards]) -> dict[int, Cards]:
        """Of every product those in the same orders, most frequent first."""
        counts: defaultdict[int, Counter[int]] = defaultdict(Counter)
        for basket in held:
            for product in basket:
                counts[product].update(other for other in basket if other != product)
        return {
            product: self._fit(sorted(others, key=lambda other: (-others[other], other)))
            for product, others in counts.items()
        }

    def _fit(self, products: Sequence[int]) -> Cards:
        """Those that a rail may show; some more than its places, as the cart's are left out on the page."""
        return tuple(islice((product for product in products if product in self._proposed), PAGE))


def _price(product: Product, world: World) -> int | None:
    """The price of the first variant in stock; None where the product is not for sale."""
    if product.status != "ACTIVE" or product.published_at is None or product.published_at > world.now:
        return None
    offered = (v for v in product.variants if not v.tracked or v.oversell or v.quantity > 0)
    return next((variant.price for variant in offered), None)


def _baskets(world: World) -> list[Cards]:
    orders = (order for order in world.orders if order.cancelled_at is None)
    return [tuple({line.product_id: None for line in order.lines if line.product_id is not None}) for order in orders]
