"""The shop's public side: a theme rendered in Liquid, carts, a checkout, the app proxy and drawn images.

It renders the real files of the app's theme extensions; everything else is a theme of our own, made to look like a
small shop. `blueprint` is all that the devstore's server needs of it.
"""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from devstore.options import Options
from devstore.store import Store
from devstore.storefront.blocks import liquid_errors
from devstore.storefront.cart_routes import add_cart_routes
from devstore.storefront.checkout import add_checkout
from devstore.storefront.files import add_files
from devstore.storefront.front import Front
from devstore.storefront.pages import add_pages
from devstore.storefront.proxy import TIMEOUT_S, add_proxy

__all__ = ["blueprint", "liquid_errors"]

NOT_THE_SHOP = ("/admin", "/_")
"""Where a missing page is answered by others, or plainly."""


def blueprint(store: Store, options: Options, *, proxy_timeout_s: float = TIMEOUT_S) -> Blueprint:
    """All routes of the storefront."""
    routes = Blueprint("storefront", __name__)
    front = Front.open(store, options)
    for add in (add_pages, add_cart_routes, add_checkout, add_files):
        add(routes, front)
    add_proxy(routes, front, proxy_timeout_s)

    @routes.before_request
    def sections() -> ResponseReturnValue | None:
        proxy = options.app_toml.app_proxy
        if proxy is not None and request.path.startswith(proxy.path_prefix):
            return None
        asked = {"section_id", "sections"} & set(request.args)
        return ("The devstore does not simulate the Section Rendering API.", 501) if asked else None

    @routes.app_errorhandler(404)
    def missing(error: NotFound) -> ResponseReturnValue:
        return error if request.path.startswith(NOT_THE_SHOP) else front.not_found()

    return routes
