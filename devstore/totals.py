"""The arithmetic of an order: what its lines, refunds and shipping add up to, in minor units.

Derived on reading and never stored, so that a refund or a deleted line cannot leave a total behind.
"""

from __future__ import annotations

from devstore.model import AppliedDiscount, Order, OrderLine


def line_net(line: OrderLine) -> int:
    """What the customer paid for the whole line, after the discount allocated to it."""
    return line.unit_price * line.quantity - line.discount


def line_refund(line: OrderLine, quantity: int) -> int:
    """The share of the line's net price that `quantity` units of it are worth."""
    return round(line_net(line) * quantity / line.quantity) if line.quantity else 0


def subtotal(order: Order) -> int:
    return sum(line_net(line) for line in order.lines)


def discounts(order: Order) -> int:
    return sum(line.discount for line in order.lines)


def allocations(order: Order, line: OrderLine) -> list[tuple[int, int]]:
    """What each of the order's discount applications took off a line: (place of the application, minor units)."""
    if not order.applied:
        return [(0, line.discount)] if line.discount else []
    parts = [(index, dict(applied.allocations).get(line.id, 0)) for index, applied in enumerate(order.applied)]
    return [(index, amount) for index, amount in parts if amount]


def applied_to_each(applied: AppliedDiscount) -> bool:
    """Whether the lines were reduced one by one; otherwise one sum was spread across them."""
    return applied.each or (applied.entitled_only and applied.percentage is not None)


def total(order: Order) -> int:
    return subtotal(order) + order.shipping


def refunded(order: Order) -> int:
    return sum(refund.amount for refund in order.refunds)


def current_total(order: Order) -> int:
    return total(order) - refunded(order)


def current_quantity(line: OrderLine) -> int:
    return line.quantity - line.refunded_quantity


def financial_status(order: Order) -> str:
    """OrderDisplayFinancialStatus; every order of a devstore is paid when it is placed."""
    back = refunded(order)
    if back == 0:
        return "PAID"
    return "REFUNDED" if back >= total(order) else "PARTIALLY_REFUNDED"
