"""The pages that shoppers read: home, collections, products (also as JSON), articles; and the choice of a market."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from devstore.storefront import markets
from devstore.storefront.front import Front

FEATURED = 8
RAIL = 4
CHANCE = "random-products"
"""The section of products drawn by lot. Pages hold it while the theme's random rail is on; who asks for it by name gets
it always, so that simulated shoppers can compare with chance what people never see."""


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
        found = front.visit().catalog.collection(handle, request.args.get("sort_by", ""))
        return front.page("collection", collection=found) if found else front.not_found()

    @routes.get("/products/<handle>.js")
    def product_json(handle: str) -> Response:
        found = front.visit().catalog.product(handle)
        return jsonify(found.as_json()) if found else Response("Not Found", 404)

    @routes.get("/products/<handle>")
    @routes.get("/collections/<_collection>/products/<handle>")
    def product(handle: str, _collection: str = "") -> AnyResponse:
        chosen = request.args.get("variant", "")
        visit = front.visit()
        found = visit.catalog.product(handle, int(chosen) if chosen.isdigit() else None)
        if found is None:
            return front.not_found()
        chance = []
        if front.settings.random_rail or CHANCE in front.asked_sections():
            record, in_cart = front.store.products[found.id], front.in_cart(visit.cart)
            chance = front.recommender.at_random(visit.catalog, record, RAIL, in_cart)
        return front.page("product", product=found, chance=chance)

    @routes.get("/blogs/<blog>/<handle>")
    def article(blog: str, handle: str) -> AnyResponse:
        known = (one for one in front.store.articles.values() if (one.blog, one.handle) == (blog, handle))
        found = next((one for one in known if one.published_at is not None), None)
        if found is None:
            return front.not_found()
        return front.page("article", article={"title": found.title, "content": found.body})

    @routes.get("/products")
    def product_list() -> AnyResponse:
        return redirect(front.url("/collections/all"))

    @routes.post("/localization")
    def localization() -> AnyResponse:
        """The country or language that the visitor chose: the same page in that market's storefront."""
        store, form = front.store, request.form
        wanted = markets.of_country(store, form.get("country_code", ""))
        wanted = wanted or markets.of_language(store, form.get("language_code", form.get("locale_code", "")))
        path = markets.bare(store, local(form.get("return_to")))
        root = (wanted or front.market).root
        return redirect(root if root and path == "/" else root + path, 302)


def local(target: str | None) -> str:
    """Where to go next: never to another site."""
    return target if target and target.startswith("/") and not target.startswith(("//", "/\\")) else "/"
