"""Keep what signed-in customers bought last where a request can read it, or nothing where no rail would use it.

Part of a training. Who objects or is erased while it runs is taken out again at the end: their tombstone is set before
anything of theirs is removed, so either this sees it or the erasure comes after the writing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.recommend.scoring import NEWEST_BOUGHT
from app.core.shops import Shop
from app.ports import CustomerHistory, CustomerStore


@dataclass(frozen=True, slots=True)
class Ports:
    history: CustomerHistory
    store: CustomerStore


def keep_customers(shop: Shop, ports: Ports, *, since: datetime, used: bool) -> int:
    """Rewrite the shop's keyed store; returns how many customers it holds.

    Args:
        used: whether the shop's model makes anything of a customer's purchases.
    """
    if not used:
        ports.store.forget(shop.id)
        return 0
    number = ports.store.replace(shop.id, ports.history.newest(shop.id, since=since, most=NEWEST_BOUGHT))
    ports.store.drop(shop.id, ports.history.barred(shop.id))
    return number
