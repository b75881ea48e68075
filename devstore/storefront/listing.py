"""The public lists that every Shopify store serves: /products.json and /collections.json, at most 250 a page.

Undocumented, but stable for many years, and what feed readers and scrapers use. Only what shoppers may see is listed.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from devstore.model import Product
from devstore.storefront.front import Front

MOST = 250
DEFAULT = 30


def add_listing(routes: Blueprint, front: Front) -> None:
    @routes.get("/products.json")
    def listed_products() -> Response:
        catalog = front.visit().catalog
        listed = [product for product in list(front.store.products.values()) if catalog.visible(product)]
        return jsonify({"products": [_product(product) for product in _page(listed)]})

    @routes.get("/collections.json")
    def listed_collections() -> Response:
        listed = list(front.store.collections.values())
        return jsonify({"collections": [{"id": c.id, "handle": c.handle, "title": c.title} for c in _page(listed)]})


def _page(listed: list[Any]) -> list[Any]:
    limit = min(max(request.args.get("limit", DEFAULT, int), 1), MOST)
    start = (max(request.args.get("page", 1, int), 1) - 1) * limit
    return listed[start : start + limit]


def _product(product: Product) -> dict[str, Any]:
    return {
        "id": product.id,
        "handle": product.handle,
        "title": product.title,
        "vendor": product.vendor,
        "product_type": product.product_type,
        "variants": [{"id": variant.id, "title": variant.title} for variant in product.variants],
    }
