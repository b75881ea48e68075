"""Bodies of orders and refunds."""

from __future__ import annotations

from devstore import totals
from devstore.model import AppliedDiscount, Order, OrderLine, Refund
from devstore.payloads.people import CustomerPayloads
from devstore.payloads.wire import Payload


class OrderPayloads(CustomerPayloads):
    def order(self, order: Order) -> Payload:
        customer = self._store.customers.get(order.customer_id or -1)
        private = self._options.level2
        address = self._address(customer, customer.address) if customer and customer.address and private else None
        total, current = totals.total(order), totals.current_total(order)
        currency = self._store.world.shop.currency
        return {
            "id": order.id,
            "admin_graphql_api_id": f"gid://shopify/Order/{order.id}",
            "name": f"#{order.number}",
            "number": order.number - 1000,
            "order_number": order.number,
            "app_id": None,
            "email": order.email if private else None,
            "contact_email": order.email if private else None,
            "phone": None,
            "created_at": self.time(order.created_at),
            "processed_at": self.time(order.processed_at),
            "updated_at": self.time(order.updated_at),
            "cancelled_at": self._maybe(order.cancelled_at),
            "cancel_reason": "customer" if order.cancelled_at else None,
            "closed_at": self._maybe(order.cancelled_at),
            "cart_token": order.cart_token,
            "checkout_token": order.cart_token,
            "test": order.test,
            "confirmed": True,
            "currency": currency,
            "presentment_currency": currency,
            "customer_locale": customer.locale if customer else None,
            "financial_status": totals.financial_status(order).lower(),
            "fulfillment_status": None if order.cancelled_at else "fulfilled",
            "source_name": order.source_name,
            "tags": ", ".join(sorted(order.tags)),
            "note": None,
            "note_attributes": [{"name": name, "value": value} for name, value in order.custom_attributes],
            "taxes_included": True,
            "tax_lines": [],
            "total_tax": self.money(0),
            "subtotal_price": self.money(totals.subtotal(order)),
            "total_line_items_price": self.money(totals.subtotal(order) + totals.discounts(order)),
            "total_discounts": self.money(totals.discounts(order)),
            "total_price": self.money(total),
            "total_price_set": self.money_set(total),
            "total_discounts_set": self.money_set(totals.discounts(order)),
            "total_shipping_price_set": self.money_set(order.shipping),
            "current_total_price": self.money(current),
            "current_total_price_set": self.money_set(current),
            "current_subtotal_price": self.money(totals.subtotal(order) - totals.refunded(order)),
            "current_total_discounts": self.money(totals.discounts(order)),
            "discount_codes": self._codes(order),
            "discount_applications": self._applications(order),
            "customer": self.customer(customer) if customer else None,
            "billing_address": address,
            "shipping_address": address,
            "line_items": [
                self._line(order, line) | {"current_quantity": totals.current_quantity(line)} for line in order.lines
            ],
            "shipping_lines": [{"title": "Standard", "price": self.money(order.shipping)}] if order.shipping else [],
            "refunds": [self.refund(order, refund) for refund in order.refunds],
            "fulfillments": [],
        }

    def _codes(self, order: Order) -> list[Payload]:
        if not order.applied:
            amount = self.money(totals.discounts(order))
            return [{"code": code, "amount": amount, "type": "percentage"} for code in order.discount_codes]
        return [
            {"code": applied.code, "amount": self.money(applied.amount), "type": _value_type(applied)}
            for applied in order.applied
        ]

    def _applications(self, order: Order) -> list[Payload]:
        if order.applied:
            return [self._application(applied) for applied in order.applied]
        return [
            {
                "type": "discount_code",
                "code": code,
                "value": self.money(totals.discounts(order)),
                "value_type": "fixed_amount",
                "allocation_method": "across",
                "target_selection": "all",
                "target_type": "line_item",
            }
            for code in order.discount_codes
        ]

    def _application(self, applied: AppliedDiscount) -> Payload:
        share = applied.percentage
        return {
            "type": "discount_code",
            "code": applied.code,
            "value": self.money(applied.amount) if share is None else f"{share * 100:.1f}",
            "value_type": _value_type(applied),
            "allocation_method": "each" if totals.applied_to_each(applied) else "across",
            "target_selection": "entitled" if applied.entitled_only else "all",
            "target_type": "line_item",
        }

    def _line(self, order: Order, line: OrderLine) -> Payload:
        product = self._store.products.get(line.product_id or -1)
        variant = self._store.variants.get(line.variant_id or -1)
        allocations = [
            {"amount": self.money(amount), "discount_application_index": index}
            for index, amount in totals.allocations(order, line)
        ]
        return {
            "id": line.id,
            "admin_graphql_api_id": f"gid://shopify/LineItem/{line.id}",
            "product_id": product.id if product else None,
            "product_exists": product is not None,
            "variant_id": variant.id if variant else None,
            "variant_title": variant.title if variant and variant.title != "Default Title" else None,
            "title": line.title,
            "name": line.title,
            "sku": line.sku,
            "vendor": product.vendor if product else None,
            "gift_card": bool(product and product.is_gift_card),
            "quantity": line.quantity,
            "price": self.money(line.unit_price),
            "price_set": self.money_set(line.unit_price),
            "total_discount": self.money(0),
            "discount_allocations": allocations,
            "properties": [{"name": name, "value": value} for name, value in line.properties],
            "requires_shipping": True,
            "taxable": True,
            "tax_lines": [],
            "fulfillment_status": "fulfilled",
        }

    def refund(self, order: Order, refund: Refund) -> Payload:
        by_id = {line.id: line for line in order.lines}
        return {
            "id": refund.id,
            "admin_graphql_api_id": f"gid://shopify/Refund/{refund.id}",
            "order_id": order.id,
            "created_at": self.time(refund.created_at),
            "processed_at": self.time(refund.created_at),
            "note": refund.note or None,
            "user_id": None,
            "restock": True,
            "return": None,
            "duties": [],
            "refund_shipping_lines": [],
            "refund_line_items": [
                {
                    "id": part.id,
                    "line_item_id": part.line_id,
                    "location_id": self._store.world.location_id,
                    "quantity": part.quantity,
                    "restock_type": "return",
                    "subtotal": float(self.money(part.subtotal)),
                    "subtotal_set": self.money_set(part.subtotal),
                    "total_tax": 0.0,
                    "line_item": self._line(order, by_id[part.line_id]),
                }
                for part in refund.lines
            ],
            "transactions": [
                {
                    "id": refund.id + 1,
                    "order_id": order.id,
                    "kind": "refund",
                    "status": "success",
                    "amount": self.money(refund.amount),
                    "currency": self._store.world.shop.currency,
                    "created_at": self.time(refund.created_at),
                }
            ],
            "order_adjustments": [],
        }


def _value_type(applied: AppliedDiscount) -> str:
    return "fixed_amount" if applied.percentage is None else "percentage"
