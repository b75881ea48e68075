"""Orders: placing, refunding, cancelling, and what that does to stock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from devstore.model import Customer, Order, OrderLine, Refund, RefundLine
from devstore.store.discounts import DiscountChanges, Reduction
from devstore.store.records import get
from devstore.totals import current_quantity, line_refund


class SoldOut(ValueError):
    """A line asks for more than the shop may sell."""


@dataclass(frozen=True, slots=True)
class NewLine:
    variant_id: int
    quantity: int
    properties: dict[str, str] = field(default_factory=dict)


class OrderChanges(DiscountChanges):
    """What shoppers buy and what they get back."""

    def place_order(
        self,
        lines: Sequence[NewLine],
        *,
        customer_id: int | None = None,
        email: str | None = None,
        discount_code: str | None = None,
        discount_codes: Sequence[str] = (),
        cart_token: str | None = None,
        attributes: Sequence[tuple[str, str]] = (),
        webhooks: bool = True,
    ) -> Order:
        """Place a paid order and take its stock down.

        Raises:
            SoldOut: a tracked variant has too little stock and may not be oversold; nothing is changed then.
            Unknown: a variant, product or customer does not exist.
            CodeRefused: a discount code is not valid for this cart and customer; nothing is changed then either.
        """
        with self.lock:
            if not lines:
                raise ValueError("an order needs at least one line")
            self._check_stock(lines)
            codes = [*([discount_code] if discount_code else []), *discount_codes]
            cart = [(line.variant_id, line.quantity) for line in lines]
            reductions = self.quote(cart, codes, self._known_buyer(customer_id, email))
            customer = self._buyer(customer_id, email, webhooks)
            order = self._new_order(lines, customer, email)
            _reduce(order, reductions)
            order.cart_token, order.custom_attributes = cart_token, tuple(attributes)
            self._enter_order(order)
            self._take_stock(order, -1, webhooks)
            if webhooks:
                self.emit("orders/create", order)
                self.emit("orders/paid", order)
                if customer is not None:
                    self.emit("customers/update", customer)
            return order

    def refund(self, order_id: int, lines: Sequence[tuple[int, int]], *, note: str = "") -> Refund:
        """Refund and restock units of an order's lines, given as (line id, quantity)."""
        with self.lock:
            order = get(self.orders, order_id, "order")
            by_id = {line.id: line for line in order.lines}
            for line_id, quantity in lines:
                if not 0 < quantity <= current_quantity(get(by_id, line_id, "order line")):
                    raise ValueError(f"line {line_id} has fewer than {quantity} units left to refund")
            parts = []
            for line_id, quantity in lines:
                line = by_id[line_id]
                parts.append(RefundLine(self.next_id(), line_id, quantity, line_refund(line, quantity)))
                line.refunded_quantity += quantity
            now = self.clock.now()
            refund = Refund(self.next_id(), now, parts, sum(part.subtotal for part in parts), note)
            order.refunds.append(refund)
            order.updated_at = now
            for part in parts:
                self._restock(by_id[part.line_id], part.quantity)
            self.emit("refunds/create", (order, refund))
            self.emit("orders/updated", order)
            return refund

    def edit_order(self, order_id: int, lines: Sequence[NewLine]) -> Order:
        """Add lines to an order that stands, as the admin's order editing does. Units are taken out by a refund.

        Raises:
            SoldOut: as when an order is placed.
        """
        with self.lock:
            order = get(self.orders, order_id, "order")
            if order.cancelled_at is not None:
                raise ValueError(f"order {order_id} is cancelled and cannot be edited")
            self._check_stock(lines)
            added = [self._new_line(line) for line in lines]
            order.lines += added
            order.updated_at = self.clock.now()
            for line in added:
                self._restock(line, -line.quantity)
            self.emit("orders/updated", order)
            return order

    def cancel_order(self, order_id: int) -> Order:
        """Cancel an order; what is left of it is refunded and restocked, as the admin's default does."""
        with self.lock:
            order = get(self.orders, order_id, "order")
            if order.cancelled_at is not None:
                raise ValueError(f"order {order_id} is already cancelled")
            order.cancelled_at = order.updated_at = self.clock.now()
            left = [(line.id, current_quantity(line)) for line in order.lines if current_quantity(line)]
            if left:
                self.refund(order_id, left)
            self.emit("orders/cancelled", order)
            return order

    def delete_order(self, order_id: int) -> None:
        """Remove an order; the admin offers it for cancelled ones only."""
        with self.lock:
            order = get(self.orders, order_id, "order")
            if order.cancelled_at is None:
                raise ValueError(f"order {order_id} is not cancelled and cannot be deleted")
            del self.orders[order_id]
            if order.customer_id is not None:
                self.orders_of[order.customer_id].remove(order_id)
            self.emit("orders/delete", order)

    def tag_order(self, order_id: int, tags: Sequence[str]) -> Order:
        """Replace an order's tags."""
        with self.lock:
            order = get(self.orders, order_id, "order")
            order.tags, order.updated_at = tuple(tags), self.clock.now()
            self.emit("orders/updated", order)
            return order

    def _check_stock(self, lines: Sequence[NewLine]) -> None:
        wanted: Counter[int] = Counter()
        for line in lines:
            variant = get(self.variants, line.variant_id, "variant")
            if line.quantity < 1:
                raise ValueError("a quantity is at least 1")
            wanted[variant.id] += line.quantity
            if variant.tracked and not variant.oversell and wanted[variant.id] > variant.quantity:
                raise SoldOut(f"variant {variant.id} has {variant.quantity} left, {wanted[variant.id]} asked")

    def _buyer(self, customer_id: int | None, email: str | None, webhooks: bool) -> Customer | None:
        """Who buys: the signed-in customer, the one with this e-mail, or a new one, as Shopify's checkout decides."""
        known = self._known_buyer(customer_id, email)
        return self.create_customer(email, webhooks=webhooks) if known is None and email else known

    def _known_buyer(self, customer_id: int | None, email: str | None) -> Customer | None:
        if customer_id is not None:
            return get(self.customers, customer_id, "customer")
        return self.customer_by_email(email) if email else None

    def _new_order(self, lines: Sequence[NewLine], customer: Customer | None, email: str | None) -> Order:
        now = self.clock.now()
        address = customer.address if customer else None
        return Order(
            id=self.next_id(),
            number=max((order.number for order in list(self.orders.values())[-50:]), default=1000) + 1,
            customer_id=customer.id if customer else None,
            email=email or (customer.email if customer else None),
            created_at=now,
            processed_at=now,
            updated_at=now,
            lines=[self._new_line(line) for line in lines],
            country_code=address.country_code if address else self.world.shop.country_code,
        )

    def _new_line(self, line: NewLine) -> OrderLine:
        variant = self.variants[line.variant_id]
        product = self.products[variant.product_id]
        return OrderLine(
            id=self.next_id(), product_id=product.id, variant_id=variant.id, title=product.title,
            quantity=line.quantity, unit_price=variant.price,
            properties=tuple(line.properties.items()), sku=variant.sku,
        )  # fmt: skip

    def _enter_order(self, order: Order) -> None:
        self.orders[order.id] = order
        if order.customer_id is not None:
            self.orders_of[order.customer_id].append(order.id)
            self.customers[order.customer_id].updated_at = order.created_at
        if self._sold is not None:
            for line in order.lines:
                self._sold[line.product_id or 0] += line.quantity

    def _take_stock(self, order: Order, sign: int, webhooks: bool) -> None:
        for line in order.lines:
            self._restock(line, sign * line.quantity, webhooks)

    def _restock(self, line: OrderLine, quantity: int, webhooks: bool = True) -> None:
        variant = self.variants.get(line.variant_id or -1)
        if variant is not None and variant.tracked:
            self.set_inventory(variant.id, variant.quantity + quantity, webhooks=webhooks)


def _reduce(order: Order, reductions: Sequence[Reduction]) -> None:
    """Write what the codes take off to the order and its lines, and count their use."""
    ids = [line.id for line in order.lines]
    for reduction in reductions:
        reduction.redeem_code.uses += 1
        for line, part in zip(order.lines, reduction.parts, strict=True):
            line.discount += part
    order.discount_codes = tuple(reduction.redeem_code.code for reduction in reductions)
    order.applied = tuple(reduction.applied(ids) for reduction in reductions)
