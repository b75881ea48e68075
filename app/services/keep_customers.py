"""Keep what signed-in customers bought last where a request can read it, or nothing where no rail would use it.

Part of a training; between trainings the lists of those who order are brought up to date. Who objects or is erased
meanwhile is taken out again at the end: their tombstone is set before anything of theirs is removed, so either this
sees it or the erasure comes after the writing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.core.ids import CustomerId
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
    number = ports.store.replace(shop.id, ports.history.newest(shop.id, since=since))
    ports.store.drop(shop.id, ports.history.barred(shop.id))
    return number


def renew_customers(customers: Iterable[CustomerId], shop: Shop, ports: Ports) -> None:
    """Bring the lists of these customers up to date: after an order, or after what was bought has gone back."""
    renewed = list(customers)
    if not renewed:
        return
    ports.store.renew(shop.id, [(customer, ports.history.of(shop.id, customer)) for customer in renewed])
    ports.store.drop(shop.id, set(renewed).intersection(ports.history.barred(shop.id)))
