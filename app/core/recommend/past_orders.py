"""What a customer bought, order by order, as it is kept for requests: products and the day, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.core.ids import ProductId

MOST_KEPT = 500
"""Products of so many of a customer's newest order lines are known at a request: as many as a blend reads."""
MOST_ORDERS = 100
NEWEST_BOUGHT = 20
"""For what counts products and not orders a customer is known by so many different ones: those bought last."""


@dataclass(frozen=True, slots=True)
class PastOrder:
    """The products of one order, ascending and each once; `day` is days since 1970-01-01 in UTC, None if unknown."""

    day: int | None
    products: tuple[ProductId, ...]


def newest_of(orders: Iterable[PastOrder]) -> tuple[PastOrder, ...]:
    """As much of a customer's orders as is kept, newest first; of the oldest one kept perhaps only some products.

    Args:
        orders: newest first.
    """
    kept: list[PastOrder] = []
    room = MOST_KEPT
    for order in orders:
        if not room or len(kept) == MOST_ORDERS:
            break
        kept.append(PastOrder(order.day, order.products[-room:]))
        room -= len(kept[-1].products)
    return tuple(kept)


def products_of(orders: Sequence[PastOrder], most: int = NEWEST_BOUGHT) -> tuple[ProductId, ...]:
    """The distinct products of these orders, those of the newest one first."""
    return tuple(dict.fromkeys(product for order in orders for product in order.products))[:most]
