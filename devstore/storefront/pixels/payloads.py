"""What standard events carry, in the shapes of @shopify/web-pixels-extension 2.18 (types/PixelEvents).

Ids are numeric strings, money is {amount, currencyCode} in the visitor's currency.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from devstore.model import Order
from devstore.storefront.catalog import Catalog
from devstore.storefront.drops.cart import CartDrop, LineItemDrop
from devstore.storefront.drops.collection import CollectionDrop
from devstore.storefront.drops.product import ProductDrop
from devstore.storefront.drops.variant import VariantDrop
from devstore.storefront.visit import Visit

Json = dict[str, Any]


def money(catalog: Catalog, minor: int) -> Json:
    return {"amount": minor / 100, "currencyCode": catalog.market.currency}


def variant(catalog: Catalog, product: ProductDrop, chosen: VariantDrop | None = None) -> Json:
    """ProductVariant: the one given, or the product's first that can be bought."""
    found = chosen or product.selected_or_first_available_variant
    assert found is not None, "a product has at least one variant"
    return {
        "id": str(found.id),
        "image": {"src": product.featured_image.src},
        "price": money(catalog, found.price),
        "product": {
            "id": str(product.id), "title": product.title, "type": product.type, "untranslatedTitle": product.title,
            "url": product.url, "vendor": product.vendor,
        },
        "sku": found.sku,
        "title": found.title,
        "untranslatedTitle": found.title,
    }  # fmt: skip


def variants(catalog: Catalog, products: Iterable[ProductDrop]) -> list[Json]:
    return [variant(catalog, product) for product in products]


def collection(catalog: Catalog, shown: CollectionDrop, page: Iterable[ProductDrop]) -> Json:
    return {"id": str(shown.id), "title": shown.title, "productVariants": variants(catalog, page)}


def line(catalog: Catalog, item: LineItemDrop, quantity: int | None = None) -> Json:
    """CartLine; `quantity` is how many were added or removed, if not all of it."""
    count = item.quantity if quantity is None else quantity
    return {
        "cost": {"totalAmount": money(catalog, item.final_price * count)},
        "merchandise": variant(catalog, item.product, item.variant),
        "quantity": count,
    }


def attributes(pairs: Iterable[tuple[str, str]]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in pairs]


def cart(catalog: Catalog, drop: CartDrop) -> Json | None:
    """Cart; null while nothing is in it."""
    if drop.empty:
        return None
    return {
        "attributes": attributes(drop.attributes.items()),
        "cost": {"totalAmount": money(catalog, drop.total_price)},
        "id": drop.token,
        "lines": [line(catalog, item) for item in drop.items],
        "totalQuantity": drop.item_count,
    }


def checkout(visit: Visit, drop: CartDrop, order: Order | None = None, discount: int = 0) -> Json:
    """Checkout: of a cart that is about to be bought, or of the order that came of it.

    Args:
        discount: what codes took off the order, in minor units of the visitor's currency.
    """
    catalog = visit.catalog
    market, none = catalog.market, money(catalog, 0)
    total = money(catalog, drop.total_price - discount)
    return {
        "attributes": attributes(drop.attributes.items()),
        "billingAddress": None,
        "buyerAcceptsEmailMarketing": False,
        "buyerAcceptsSmsMarketing": False,
        "currencyCode": market.currency,
        "delivery": {"selectedDeliveryOptions": []},
        "discountApplications": [],
        "discountsAmount": money(catalog, discount),
        "email": order.email if order else (visit.customer.email if visit.customer else None),
        "lineItems": [_line_item(catalog, item) for item in drop.items],
        "localization": {
            "country": {"isoCode": market.countries[0]},
            "language": {"isoCode": market.locale},
            "market": {"handle": market.handle, "id": f"gid://shopify/Market/{market.id}"},
        },
        "order": _order(catalog, order) if order else None,
        "phone": None,
        "shippingAddress": None,
        "shippingLine": {"price": none},
        "smsMarketingPhone": None,
        "subtotalPrice": total,
        "token": drop.token,
        "totalPrice": total,
        "totalTax": none,
        "transactions": [] if order is None else [{
            "amount": total, "gateway": "bogus", "paymentMethod": {"name": "bogus", "type": "manualPayment"},
        }],
    }  # fmt: skip


def _line_item(catalog: Catalog, item: LineItemDrop) -> Json:
    return {
        "discountAllocations": [],
        "finalLinePrice": money(catalog, item.final_line_price),
        "id": str(item.variant_id),
        "properties": attributes(item.properties),
        "quantity": item.quantity,
        "sellingPlanAllocation": None,
        "title": item.product_title,
        "variant": variant(catalog, item.product, item.variant),
    }


def _order(catalog: Catalog, order: Order) -> Json:
    bought = len(catalog.store.orders_of.get(order.customer_id, ())) if order.customer_id is not None else 0
    customer = {"id": str(order.customer_id), "isFirstOrder": bought <= 1} if order.customer_id is not None else None
    return {"id": str(order.id), "customer": customer}
