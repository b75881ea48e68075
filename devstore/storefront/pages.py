"""The pages that shoppers read: home, collections, products, and the product as JSON."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from devstore.storefront.front import Front

FEATURED = 8


def add_pages(routes: Blueprint, front: Front) -> None:
    @routes.get("/")
    def home() -> Response:
        best = front.visit().catalog.best_sellers(FEATURED)
        return front.page("index", featured=best)

    @routes.get("/collections")
    def collection_list() -> Response:
        return front.page("list-collections")

    @routes.get("/collections/<handle>")
    def collection(handle: str) -> Response:
        found = front.visit().catalog.collection(handle)
        return front.page("collection", collection=found) if found else front.not_found()

    @routes.get("/products/<handle>.js")
    def product_json(handle: str) -> Response:
        found = front.visit().catalog.product(handle)
        return jsonify(found.as_json()) if found else Response("Not Found", 404)

    @routes.get("/products/<handle>")
    @routes.get("/collections/<_collection>/products/<handle>")
    def product(handle: str, _collection: str = "") -> AnyResponse:
        chosen = request.args.get("variant", "")
        found = front.visit().catalog.product(handle, int(chosen) if chosen.isdigit() else None)
        return front.page("product", product=found) if found else front.not_found()

    @routes.get("/products")
    def products() -> AnyResponse:
        return redirect("/collections/all")
