"""Gather what a shop's models learn from: orders, sessions of views, and which products are alike, over one catalogue.

Nobody is named in it: people are running numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import numpy as np

from app.core.recommend.groups import Groups, groups_of
from app.core.recommend.interactions import Baskets, baskets_of, catalogue_of
from app.core.recommend.sessions import sessions_of
from app.core.shops import Shop
from app.ports import OrderHistory, ProductKinds, ViewHistory

HISTORY = timedelta(days=3 * 365)
"""How far back orders are learnt from; the longest half-life makes older ones weigh little."""
VIEWS = timedelta(days=180)
"""How far back views are; what people look at changes faster than what they buy."""


@dataclass(frozen=True, slots=True)
class Ports:
    orders: OrderHistory
    views: ViewHistory
    kinds: ProductKinds


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """Orders and sessions over the same items, the kind of each item (None: kinds tell nothing), and a name of it all.

    The same data have the same fingerprint.
    """

    orders: Baskets
    sessions: Baskets
    groups: Groups | None
    fingerprint: str


def gather(shop: Shop, ports: Ports, *, now: datetime, recipe: str) -> Gathered:
    """Read everything.

    Args:
        recipe: part of the fingerprint: changes with what a training makes of the same data.
    """
    bought = ports.orders.purchases(shop.id, since=now - HISTORY, until=now)
    viewed = ports.views.sessions(shop.id, since=now - VIEWS, until=now)
    items = catalogue_of(bought.product, viewed.product)
    orders = baskets_of(bought.order, bought.product, bought.day, customer=bought.customer, items=items)
    sessions = sessions_of(viewed.session, viewed.product, viewed.day, items=items)
    groups = groups_of(items, ports.kinds.types(shop.id), ports.kinds.collections(shop.id))
    sums = sha256(recipe.encode())
    for part in (orders, sessions):
        for array in (part.items, part.starts, part.item, part.day, part.customer):
            sums.update(np.ascontiguousarray(array).tobytes())
    sums.update(b"" if groups is None else groups.tobytes())
    return Gathered(orders, sessions, groups, sums.hexdigest()[:12])


def sessions_seen(shop: Shop, views: ViewHistory, *, now: datetime) -> Baskets:
    """Only the sessions, as a training would see them."""
    viewed = views.sessions(shop.id, since=now - VIEWS, until=now)
    return sessions_of(viewed.session, viewed.product, viewed.day)
