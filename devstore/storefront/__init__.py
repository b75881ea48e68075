"""The shop's public side: a theme rendered in Liquid, carts, a checkout, the app proxy, web pixels and drawn images.

It renders the real files of the app's theme extensions; everything else is a theme of our own, made to look like a
small shop. `blueprint` is all that the devstore's server needs of it.
"""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from devstore.options import Options
from devstore.store import Store
from devstore.storefront.blocks import liquid_errors
from devstore.storefront.cart_routes import add_cart_routes
from devstore.storefront.checkout import add_checkout
from devstore.storefront.files import add_files
from devstore.storefront.front import Front
from devstore.storefront.listing import add_listing
from devstore.storefront.markets import NOT_LOCALISED, Roots
from devstore.storefront.pages import add_pages
from devstore.storefront.pixels.sandbox import add_sandbox
from devstore.storefront.proxy import TIMEOUT_S, add_proxy
from devstore.storefront.recommendation_routes import add_recommendations
from devstore.storefront.search_routes import add_search
from devstore.storefront.theme_settings import ThemeSettings

__all__ = ["ThemeSettings", "blueprint", "liquid_errors"]

PARTS = (
    add_pages, add_search, add_recommendations, add_cart_routes, add_checkout, add_files, add_listing, add_sandbox,
)  # fmt: skip


def blueprint(
    store: Store, options: Options, settings: ThemeSettings | None = None, *, proxy_timeout_s: float = TIMEOUT_S
) -> Blueprint:
    """All routes of the storefront; `settings` are those that the theme editor changes."""
    routes = Blueprint("storefront", __name__)
    front = Front.open(store, options, settings or ThemeSettings.open(options))
    for add in PARTS:
        add(routes, front)
    add_proxy(routes, front, proxy_timeout_s)

    @routes.record
    def with_markets(state: BlueprintSetupState) -> None:
        app = cast(Flask, state.app)
        app.extensions["devstore_front"] = front
        app.wsgi_app = Roots(app.wsgi_app, store)  # type: ignore[method-assign]

    @routes.app_errorhandler(404)
    def missing(error: NotFound) -> ResponseReturnValue:
        # Where a missing page is answered by others, or plainly.
        plain = request.path.startswith(NOT_LOCALISED) or error.response is not None
        return error if plain or {"section_id", "sections"} & set(request.args) else front.not_found()

    return routes
