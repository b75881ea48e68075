"""Gather what a shop's models learn from, over one catalogue: orders, sessions of views, what is known of the products.

The catalogue is what was bought or viewed and whatever else may be shown: of what nobody has bought yet its content
speaks. Nobody is named in it: people are running numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import numpy as np

from app.core.recommend.groups import UNKNOWN, Groups, groups_of
from app.core.recommend.histories import Histories
from app.core.recommend.interactions import Baskets, Ids, baskets_of, catalogue_of
from app.core.recommend.item_facts import Floats, ItemFacts
from app.core.recommend.item_words import attributes_from
from app.core.recommend.sessions import sessions_of, visits_of
from app.core.shops import Shop
from app.ports import OrderHistory, ProductFacts, ProductKinds, ProductNumbers, ViewHistory

HISTORY = timedelta(days=3 * 365)
"""How far back orders are learnt from; the longest half-life makes older ones weigh little."""
VIEWS = timedelta(days=180)
"""How far back views are; what people look at changes faster than what they buy."""

MOST_UNSOLD = 20_000
"""Products that nobody bought or viewed, the newest; each takes rows in the artefact, some 5 kB in all."""


@dataclass(frozen=True, slots=True)
class Ports:
    orders: OrderHistory
    views: ViewHistory
    kinds: ProductKinds
    facts: ProductFacts


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """Orders and sessions over the same items, the kind of each item (None: kinds tell nothing), and a name of it all.

    `visits` are the sessions view by view. The same data have the same fingerprint; how long the stock lasts, which
    changes by the hour, is no part of it.
    """

    orders: Baskets
    sessions: Baskets
    visits: Histories
    groups: Groups | None
    facts: ItemFacts
    fingerprint: str


def gather(shop: Shop, ports: Ports, *, now: datetime, recipe: str) -> Gathered:
    """Read everything.

    Args:
        recipe: part of the fingerprint: changes with what a training makes of the same data.
    """
    bought = ports.orders.purchases(shop.id, since=now - HISTORY, until=now)
    viewed = ports.views.sessions(shop.id, since=now - VIEWS, until=now)
    numbers = ports.facts.numbers(shop.id, now=now)
    known = catalogue_of(bought.product, viewed.product)
    items = catalogue_of(known, unsold(numbers, known))
    orders = baskets_of(bought.order, bought.product, bought.day, customer=bought.customer, items=items)
    sessions = sessions_of(viewed.session, viewed.product, viewed.day, items=items)
    visits = visits_of(viewed.session, viewed.product, viewed.day, items=items)
    groups = groups_of(items, ports.kinds.types(shop.id), ports.kinds.collections(shop.id))
    facts = gather_facts(shop, ports.facts, items, groups, numbers)
    sums = sha256(recipe.encode())
    for baskets in (orders, sessions):
        for array in (baskets.items, baskets.starts, baskets.item, baskets.day, baskets.customer):
            sums.update(np.ascontiguousarray(array).tobytes())
    told = [array for name, array in facts.arrays().items() if name != "cover"]
    for part in (visits.item, *told, *(() if groups is None else (groups,))):
        sums.update(np.ascontiguousarray(part).tobytes())
    return Gathered(orders, sessions, visits, groups, facts, sums.hexdigest()[:12])


def unsold(numbers: ProductNumbers, known: Ids) -> Ids:
    """The products that may be shown and are not among the known ones, ascending; of very many the newest."""
    others = numbers.shown & ~np.isin(numbers.product, known)
    product, created = numbers.product[others], np.nan_to_num(numbers.created[others], nan=0.0)
    return np.sort(product[np.argsort(-created, kind="stable")[:MOST_UNSOLD]])


def gather_facts(
    shop: Shop, facts: ProductFacts, items: Ids, groups: Groups | None, numbers: ProductNumbers
) -> ItemFacts:
    """What is known of the items of a catalogue, their words as attributes; nothing of those the shop has deleted.

    Memory: the arrays, and of the texts one product at a time.

    Args:
        items: int64 [N], product ids, ascending.
        groups: the items' kinds, where they are known.
        numbers: what the shop tells in numbers, of whatever products.
    """
    known, place = np.isin(numbers.product, items), np.searchsorted(items, numbers.product)
    places = dict(zip(numbers.product[known].tolist(), place[known].tolist(), strict=True))
    texts = ((places[product], text) for product, text in facts.texts(shop.id) if product in places)

    def of_items(values: Floats) -> Floats:
        laid = np.full(len(items), np.nan, dtype=np.float32)
        laid[place[known]] = values[known]
        return laid

    return ItemFacts(
        price=of_items(numbers.price),
        margin=np.full(len(items), np.nan, dtype=np.float32),
        group=np.full(len(items), UNKNOWN, dtype=np.int32) if groups is None else groups,
        created=of_items(numbers.created),
        cover=of_items(numbers.cover),
        attributes=attributes_from(texts, len(items)),
    )


def sessions_seen(shop: Shop, views: ViewHistory, *, now: datetime) -> Baskets:
    """Only the sessions, as a training would see them."""
    viewed = views.sessions(shop.id, since=now - VIEWS, until=now)
    return sessions_of(viewed.session, viewed.product, viewed.day)
