"""The orders of any world as arrays: who bought what when, refunded lines left out.

Rows of shoppers are the customers in the order of their ids, then one row for every order of a guest, because two such
orders cannot be told to be one person's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devstore.model import OrderLine, World

DAY, WEEK = 86_400, 7 * 86_400
PERIOD_DAYS = 91

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Purchases:
    """O orders by time, L lines by order; each product stands once in an order."""

    product_ids: Ints
    customers: Ints
    """(S,) ids, 0 for the guests, of whom there is at least one."""
    start: int
    end: int
    """Epoch seconds of the first order (or the present, without orders) and of the present."""
    order_shopper: Ints
    order_time: Ints
    line_order: Ints
    line_product: Ints

    @property
    def shopper(self) -> Ints:
        """(L,)."""
        return self.order_shopper[self.line_order]

    @property
    def time(self) -> Ints:
        """(L,) epoch seconds."""
        return self.order_time[self.line_order]

    @property
    def weeks(self) -> int:
        return (self.end - self.start) // WEEK + 1

    @property
    def periods(self) -> int:
        return (self.end - self.start) // (PERIOD_DAYS * DAY) + 1

    def period_end(self, period: int) -> int:
        """The epoch second up to which the purchases of a period count; the present for the last one."""
        return min(self.start + (period + 1) * PERIOD_DAYS * DAY, self.end)

    def before(self, moment: int) -> Purchases:
        """The same shop as it was known at that second."""
        orders = int(np.searchsorted(self.order_time, moment))
        lines = int(np.searchsorted(self.line_order, orders))
        return Purchases(
            self.product_ids, self.customers, self.start, moment, self.order_shopper[:orders],
            self.order_time[:orders], self.line_order[:lines], self.line_product[:lines],
        )  # fmt: skip


def read_purchases(world: World) -> Purchases:
    product = {record.id: row for row, record in enumerate(world.products)}
    customer = {record.id: row for row, record in enumerate(world.customers)}
    shoppers, times, orders, products, known = [], [], [], [], len(customer)
    for number, order in enumerate(world.orders):
        row = customer.get(order.customer_id or 0, known)
        known += row == known
        shoppers.append(row)
        times.append(int(order.created_at.timestamp()))
        kept = {product[line.product_id] for line in order.lines if line.product_id and _kept(order.cancelled_at, line)}
        orders += [number] * len(kept)
        products += sorted(kept)
    customers = np.zeros(max(known, len(customer) + 1), np.int64)
    customers[: len(customer)] = list(customer)
    end = int(world.now.timestamp())
    return Purchases(
        np.array(list(product), np.int64), customers, times[0] if times else end, end, np.array(shoppers, np.int64),
        np.array(times, np.int64), np.array(orders, np.int64), np.array(products, np.int64),
    )  # fmt: skip


def _kept(cancelled_at: object, line: OrderLine) -> bool:
    return cancelled_at is None and line.refunded_quantity < line.quantity
