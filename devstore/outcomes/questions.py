"""What a store's app is asked about a world: for whom or beside what it would show which products.

Written as files, together with what the app learns from beside the orders: the texts of the products, and visits in
which people looked around. `devstore.outcomes.regret` judges the answers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from devstore.model import World
from devstore.outcomes.people import Remembered
from devstore.outcomes.shelves import Shelves
from devstore.outcomes.walk import Walk
from devstore.shoppers.habits import HABITS
from devstore.shoppers.mind import Mind
from devstore.worlds.taste import DAY, Ints, tastes_of

LOOKED_DAYS = 28
"""Visits fall into so many days before the world's present."""
LARGEST_CART = 4


@dataclass(frozen=True, slots=True)
class Questions:
    """Customers at home, products whose pages are looked at, and carts, each with its customer and products."""

    home: tuple[int, ...]
    product: tuple[int, ...]
    cart: tuple[tuple[int, tuple[int, ...]], ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, document: dict[str, Any]) -> Questions:
        """What `as_json` gave.

        Raises:
            ValueError: it is something else.
        """
        try:
            carts = tuple((int(whose), tuple(map(int, held))) for whose, held in document["cart"])
            return cls(tuple(map(int, document["home"])), tuple(map(int, document["product"])), carts)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"these are no questions: {error}") from error


def draw(world: World, shelves: Shelves, *, people: int, seed: int) -> Questions:
    """Questions of so many customers who have ordered, of as many carts, and of every product that is for sale.

    A cart is what one of the newest orders began with; all that was in it but one product, `LARGEST_CART` at most.
    """
    random = np.random.default_rng(seed)
    known = np.unique([order.customer_id for order in world.orders if order.customer_id and order.cancelled_at is None])
    asked = np.sort(random.choice(known, min(people, len(known)), replace=False))
    carts: list[tuple[int, tuple[int, ...]]] = []
    for order in reversed(world.orders):
        held = tuple(dict.fromkeys(line.product_id for line in order.lines if line.product_id in shelves.proposed))
        if order.customer_id and len(held) > 1:
            carts.append((order.customer_id, tuple(held[:-1][:LARGEST_CART])))
        if len(carts) == people:
            break
    return Questions(tuple(asked.tolist()), tuple(sorted(shelves.proposed)), tuple(carts))


def catalogue(world: World, shelves: Shelves) -> list[dict[str, Any]]:
    """What a merchant wrote of every product, and whether it can be recommended."""
    return [
        {
            "product": product.id,
            "title": product.title,
            "type": product.product_type,
            "vendor": product.vendor,
            "tags": list(product.tags),
            "description": product.description,
            "price": shelves.price(product.id) or 0,
            "buyable": product.id in shelves.proposed,
        }
        for product in world.products
    ]


def views(world: World, shelves: Shelves, *, visits: int, seed: int) -> dict[str, Ints]:
    """Products that people looked at: columns ``session``, ``product``, ``day``, the oldest visit first."""
    tastes = Remembered.of(tastes_of(world))
    random = np.random.default_rng(seed)
    rows: list[tuple[int, int, int]] = []
    moments = np.sort(random.random(visits)) * LOOKED_DAYS
    for number, moment in enumerate(moments.tolist()):
        at = world.now - timedelta(days=LOOKED_DAYS) + timedelta(days=moment)
        person = tastes.draw_visitor(random, at)
        walk = Walk(shelves, Mind(tastes, person, HABITS, random, at=at), HABITS, random, is_shown=False)
        walk.run()
        rows += [(number, product, int(at.timestamp()) // DAY) for product in walk.seen]
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    return dict(zip(("session", "product", "day"), columns, strict=True))
