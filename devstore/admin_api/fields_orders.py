"""How orders, their lines, discounts and refunds are read."""

# ruff: noqa: ARG001, ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from devstore import totals
from devstore.admin_api.context import Context
from devstore.admin_api.fields_metafields import HAS_METAFIELDS
from devstore.admin_api.gid import gid
from devstore.admin_api.registry import Args, fields, plain
from devstore.admin_api.views import Line, Mail, OrderRefund, OrderRefundLine, Place
from devstore.clock import iso
from devstore.model import AppliedDiscount, Customer, Order, Product, Variant


def _attributes(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in pairs]


def _customer(order: Order, args: Args, ctx: Context) -> Customer | None:
    return ctx.store.customers.get(order.customer_id or -1)


def _address(order: Order, args: Args, ctx: Context) -> Mail | None:
    customer = ctx.store.customers.get(order.customer_id or -1)
    if customer is None or customer.address is None:
        return None
    return Mail(order.id, customer.address, customer.first_name, customer.last_name, customer.phone)


def _refunds(order: Order, args: Args, ctx: Context) -> list[OrderRefund]:
    found = [OrderRefund(order, refund) for refund in order.refunds]
    return found if args.get("first") is None else found[: args["first"]]


def _discount_applications(order: Order, args: Args, ctx: Context) -> list[dict[str, Any]]:
    """The codes as they were applied. Orders from before the shop was opened here carry only what was taken off."""
    if order.applied:
        return [_application(applied, index, ctx) for index, applied in enumerate(order.applied)]
    amount = totals.discounts(order)
    base = {
        "allocationMethod": "ACROSS", "index": 0, "targetSelection": "ALL", "targetType": "LINE_ITEM",
        "value": ctx.money_v2(amount),
    }  # fmt: skip
    if order.discount_codes:
        return [{"__typename": "DiscountCodeApplication", "code": code, **base} for code in order.discount_codes[:1]]
    if amount:
        return [{"__typename": "ManualDiscountApplication", "title": "Discount", "description": None, **base}]
    return []


def _application(applied: AppliedDiscount, index: int, ctx: Context) -> dict[str, Any]:
    value = ctx.money_v2(applied.amount)
    if applied.percentage is not None:
        value = {"__typename": "PricingPercentageValue", "percentage": applied.percentage * 100}
    return {
        "__typename": "DiscountCodeApplication",
        "code": applied.code,
        "index": index,
        "allocationMethod": "EACH" if totals.applied_to_each(applied) else "ACROSS",
        "targetSelection": "ENTITLED" if applied.entitled_only else "ALL",
        "targetType": "LINE_ITEM",
        "value": value,
    }


fields(
    "Order",
    {
        **HAS_METAFIELDS,
        "id": lambda o, a, c: gid("Order", o.id),
        "legacyResourceId": lambda o, a, c: str(o.id),
        "name": lambda o, a, c: f"#{o.number}",
        "number": lambda o, a, c: o.number,
        "email": lambda o, a, c: o.email,
        "phone": lambda o, a, c: None,
        "createdAt": lambda o, a, c: iso(o.created_at),
        "processedAt": lambda o, a, c: iso(o.processed_at),
        "updatedAt": lambda o, a, c: iso(o.updated_at),
        "cancelledAt": lambda o, a, c: iso(o.cancelled_at) if o.cancelled_at else None,
        "cancelReason": lambda o, a, c: "CUSTOMER" if o.cancelled_at else None,
        "closedAt": lambda o, a, c: iso(o.cancelled_at) if o.cancelled_at else None,
        "closed": lambda o, a, c: o.cancelled_at is not None,
        "confirmed": lambda o, a, c: True,
        "test": lambda o, a, c: o.test,
        "tags": lambda o, a, c: sorted(o.tags),
        "note": lambda o, a, c: None,
        "sourceName": lambda o, a, c: o.source_name,
        "cartToken": lambda o, a, c: o.cart_token,
        "currencyCode": lambda o, a, c: c.store.world.shop.currency,
        "presentmentCurrencyCode": lambda o, a, c: c.store.world.shop.currency,
        "customer": _customer,
        "customerLocale": lambda o, a, c: k.locale if (k := _customer(o, a, c)) else None,
        "customAttributes": lambda o, a, c: _attributes(o.custom_attributes),
        "shippingAddress": _address,
        "billingAddress": _address,
        "discountCode": lambda o, a, c: o.discount_codes[0] if o.discount_codes else None,
        "discountCodes": lambda o, a, c: list(o.discount_codes),
        "discountApplications": _discount_applications,
        "displayFinancialStatus": lambda o, a, c: totals.financial_status(o),
        "displayFulfillmentStatus": lambda o, a, c: "UNFULFILLED" if o.cancelled_at else "FULFILLED",
        "fullyPaid": lambda o, a, c: True,
        "lineItems": lambda o, a, c: [Line(o, line) for line in (o.lines[::-1] if a.get("reverse") else o.lines)],
        "refunds": _refunds,
        "subtotalLineItemsQuantity": lambda o, a, c: sum(line.quantity for line in o.lines),
        "currentSubtotalLineItemsQuantity": lambda o, a, c: sum(totals.current_quantity(line) for line in o.lines),
        "subtotalPriceSet": lambda o, a, c: c.bag(totals.subtotal(o)),
        "currentSubtotalPriceSet": lambda o, a, c: c.bag(totals.subtotal(o) - totals.refunded(o)),
        "totalPriceSet": lambda o, a, c: c.bag(totals.total(o)),
        "originalTotalPriceSet": lambda o, a, c: c.bag(totals.total(o)),
        "currentTotalPriceSet": lambda o, a, c: c.bag(totals.current_total(o)),
        "totalRefundedSet": lambda o, a, c: c.bag(totals.refunded(o)),
        "totalDiscountsSet": lambda o, a, c: c.bag(totals.discounts(o)),
        "currentTotalDiscountsSet": lambda o, a, c: c.bag(totals.discounts(o)),
        "totalShippingPriceSet": lambda o, a, c: c.bag(o.shipping),
        "currentShippingPriceSet": lambda o, a, c: c.bag(o.shipping),
        "totalTaxSet": lambda o, a, c: c.bag(0),
        "totalReceivedSet": lambda o, a, c: c.bag(totals.total(o)),
        "netPaymentSet": lambda o, a, c: c.bag(totals.current_total(o)),
        "taxesIncluded": lambda o, a, c: True,
    },
    Order,
)


def _product(line: Line, args: Args, ctx: Context) -> Product | None:
    return ctx.store.products.get(line.line.product_id or -1)


def _variant(line: Line, args: Args, ctx: Context) -> Variant | None:
    return ctx.store.variants.get(line.line.variant_id or -1)


def _variant_title(line: Line, args: Args, ctx: Context) -> str | None:
    variant = _variant(line, args, ctx)
    return None if variant is None or variant.title == "Default Title" else variant.title


def _allocations(line: Line, args: Args, ctx: Context) -> list[dict[str, Any]]:
    applications = _discount_applications(line.order, {}, ctx)
    return [
        {"allocatedAmountSet": ctx.bag(amount), "discountApplication": applications[index]}
        for index, amount in totals.allocations(line.order, line.line)
    ]


def _discounted(line: Line, args: Args, ctx: Context) -> dict[str, Any]:
    """Without `withCodeDiscounts`, what order-level codes took off is not part of the line's discounted price."""
    by_code = bool(line.order.discount_codes) and not args.get("withCodeDiscounts")
    gross = line.line.unit_price * line.line.quantity
    return ctx.bag(gross if by_code else gross - line.line.discount)


def _per_unit(line: Line, amount: int) -> int:
    return round(amount / line.line.quantity) if line.line.quantity else 0


fields(
    "LineItem",
    {
        "id": lambda n, a, c: gid("LineItem", n.line.id),
        "title": lambda n, a, c: n.line.title,
        "name": lambda n, a, c: n.line.title,
        "variantTitle": _variant_title,
        "sku": lambda n, a, c: n.line.sku,
        "vendor": lambda n, a, c: p.vendor if (p := _product(n, a, c)) else None,
        "quantity": lambda n, a, c: n.line.quantity,
        "currentQuantity": lambda n, a, c: totals.current_quantity(n.line),
        "refundableQuantity": lambda n, a, c: totals.current_quantity(n.line),
        "product": _product,
        "variant": _variant,
        "customAttributes": lambda n, a, c: _attributes(n.line.properties),
        "discountAllocations": _allocations,
        "originalUnitPriceSet": lambda n, a, c: c.bag(n.line.unit_price),
        "originalTotalSet": lambda n, a, c: c.bag(n.line.unit_price * n.line.quantity),
        "discountedTotalSet": _discounted,
        "discountedUnitPriceAfterAllDiscountsSet": lambda n, a, c: c.bag(_per_unit(n, totals.line_net(n.line))),
        "totalDiscountSet": lambda n, a, c: c.bag(n.line.discount),
        "isGiftCard": lambda n, a, c: bool((p := _product(n, a, c)) and p.is_gift_card),
        "requiresShipping": lambda n, a, c: True,
        "taxable": lambda n, a, c: True,
    },
    Line,
)


def _parts(refund: OrderRefund, args: Args, ctx: Context) -> list[OrderRefundLine]:
    return [OrderRefundLine(refund.order, part) for part in refund.refund.lines]


def _refunded_line(part: OrderRefundLine, args: Args, ctx: Context) -> Line:
    line = next(line for line in part.order.lines if line.id == part.part.line_id)
    return Line(part.order, line)


fields(
    "Refund",
    {
        "id": lambda r, a, c: gid("Refund", r.id),
        "legacyResourceId": lambda r, a, c: str(r.id),
        "note": lambda r, a, c: r.refund.note or None,
        "createdAt": lambda r, a, c: iso(r.refund.created_at),
        "updatedAt": lambda r, a, c: iso(r.refund.created_at),
        "processedAt": lambda r, a, c: iso(r.refund.created_at),
        "order": lambda r, a, c: r.order,
        "totalRefundedSet": lambda r, a, c: c.bag(r.refund.amount),
        "refundLineItems": _parts,
    },
    OrderRefund,
)
fields(
    "RefundLineItem",
    {
        "id": lambda p, a, c: gid("RefundLineItem", p.id),
        "lineItem": _refunded_line,
        "quantity": lambda p, a, c: p.part.quantity,
        "priceSet": lambda p, a, c: c.bag(round(p.part.subtotal / p.part.quantity) if p.part.quantity else 0),
        "subtotalSet": lambda p, a, c: c.bag(p.part.subtotal),
        "totalTaxSet": lambda p, a, c: c.bag(0),
        "restockType": lambda p, a, c: "RETURN",
        "restocked": lambda p, a, c: True,
        "location": lambda p, a, c: Place(c.store.world.location_id),
    },
    OrderRefundLine,
)
for _kind in ("DiscountCodeApplication", "ManualDiscountApplication"):
    plain(_kind, ("allocationMethod", "index", "targetSelection", "targetType", "value"))
plain("DiscountCodeApplication", ("code",))
plain("ManualDiscountApplication", ("title", "description"))
plain("PricingPercentageValue", ("percentage",))
plain("DiscountAllocation", ("allocatedAmountSet", "discountApplication"))
plain("Attribute", ("key", "value"))
plain("MoneyBag", ("shopMoney", "presentmentMoney"))
plain("MoneyV2", ("amount", "currencyCode"))
