"""How code discounts are read: the nodes, what they take off, from what and for whom, and their codes."""

# ruff: noqa: ARG001, ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from typing import Any

from devstore.admin_api.context import Context
from devstore.admin_api.gid import gid, number
from devstore.admin_api.registry import Args, fields, plain
from devstore.admin_api.search import search
from devstore.admin_api.views import AnyNode, CodeNode
from devstore.clock import iso
from devstore.model import Discount, RedeemCode

DISCOUNT: dict[str, Any] = {
    "id": lambda n: n.id,
    "title": lambda n: n.title,
    "status": lambda n: n.status,
    "code": lambda n: tuple(code.code for code in n.discount.codes),
    "created_at": lambda n: n.created_at,
    "updated_at": lambda n: n.updated_at,
    "starts_at": lambda n: n.discount.starts_at,
    "ends_at": lambda n: n.discount.ends_at,
    "times_used": lambda n: uses(n.discount),
    "discount_class": lambda n: n.discount.kind,
    "discount_type": lambda n: "percentage" if n.discount.percentage is not None else "fixed_amount",
    "method": lambda n: "code",
    "tag": lambda n: n.discount.tags,
}
_CODE: dict[str, Any] = {"id": lambda k: k.id, "code": lambda k: k.code, "times_used": lambda k: k.uses}


def uses(discount: Discount) -> int:
    return sum(code.uses for code in discount.codes)


def code_node(discount: Discount, ctx: Context) -> CodeNode:
    return CodeNode(discount, discount.status(ctx.store.clock.now()))


def node_of(discount_id: int, kind: str, ctx: Context) -> CodeNode | None:
    """The discount as a DiscountCodeNode or a DiscountNode."""
    discount = ctx.store.discounts.get(discount_id)
    if discount is None:
        return None
    cls = AnyNode if kind == "DiscountNode" else CodeNode
    return cls(discount, discount.status(ctx.store.clock.now()))


def found_nodes(args: Args, ctx: Context, kind: str = "DiscountCodeNode") -> list[CodeNode]:
    """The nodes that a connection's arguments ask for."""
    nodes = [node for i in ctx.store.discounts if (node := node_of(i, kind, ctx))]
    return search(nodes, args, DISCOUNT)


def _by_code(root: Any, args: Args, ctx: Context) -> CodeNode | None:
    discount = ctx.store.discount_by_code(args["code"])
    return code_node(discount, ctx) if discount else None


def _limited(found: int, args: Args) -> dict[str, Any]:
    limit = args.get("limit")
    return {
        "count": min(found, limit) if limit is not None else found,
        "precision": "AT_LEAST" if limit is not None and found > limit else "EXACT",
    }


fields(
    "QueryRoot",
    {
        "codeDiscountNode": lambda r, a, c: node_of(number(a["id"], "DiscountCodeNode"), "DiscountCodeNode", c),
        "codeDiscountNodeByCode": _by_code,
        "codeDiscountNodes": lambda r, a, c: found_nodes(a, c),
        "discountNode": lambda r, a, c: node_of(number(a["id"], "DiscountNode"), "DiscountNode", c),
        "discountNodes": lambda r, a, c: found_nodes(a, c, "DiscountNode"),
        "discountNodesCount": lambda r, a, c: _limited(len(found_nodes({"query": a.get("query")}, c)), a),
    },
)
fields(
    "DiscountCodeNode",
    {"id": lambda n, a, c: gid("DiscountCodeNode", n.id), "codeDiscount": lambda n, a, c: n.discount},
    CodeNode,
)
fields(
    "DiscountNode",
    {"id": lambda n, a, c: gid("DiscountNode", n.id), "discount": lambda n, a, c: n.discount},
    AnyNode,
)


def _value(discount: Discount, ctx: Context) -> dict[str, Any]:
    if discount.percentage is not None:
        return {"__typename": "DiscountPercentage", "percentage": discount.percentage}
    amount = ctx.money_v2(discount.amount)
    return {"__typename": "DiscountAmount", "amount": amount, "appliesOnEachItem": discount.each}


def _items(discount: Discount, ctx: Context) -> dict[str, Any]:
    store = ctx.store
    if discount.collection_ids:
        found = [store.collections[i] for i in discount.collection_ids if i in store.collections]
        return {"__typename": "DiscountCollections", "collections": found}
    if discount.entitled_only:
        return {
            "__typename": "DiscountProducts",
            "products": [store.products[i] for i in discount.product_ids if i in store.products],
            "productVariants": [store.variants[i] for i in discount.variant_ids if i in store.variants],
        }
    return {"__typename": "AllDiscountItems", "allItems": True}


def _gets(discount: Discount, args: Args, ctx: Context) -> dict[str, Any]:
    return {
        "value": _value(discount, ctx),
        "items": _items(discount, ctx),
        "appliesOnOneTimePurchase": True,
        "appliesOnSubscription": False,
    }


def _context(discount: Discount, args: Args, ctx: Context) -> dict[str, Any]:
    store = ctx.store
    if discount.customer_ids is not None:
        customers = [store.customers[i] for i in discount.customer_ids if i in store.customers]
        return {"__typename": "DiscountCustomers", "customers": customers}
    if discount.segment_ids is not None:
        segments = [store.segments[i] for i in discount.segment_ids if i in store.segments]
        return {"__typename": "DiscountCustomerSegments", "segments": segments}
    return {"__typename": "DiscountBuyerSelectionAll", "all": "ALL"}


def _selection(discount: Discount, args: Args, ctx: Context) -> dict[str, Any]:
    """The deprecated spelling of the context."""
    found = _context(discount, args, ctx)
    everybody = found["__typename"] == "DiscountBuyerSelectionAll"
    return {"__typename": "DiscountCustomerAll", "allCustomers": True} if everybody else found


def _minimum(discount: Discount, args: Args, ctx: Context) -> dict[str, Any] | None:
    if discount.minimum_quantity is not None:
        least = str(discount.minimum_quantity)
        return {"__typename": "DiscountMinimumQuantity", "greaterThanOrEqualToQuantity": least}
    if discount.minimum_subtotal is not None:
        money = ctx.money_v2(discount.minimum_subtotal)
        return {"__typename": "DiscountMinimumSubtotal", "greaterThanOrEqualToSubtotal": money}
    return None


def _combines(discount: Discount, args: Args, ctx: Context) -> dict[str, Any]:
    allowed = {f"{kind.lower()}Discounts": kind in discount.combines_with for kind in ("ORDER", "PRODUCT", "SHIPPING")}
    return {**allowed, "productDiscountsWithTagsOnSameCartLine": None}


def _summary(discount: Discount, args: Args, ctx: Context) -> str:
    if discount.percentage is not None:
        off = f"{discount.percentage * 100:g}% off"
    else:
        off = f"{ctx.money(discount.amount)} {ctx.store.world.shop.currency} off"
    if not discount.entitled_only:
        return f"{off} entire order"
    count, noun = len(discount.collection_ids), "collection"
    if not count:
        count, noun = len(discount.product_ids) + len(discount.variant_ids), "product"
    return f"{off} {count} {noun}{'' if count == 1 else 's'}"


fields(
    "DiscountCodeBasic",
    {
        "title": lambda d, a, c: d.title,
        "status": lambda d, a, c: d.status(c.store.clock.now()),
        "summary": _summary,
        "shortSummary": _summary,
        "startsAt": lambda d, a, c: iso(d.starts_at),
        "endsAt": lambda d, a, c: iso(d.ends_at) if d.ends_at else None,
        "createdAt": lambda d, a, c: iso(d.created_at),
        "updatedAt": lambda d, a, c: iso(d.updated_at),
        "appliesOncePerCustomer": lambda d, a, c: d.once_per_customer,
        "usageLimit": lambda d, a, c: d.usage_limit,
        "asyncUsageCount": lambda d, a, c: uses(d),
        "codes": lambda d, a, c: search(d.codes, a, _CODE),
        "codesCount": lambda d, a, c: {"count": len(d.codes), "precision": "EXACT"},
        "context": _context,
        "customerSelection": _selection,
        "customerGets": _gets,
        "minimumRequirement": _minimum,
        "combinesWith": _combines,
        "discountClass": lambda d, a, c: d.kind,
        "discountClasses": lambda d, a, c: [d.kind],
        "recurringCycleLimit": lambda d, a, c: None,
        "hasTimelineComment": lambda d, a, c: False,
        "tags": lambda d, a, c: list(d.tags),
    },
    Discount,
)
fields(
    "DiscountRedeemCode",
    {
        "id": lambda k, a, c: gid("DiscountRedeemCode", k.id),
        "code": lambda k, a, c: k.code,
        "asyncUsageCount": lambda k, a, c: k.uses,
    },
    RedeemCode,
)
plain("DiscountPercentage", ("percentage",))
plain("DiscountAmount", ("amount", "appliesOnEachItem"))
plain("DiscountCollections", ("collections",))
plain("DiscountProducts", ("products", "productVariants"))
plain("AllDiscountItems", ("allItems",))
plain("DiscountCustomerGets", ("value", "items", "appliesOnOneTimePurchase", "appliesOnSubscription"))
plain("DiscountCustomers", ("customers",))
plain("DiscountCustomerSegments", ("segments",))
plain("DiscountBuyerSelectionAll", ("all",))
plain("DiscountCustomerAll", ("allCustomers",))
plain("DiscountMinimumQuantity", ("greaterThanOrEqualToQuantity",))
plain("DiscountMinimumSubtotal", ("greaterThanOrEqualToSubtotal",))
plain(
    "DiscountCombinesWith",
    ("orderDiscounts", "productDiscounts", "shippingDiscounts", "productDiscountsWithTagsOnSameCartLine"),
)
plain("DiscountUserError", ("code", "extraInfo", "field", "message"))
