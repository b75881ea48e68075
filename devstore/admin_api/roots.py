"""The query roots: where a request enters the shop."""

# ruff: noqa: ARG001, ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devstore.admin_api.context import Context
from devstore.admin_api.errors import BadInput, NotSimulated
from devstore.admin_api.fields_discounts import node_of
from devstore.admin_api.gid import gid, number, split
from devstore.admin_api.registry import Args, Getter, fields
from devstore.admin_api.search import (
    ARTICLE,
    ITEM,
    collection_search,
    customer_search,
    order_search,
    product_search,
    search,
    variant_search,
)
from devstore.admin_api.views import Item, Level, OrderRefund, Place
from devstore.model import Customer, Order
from devstore.store import Store


def _installation(root: Any, args: Args, ctx: Context) -> dict[str, Any]:
    return {"__typename": "AppInstallation", "id": gid("AppInstallation", ctx.store.app_installation_id)}


def _installation_by_id(root: Any, args: Args, ctx: Context) -> dict[str, Any] | None:
    """An app sees its own installation only, which is also what it gets without an id."""
    own = args.get("id") is None or number(args["id"], "AppInstallation") == ctx.store.app_installation_id
    return _installation(root, args, ctx) if own else None


def _orders(root: Any, args: Args, ctx: Context) -> list[Order]:
    return order_search(ctx.visible(list(ctx.store.orders.values())), args, ctx)


def _count(records: list[Any], args: Args) -> dict[str, Any]:
    limit = args.get("limit", 10_000)
    if limit is not None and len(records) > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": len(records), "precision": "EXACT"}


_RECORDS: dict[str, Callable[[Store], dict[int, Any]]] = {
    "Product": lambda store: store.products,
    "ProductVariant": lambda store: store.variants,
    "Collection": lambda store: store.collections,
    "Customer": lambda store: store.customers,
    "Segment": lambda store: store.segments,
    "Article": lambda store: store.articles,
}


def find(kind: str, n: int, ctx: Context) -> Any:  # noqa: PLR0911 -- one line per kind of record.
    """The record of a global id, or None; a kind that has no records here is `NotSimulated`."""
    store = ctx.store
    if kind in _RECORDS:
        return _RECORDS[kind](store).get(n)
    match kind:
        case "Order":
            order = store.orders.get(n)
            return order if order is not None and ctx.sees(order) else None
        case "Refund":
            return _refund(n, ctx)
        case "InventoryItem" | "InventoryLevel":
            variant = store.variants.get(store.variant_of_item.get(n, -1))
            return variant and (Item(variant) if kind == "InventoryItem" else Level(variant))
        case "Location":
            return Place(n) if n == store.world.location_id else None
        case "BulkOperation":
            return ctx.bulk.get(n)
        case "Shop":
            return store.world.shop if n == store.world.shop.id else None
        case "Market":
            return next((market for market in store.markets if market.id == n), None)
        case "DiscountCodeNode" | "DiscountNode":
            return node_of(n, kind, ctx)
        case "MetafieldDefinition":
            return next((d for d in store.definitions.values() if d.id == n), None)
        case "AppInstallation":
            return _installation(None, {}, ctx) if n == store.app_installation_id else None
    raise NotSimulated(f"node of type {kind}")


def _refund(n: int, ctx: Context) -> OrderRefund | None:
    pairs = ((o, r) for o in ctx.store.orders.values() for r in o.refunds if r.id == n)
    found = next(pairs, None)
    return OrderRefund(*found) if found and ctx.sees(found[0]) else None


def by_id(kind: str) -> Getter:
    return lambda root, args, ctx: find(kind, number(args["id"], kind), ctx)


def _location(root: Any, args: Args, ctx: Context) -> Place | None:
    location_id = ctx.store.world.location_id
    asked = number(args["id"], "Location") if args.get("id") else location_id
    return Place(location_id) if asked == location_id else None


def _identified(kind: str) -> Getter:
    """``productByIdentifier(identifier: {id | handle})`` and its like."""

    def get(root: Any, args: Args, ctx: Context) -> Any:
        ((way, value),) = args["identifier"].items()
        match way:
            case "id":
                return find(kind, number(value, kind), ctx)
            case "handle" if kind == "Product":
                return ctx.store.product_by_handle(value)
            case "handle":
                return ctx.store.collection_by_handle(value)
            case "emailAddress":
                return ctx.store.customer_by_email(value)
        raise NotSimulated(f"{kind} by {way}")

    return get


def _node(root: Any, args: Args, ctx: Context) -> Any:
    return find(*split(args["id"]), ctx)


def _nodes(root: Any, args: Args, ctx: Context) -> list[Any]:
    if len(args["ids"]) > 250:
        raise BadInput("nodes accepts at most 250 ids")
    return [find(*split(value), ctx) for value in args["ids"]]


def _bulk_operations(root: Any, args: Args, ctx: Context) -> list[Any]:
    found = search(ctx.bulk.all(), {"query": args.get("query")}, _BULK_SEARCH)
    return found if args.get("reverse") else found[::-1]


_BULK_SEARCH: dict[str, Any] = {
    "id": lambda b: b.id,
    "status": lambda b: b.status,
    "operation_type": lambda b: b.type,
    "created_at": lambda b: b.created_at,
}


def _customers(root: Any, args: Args, ctx: Context) -> list[Customer]:
    return customer_search(list(ctx.store.customers.values()), args, ctx)


fields(
    "QueryRoot",
    {
        "shop": lambda r, a, c: c.store.world.shop,
        "currentAppInstallation": _installation,
        "appInstallation": _installation_by_id,
        "node": _node,
        "nodes": _nodes,
        "product": by_id("Product"),
        "productByIdentifier": _identified("Product"),
        "productByHandle": lambda r, a, c: c.store.product_by_handle(a["handle"]),
        "products": lambda r, a, c: product_search(list(c.store.products.values()), a, c),
        "productsCount": lambda r, a, c: _count(product_search(list(c.store.products.values()), a, c), a),
        "productVariant": by_id("ProductVariant"),
        "productVariants": lambda r, a, c: variant_search(list(c.store.variants.values()), a, c),
        "productVariantsCount": lambda r, a, c: _count(variant_search(list(c.store.variants.values()), a, c), a),
        "collection": by_id("Collection"),
        "collectionByIdentifier": _identified("Collection"),
        "collectionByHandle": lambda r, a, c: c.store.collection_by_handle(a["handle"]),
        "collections": lambda r, a, c: collection_search(list(c.store.collections.values()), a, c),
        "collectionsCount": lambda r, a, c: _count(collection_search(list(c.store.collections.values()), a, c), a),
        "article": by_id("Article"),
        "articles": lambda r, a, c: search(list(c.store.articles.values()), a, ARTICLE),
        "customer": by_id("Customer"),
        "customerByIdentifier": _identified("Customer"),
        "customers": _customers,
        "customersCount": lambda r, a, c: _count(_customers(r, a, c), a),
        "order": by_id("Order"),
        "orderByIdentifier": _identified("Order"),
        "orders": _orders,
        "ordersCount": lambda r, a, c: _count(_orders(r, a, c), a),
        "refund": by_id("Refund"),
        "inventoryItem": by_id("InventoryItem"),
        "inventoryItems": lambda r, a, c: search([Item(v) for v in c.store.variants.values()], a, ITEM),
        "inventoryLevel": by_id("InventoryLevel"),
        "location": _location,
        "locations": lambda r, a, c: [Place(c.store.world.location_id)],
        "bulkOperation": by_id("BulkOperation"),
        "bulkOperations": _bulk_operations,
    },
)
