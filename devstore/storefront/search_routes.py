"""Search, and the suggestions below its field: /search, /search/suggest and /search/suggest.json.

https://shopify.dev/docs/api/ajax/reference/predictive-search
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request

from devstore.storefront.drops.collection import CollectionDrop
from devstore.storefront.drops.product import ProductDrop
from devstore.storefront.drops.search import PredictiveSearchDrop, SearchDrop
from devstore.storefront.front import Front

TYPES = ("query", "product", "collection", "page", "article")
DEFAULT_TYPES = "query,product,collection,page"
MOST = 10
FEATURED = 4


def add_search(routes: Blueprint, front: Front) -> None:
    @routes.get("/search")
    def search() -> Response:
        catalog = front.visit().catalog
        found = SearchDrop(catalog, request.args.get("q", ""), request.args.get("sort_by", ""))
        featured = [] if found.results_count else catalog.best_sellers(FEATURED)
        return front.page("search", search=found, featured=featured)

    @routes.get("/search/suggest")
    def suggest() -> Response:
        if problem := _problem():
            return problem
        drop = PredictiveSearchDrop(front.visit().catalog, request.args["q"], _limit())
        return front.page("search", search=SearchDrop(front.visit().catalog, ""), predictive_search=drop)

    @routes.get("/search/suggest.json")
    def suggest_json() -> Response:
        if problem := _problem():
            return problem
        found = PredictiveSearchDrop(front.visit().catalog, request.args["q"], _limit()).resources
        results: dict[str, list[Any]] = {}
        left = _limit()
        for kind in _types():
            name = "queries" if kind == "query" else f"{kind}s"
            shown = found[name][:left]
            # By default the limit is for all types together.
            left -= 0 if request.args.get("resources[limit_scope]") == "each" else len(shown)
            results[name] = [_product(d) if isinstance(d, ProductDrop) else _collection(d) for d in shown]
        return jsonify({"resources": {"results": results}})


def _types() -> list[str]:
    return [kind for kind in request.args.get("resources[type]", DEFAULT_TYPES).split(",") if kind]


def _limit() -> int:
    return request.args.get("resources[limit]", MOST, int)


def _problem() -> Response | None:
    if not request.args.get("q", "").strip():
        return _refused("Missing required parameter: q")
    if wrong := [kind for kind in _types() if kind not in TYPES]:
        return _refused(f"Invalid parameter: resources[type] {', '.join(wrong)}")
    if not 1 <= _limit() <= MOST:
        return _refused("Invalid parameter: resources[limit] must be between 1 and 10")
    return None


def _refused(description: str) -> Response:
    return make_response(jsonify({"status": 422, "message": "Unprocessable Entity", "description": description}), 422)


def _product(drop: ProductDrop) -> dict[str, Any]:
    image = drop.featured_image
    return {
        "available": drop.available,
        "body": drop.description,
        "compare_at_price_max": _decimal(drop.compare_at_price_max),
        "compare_at_price_min": _decimal(drop.compare_at_price_min),
        "handle": drop.handle,
        "id": drop.id,
        "image": image.src,
        "price": _decimal(drop.price),
        "price_max": _decimal(drop.price_max),
        "price_min": _decimal(drop.price_min),
        "tags": list(drop.tags),
        "title": drop.title,
        "type": drop.type,
        "url": drop.url,
        "variants": [],
        "vendor": drop.vendor,
        "featured_image": {"alt": image.alt, "aspect_ratio": image.aspect_ratio, "height": image.height,
                           "url": image.src, "width": image.width},
    }  # fmt: skip


def _collection(drop: CollectionDrop) -> dict[str, Any]:
    return {
        "body": drop.description, "handle": drop.handle, "id": drop.id, "published_at": None, "title": drop.title,
        "url": drop.url, "featured_image": {},
    }  # fmt: skip


def _decimal(minor: int) -> str:
    return f"{minor / 100:.2f}"
