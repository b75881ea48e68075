"""Refunds and cancellations as records, with the money that goes back.

A line's refund is its share of what was paid for it, discount taken off; shipping is never refunded here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from devstore.model import Order, OrderLine, Refund, RefundLine
from devstore.worlds.ids import Ids


def paid_for(line: OrderLine, quantity: int) -> int:
    """What the buyer paid for `quantity` pieces of the line, in minor units, rounded down."""
    return (line.unit_price * line.quantity - line.discount) * quantity // line.quantity


def refund(order: Order, returned: Sequence[tuple[OrderLine, int]], at: datetime, ids: Ids, note: str = "") -> Refund:
    """Add a refund of `returned` (line, quantity) to the order and return it."""
    lines = []
    for line, quantity in returned:
        line.refunded_quantity += quantity
        lines.append(RefundLine(next(ids.refund_lines), line.id, quantity, paid_for(line, quantity)))
    made = Refund(next(ids.refunds), at, lines, sum(line.subtotal for line in lines), note)
    order.refunds.append(made)
    order.updated_at = max(order.updated_at, at)
    return made


def cancel(order: Order, at: datetime, ids: Ids) -> None:
    """Cancel the order and refund whatever of it has not been refunded yet."""
    order.cancelled_at = at
    left = [(line, line.quantity - line.refunded_quantity) for line in order.lines]
    refund(order, [(line, quantity) for line, quantity in left if quantity], at, ids, "Order cancelled")
