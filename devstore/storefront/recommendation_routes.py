"""/recommendations/products and .json, Shopify's own: https://shopify.dev/docs/api/ajax/reference/product-recommendations."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response, request

from devstore.model import Product
from devstore.storefront.drops.product import ProductDrop
from devstore.storefront.drops.search import RecommendationsDrop
from devstore.storefront.front import Front
from devstore.storefront.recommend import INTENTS, LIMIT


def add_recommendations(routes: Blueprint, front: Front) -> None:
    @routes.get("/recommendations/products")
    def recommended_section() -> Response:
        asked = _asked(front)
        if isinstance(asked, Response):
            return asked
        drop = RecommendationsDrop(_found(front, asked), _intent())
        return front.page("product", product=front.visit().catalog.drop(asked.id), recommendations=drop, chance=[])

    @routes.get("/recommendations/products.json")
    def recommended() -> Response:
        asked = _asked(front)
        if isinstance(asked, Response):
            return asked
        return jsonify({"intent": _intent(), "products": [drop.as_json() for drop in _found(front, asked)]})


def _intent() -> str:
    return request.args.get("intent", "related")


def _asked(front: Front) -> Product | Response:
    """The product that is asked about, or the refusal."""
    number = request.args.get("product_id", "")
    if not number.isdigit():
        return _refused(422, "Invalid parameter", "A product_id value is missing")
    if _intent() not in INTENTS:
        return _refused(422, "Invalid parameter", f"The intent parameter must be one of {', '.join(INTENTS)}")
    if not 1 <= request.args.get("limit", LIMIT, int) <= LIMIT:
        return _refused(422, "Invalid parameter", f"The limit parameter must be between 1 and {LIMIT}")
    product = front.store.products.get(int(number))
    if product is None or not front.visit().catalog.visible(product):
        return _refused(404, "Product not found", f"No product with id {number} is published in the online store")
    return product


def _found(front: Front, product: Product) -> list[ProductDrop]:
    visit = front.visit()
    limit = request.args.get("limit", LIMIT, int)
    return front.recommender.recommend(visit.catalog, product, _intent(), limit, front.in_cart(visit.cart))


def _refused(status: int, message: str, description: str) -> Response:
    return make_response(jsonify({"status": status, "message": message, "description": description}), status)
