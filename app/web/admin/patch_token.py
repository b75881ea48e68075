"""The page that fetches a fresh ID token: it only loads App Bridge, which then loads ``shopify-reload`` with a token.

https://shopify.dev/docs/apps/build/authentication-authorization/id-tokens
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from app.core.shops import shop_domain
from app.web.doors import PATCH_PATH
from app.web.problems import problem
from app.wiring.web import Web


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("patch_token", __name__)
    app_url = wiring.settings.app_url

    @routes.get(PATCH_PATH)
    def patch_token() -> Response:
        back = request.args.get("shopify-reload", "")
        if not _is_ours(back, app_url):
            return problem(400, "shopify-reload must be an address of this app")
        try:
            shop_domain(request.args.get("shop", ""))
        except ValueError:
            return problem(400, "the shop is missing")
        return Response(render_template("admin/patch_token.html"), mimetype="text/html")

    return routes


def _is_ours(address: str, app_url: str) -> bool:
    """Only our own pages: App Bridge hands an ID token to the address, which must not leave the house."""
    return address == app_url or address.startswith((f"{app_url}/", f"{app_url}?"))
