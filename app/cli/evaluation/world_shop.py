"""The generated world as a shop that Attune learns from: its files as arrays, and every rail's answers to questions.

The devstore writes the files (``python -m devstore.outcomes --ask``) and knows nothing of us; what is learnt here is
learnt by the production code, and the lists are those that would stand in the store or be served.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from app.core.ids import ModelVersion, ProductId
from app.core.recommend.cascade import recommend
from app.core.recommend.groups import groups_of
from app.core.recommend.interactions import Ids, baskets_of, catalogue_of
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.item_words import ItemText, attributes_from
from app.core.recommend.lists import product_lists
from app.core.recommend.models.outcome import Material
from app.core.recommend.models.training import build, learn
from app.core.recommend.past_orders import PastOrder, newest_of, products_of
from app.core.recommend.rails import Question
from app.core.recommend.scoring import ItemModel
from app.core.recommend.served import ServedModel
from app.core.recommend.sessions import sessions_of, visits_of
from app.core.recommend.shopper import Shopper
from app.core.recommend.types import Rail

AT_HOME, IN_A_CART = 8, 8
"""Cards that are asked for."""
Lists = list[list[int]]


@dataclass(frozen=True, slots=True, eq=False)
class WorldShop:
    """What a training of this shop reads, and what its rails are asked."""

    material: Material
    buyable: frozenset[int]
    questions: Mapping[str, Any]

    @property
    def today(self) -> int:
        return int(self.material.orders.day[-1])

    @classmethod
    def read(cls, folder: Path) -> WorldShop:
        """The files that the devstore wrote."""
        with np.load(folder / "orders.npz") as columns:
            bought = {name: columns[name] for name in columns.files}
        with np.load(folder / "views.npz") as columns:
            viewed = {name: columns[name] for name in columns.files}
        products = orjson.loads((folder / "catalogue.json").read_bytes())
        # As a training reads it: what nobody bought or viewed is in the catalogue too.
        offered = np.array([one["product"] for one in products if one["buyable"]], dtype=np.int64)
        items = catalogue_of(bought["product"], viewed["product"], offered)
        orders = baskets_of(
            bought["order"], bought["product"], bought["day"].astype(np.int32), customer=bought["customer"], items=items
        )
        days = viewed["day"].astype(np.int32)
        sessions = sessions_of(viewed["session"], viewed["product"], days, items=items)
        visits = visits_of(viewed["session"], viewed["product"], days, items=items)
        types = {ProductId(one["product"]): one["type"] for one in products}
        groups = groups_of(items, types, {})
        facts = _facts(products, items, groups)
        buyable = frozenset(one["product"] for one in products if one["buyable"])
        questions = orjson.loads((folder / "questions.json").read_bytes())
        return cls(Material(orders, sessions, groups, facts, visits), buyable, questions)

    def shopper(self, customer: int) -> Shopper:
        """What is known of a signed-in customer at the world's present, as requests know it."""
        orders = self.material.orders
        own = np.flatnonzero(orders.customer == customer)[::-1]
        past = newest_of(
            PastOrder(int(orders.day[number]), tuple(map(ProductId, orders.items[orders.of(number)].tolist())))
            for number in own.tolist()
        )
        return Shopper(bought=products_of(past), orders=past, today=self.today + 1)


def _facts(products: Sequence[Mapping[str, Any]], items: Ids, groups: Any) -> ItemFacts:
    place = {product: number for number, product in enumerate(items.tolist())}
    known = [(place[one["product"]], one) for one in products if one["product"] in place]
    price = np.full(len(items), np.nan, dtype=np.float32)
    for number, one in known:
        price[number] = one["price"] or np.nan
    texts = [
        (number, ItemText(one["title"], one["type"], one["vendor"], tuple(one["tags"]), (), one["description"]))
        for number, one in known
    ]
    blank = ItemFacts.unknown(len(items))
    return ItemFacts(
        price=price,
        margin=blank.margin,
        group=blank.group if groups is None else groups,
        created=blank.created,
        cover=blank.cover,
        attributes=attributes_from(texts, len(items)),
    )


def trained(shop: WorldShop) -> ItemModel:
    """Chosen, examined and refitted as a night's training does it."""
    outcome = learn(shop.material, today=shop.today)
    return build(shop.material, outcome, today=shop.today, version=ModelVersion("world"))


def answers(shop: WorldShop, model: ItemModel) -> dict[str, dict[str, Any]]:
    """What every rail shows, by name."""
    served, allowed = ServedModel.of(model), _allowed(shop)
    beside = [product_lists(model, ProductId(product), allowed) for product in shop.questions["product"]]
    carts = [(ProductId(product) for product in held) for _, held in shop.questions["cart"]]
    return {
        "home": {"rail": "home", "lists": [_home(shop, served, customer) for customer in shop.questions["home"]]},
        "bought_together": {"rail": "bought_together", "lists": [list(one.recs) for one in beside]},
        "also_viewed": {"rail": "also_viewed", "lists": [list(one.also_viewed) for one in beside]},
        "complete_the_look": {"rail": "complete_the_look", "lists": [list(one.complete_the_look) for one in beside]},
        "cart": {"rail": "cart", "lists": [_cart(served, allowed, tuple(cart)) for cart in carts]},
    }


def _allowed(shop: WorldShop) -> Callable[[ProductId], bool]:
    return lambda product: product in shop.buyable


def _home(shop: WorldShop, served: ServedModel, customer: int) -> list[int]:
    shopper = shop.shopper(customer)
    context = Question(Rail.FOR_YOU, limit=AT_HOME).for_shopper(shopper)
    found = recommend(context, served.sources(Rail.FOR_YOU, shopper), _allowed(shop)).items
    return [int(item.product_id) for item in found]


def _cart(served: ServedModel, allowed: Callable[[ProductId], bool], cart: tuple[ProductId, ...]) -> list[int]:
    context = Question(Rail.GOES_WELL, cart=cart, limit=IN_A_CART).for_shopper()
    found = recommend(context, served.sources(Rail.GOES_WELL, Shopper()), allowed).items
    return [int(item.product_id) for item in found]
