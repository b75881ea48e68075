"""What people had bought before: the world's own orders of the last 90 days, as an experiment may know them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from devstore.model import Order, World
from devstore.worlds.taste import Ints, Tastes

DAYS = 90
SECOND = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """Columns of equal length: the customer's row in the tastes, microseconds since 1970, minor units."""

    row: Ints
    at: Ints
    net: Ints

    @classmethod
    def read(cls, world: World, tastes: Tastes) -> Past:
        """Orders with an account; nobody can tell that a guest is the one who comes back."""
        since = world.now - timedelta(days=DAYS)
        rows = {customer: row for row, customer in enumerate(tastes.customers.tolist()) if customer}
        orders = [
            (rows[order.customer_id], round(order.processed_at.timestamp() * SECOND), _net(order))
            for order in world.orders
            if order.processed_at >= since and order.cancelled_at is None and order.customer_id in rows
        ]
        return cls(*np.array(orders, np.int64).reshape(-1, 3).T)

    def of(self, people: Ints) -> tuple[Ints, Ints, Ints]:
        """Of these people (ascending rows): each order's place among them, time and amount."""
        place = np.minimum(np.searchsorted(people, self.row), len(people) - 1)
        theirs = people[place] == self.row
        return place[theirs].astype(np.int64), self.at[theirs], self.net[theirs]


def _net(order: Order) -> int:
    paid = sum(line.unit_price * line.quantity - line.discount for line in order.lines)
    return max(paid - sum(refund.amount for refund in order.refunds), 0)
