"""How products, variants, images, collections and inventory are read."""

# ruff: noqa: ARG001, ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from datetime import datetime
from typing import Any

from devstore.admin_api.context import Context
from devstore.admin_api.errors import BadInput, NotSimulated
from devstore.admin_api.fields_metafields import HAS_METAFIELDS
from devstore.admin_api.gid import gid, number
from devstore.admin_api.registry import Args, fields, plain
from devstore.admin_api.views import Item, Level, Picture, Place
from devstore.clock import iso
from devstore.model import Collection, Product, Variant


def _time(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _variant_time(variant: Variant, ctx: Context) -> str:
    product = ctx.store.products.get(variant.product_id)
    moment = variant.updated_at or (product.updated_at if product else ctx.store.world.now)
    return iso(moment)


def _description(product: Product, args: Args, ctx: Context) -> str:
    limit = args.get("truncateAt")
    return product.description if limit is None else product.description[:limit]


def _price_range(product: Product, args: Args, ctx: Context) -> dict[str, Any]:
    prices = [variant.price for variant in product.variants] or [0]
    return {"minVariantPrice": ctx.money_v2(min(prices)), "maxVariantPrice": ctx.money_v2(max(prices))}


def _online_url(product: Product, args: Args, ctx: Context) -> str | None:
    shown = product.status == "ACTIVE" and product.published_at is not None
    return f"https://{ctx.options.shop_domain}/products/{product.handle}" if shown else None


def _options(product: Product, args: Args, ctx: Context) -> list[dict[str, Any]]:
    titles = list(dict.fromkeys(variant.title for variant in product.variants))
    return [{"id": gid("ProductOption", product.id), "name": "Title", "position": 1, "values": titles}]


fields(
    "Product",
    {
        **HAS_METAFIELDS,
        "id": lambda p, a, c: gid("Product", p.id),
        "legacyResourceId": lambda p, a, c: str(p.id),
        "handle": lambda p, a, c: p.handle,
        "title": lambda p, a, c: p.title,
        "description": _description,
        "descriptionHtml": lambda p, a, c: f"<p>{p.description}</p>" if p.description else "",
        "vendor": lambda p, a, c: p.vendor,
        "productType": lambda p, a, c: p.product_type,
        "tags": lambda p, a, c: sorted(p.tags),
        "status": lambda p, a, c: p.status,
        "createdAt": lambda p, a, c: iso(p.created_at),
        "updatedAt": lambda p, a, c: iso(p.updated_at),
        "publishedAt": lambda p, a, c: _time(p.published_at),
        "isGiftCard": lambda p, a, c: p.is_gift_card,
        "totalInventory": lambda p, a, c: sum(v.quantity for v in p.variants if v.tracked),
        "tracksInventory": lambda p, a, c: any(v.tracked for v in p.variants),
        "hasOnlyDefaultVariant": lambda p, a, c: [v.title for v in p.variants] == ["Default Title"],
        "hasOutOfStockVariants": lambda p, a, c: any(v.tracked and v.quantity <= 0 for v in p.variants),
        "variants": lambda p, a, c: _by_sort_key(p.variants, a),
        "variantsCount": lambda p, a, c: {"count": len(p.variants), "precision": "EXACT"},
        "options": _options,
        "collections": lambda p, a, c: c.store.collections_of(p.id),
        "inCollection": lambda p, a, c: p.id in c.store.collections[number(a["id"], "Collection")].product_ids,
        "featuredMedia": lambda p, a, c: Picture(p),
        "featuredImage": lambda p, a, c: _image(p, c),
        "media": lambda p, a, c: [Picture(p)],
        "images": lambda p, a, c: [_image(p, c)],
        "mediaCount": lambda p, a, c: {"count": 1, "precision": "EXACT"},
        "onlineStoreUrl": _online_url,
        "priceRangeV2": _price_range,
        "requiresSellingPlan": lambda p, a, c: False,
        "category": lambda p, a, c: None,
        "seo": lambda p, a, c: {"title": None, "description": None},
    },
    Product,
)


def _by_sort_key(variants: list[Variant], args: Args) -> list[Variant]:
    if args.get("sortKey", "POSITION") not in ("POSITION", "ID"):
        raise NotSimulated(f"sorting variants by {args['sortKey']}")
    found = variants if args.get("sortKey") != "ID" else sorted(variants, key=lambda v: v.id)
    return found[::-1] if args.get("reverse") else found


fields(
    "ProductVariant",
    {
        **HAS_METAFIELDS,
        "id": lambda v, a, c: gid("ProductVariant", v.id),
        "legacyResourceId": lambda v, a, c: str(v.id),
        "title": lambda v, a, c: v.title,
        "displayName": lambda v, a, c: f"{c.store.products[v.product_id].title} - {v.title}",
        "sku": lambda v, a, c: v.sku,
        "barcode": lambda v, a, c: None,
        "price": lambda v, a, c: c.money(v.price),
        "compareAtPrice": lambda v, a, c: None if v.compare_at_price is None else c.money(v.compare_at_price),
        "position": lambda v, a, c: v.position,
        "inventoryQuantity": lambda v, a, c: v.quantity,
        "sellableOnlineQuantity": lambda v, a, c: v.quantity,
        "inventoryPolicy": lambda v, a, c: "CONTINUE" if v.oversell else "DENY",
        "availableForSale": lambda v, a, c: not v.tracked or v.oversell or v.quantity > 0,
        "inventoryItem": lambda v, a, c: Item(v),
        "product": lambda v, a, c: c.store.products[v.product_id],
        "selectedOptions": lambda v, a, c: [{"name": "Title", "value": v.title}],
        "taxable": lambda v, a, c: True,
        "createdAt": lambda v, a, c: iso(c.store.products[v.product_id].created_at),
        "updatedAt": lambda v, a, c: _variant_time(v, c),
    },
    Variant,
)


def _url(product: Product, ctx: Context) -> str:
    return f"{ctx.options.origin}/cdn/products/{product.id}.svg"


def _image(product: Product, ctx: Context) -> dict[str, Any]:
    return {
        "__typename": "Image",
        "id": gid("ProductImage", product.id),
        "url": _url(product, ctx),
        "altText": product.image_text or product.title,
        "width": 800,
        "height": 800,
    }


fields(
    "MediaImage",
    {
        "id": lambda m, a, c: gid("MediaImage", m.id),
        "alt": lambda m, a, c: m.product.image_text or m.product.title,
        "mediaContentType": lambda m, a, c: "IMAGE",
        "status": lambda m, a, c: "READY",
        "mimeType": lambda m, a, c: "image/svg+xml",
        "image": lambda m, a, c: _image(m.product, c),
        "preview": lambda m, a, c: {"image": _image(m.product, c), "status": "READY"},
    },
    Picture,
)
plain("MediaPreviewImage", ("image", "status"))
plain("Image", ("id", "url", "altText", "width", "height"))
plain("ProductPriceRangeV2", ("minVariantPrice", "maxVariantPrice"))
plain("ProductOption", ("id", "name", "position", "values"))
plain("SEO", ("title", "description"))
plain("SelectedOption", ("name", "value"))
plain("Count", ("count", "precision"))


def _products(collection: Collection, args: Args, ctx: Context) -> list[Product]:
    if args.get("sortKey", "COLLECTION_DEFAULT") not in ("COLLECTION_DEFAULT", "MANUAL", "BEST_SELLING", "ID"):
        raise NotSimulated(f"sorting a collection's products by {args['sortKey']}")
    ids = sorted(collection.product_ids) if args.get("sortKey") == "ID" else collection.product_ids
    found = [ctx.store.products[i] for i in ids if i in ctx.store.products]
    return found[::-1] if args.get("reverse") else found


fields(
    "Collection",
    {
        **HAS_METAFIELDS,
        "id": lambda k, a, c: gid("Collection", k.id),
        "legacyResourceId": lambda k, a, c: str(k.id),
        "handle": lambda k, a, c: k.handle,
        "title": lambda k, a, c: k.title,
        "description": lambda k, a, c: k.description,
        "descriptionHtml": lambda k, a, c: f"<p>{k.description}</p>" if k.description else "",
        "updatedAt": lambda k, a, c: iso(k.updated_at),
        "sortOrder": lambda k, a, c: k.sort_order,
        "products": _products,
        "productsCount": lambda k, a, c: {"count": len(k.product_ids), "precision": "EXACT"},
        "hasProduct": lambda k, a, c: number(a["id"], "Product") in k.product_ids,
    },
    Collection,
)


def _level_at(item: Item, args: Args, ctx: Context) -> Level | None:
    here = number(args["locationId"], "Location") == ctx.store.world.location_id
    return Level(item.variant) if here else None


fields(
    "InventoryItem",
    {
        "id": lambda i, a, c: gid("InventoryItem", i.id),
        "legacyResourceId": lambda i, a, c: str(i.id),
        "sku": lambda i, a, c: i.variant.sku,
        "tracked": lambda i, a, c: i.variant.tracked,
        "requiresShipping": lambda i, a, c: True,
        "createdAt": lambda i, a, c: iso(c.store.products[i.variant.product_id].created_at),
        "updatedAt": lambda i, a, c: _variant_time(i.variant, c),
        "unitCost": lambda i, a, c: None,
        "inventoryLevels": lambda i, a, c: [Level(i.variant)],
        "inventoryLevel": _level_at,
        "variant": lambda i, a, c: i.variant,
        "variants": lambda i, a, c: [i.variant],
    },
    Item,
)


_QUANTITY_NAMES = (
    "available", "on_hand", "committed", "incoming", "reserved", "damaged", "safety_stock", "quality_control",
)  # fmt: skip


def _quantities(level: Level, args: Args, ctx: Context) -> list[dict[str, Any]]:
    """Everything sellable is available, and nothing is committed: orders ship the moment they are placed."""
    have = dict.fromkeys(_QUANTITY_NAMES, 0) | dict.fromkeys(("available", "on_hand"), level.variant.quantity)
    if unknown := set(args["names"]) - set(have):
        raise BadInput(f"The inventory quantity names {sorted(unknown)} do not exist")
    return [
        {
            "id": gid("InventoryQuantity", level.id),
            "name": name,
            "quantity": have[name],
            "updatedAt": _variant_time(level.variant, ctx),
        }
        for name in args["names"]
    ]


fields(
    "InventoryLevel",
    {
        "id": lambda s, a, c: f"{gid('InventoryLevel', s.id)}?inventory_item_id={s.id}",
        "item": lambda s, a, c: Item(s.variant),
        "location": lambda s, a, c: Place(c.store.world.location_id),
        "quantities": _quantities,
        "isActive": lambda s, a, c: True,
        "createdAt": lambda s, a, c: iso(c.store.products[s.variant.product_id].created_at),
        "updatedAt": lambda s, a, c: _variant_time(s.variant, c),
    },
    Level,
)
plain("InventoryQuantity", ("id", "name", "quantity", "updatedAt"))
fields(
    "Location",
    {
        "id": lambda o, a, c: gid("Location", o.id),
        "legacyResourceId": lambda o, a, c: str(o.id),
        "name": lambda o, a, c: "Shop location",
        "isActive": lambda o, a, c: True,
        "fulfillsOnlineOrders": lambda o, a, c: True,
        "shipsInventory": lambda o, a, c: True,
    },
    Place,
)
