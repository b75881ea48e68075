"""What every answer carries so that browsers treat it as meant: who may frame it, what it is, what it may load.

Embedded pages may be framed by their own shop's admin only, named in full; a wildcard would let one shop's page be
framed from another's.
"""

from __future__ import annotations

from flask import Flask, Response, g, request

from app.core.ids import ShopDomain
from app.core.shops import Shop, shop_domain
from app.wiring.web import Web

ADMIN_ORIGIN = "https://admin.shopify.com"
UNFRAMED = frozenset({"klaviyo_way"})
"""Blueprints of pages in the browser's own window: nobody may lay them under a page of theirs."""


def register(app: Flask, wiring: Web) -> None:
    test_origin = wiring.settings.shopify_test_origin
    secure = wiring.settings.app_url.startswith("https://")

    @app.after_request
    def harden(answer: Response) -> Response:
        headers = answer.headers
        headers["X-Content-Type-Options"] = "nosniff"
        if secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if answer.mimetype == "text/html":
            headers["Referrer-Policy"] = "no-referrer"
            headers["Cache-Control"] = "no-store"
            headers["Content-Security-Policy"] = content_policy(_framing_shop(), test_origin)
        return answer


def content_policy(domain: ShopDomain | None, test_origin: str | None) -> str:
    """The Content-Security-Policy of an HTML page.

    https://shopify.dev/docs/apps/build/security/set-up-iframe-protection
    """
    framers = "'none'"
    if domain is not None:
        framers = f"https://{domain} {ADMIN_ORIGIN}" + (f" {test_origin}" if test_origin else "")
    return f"frame-ancestors {framers}; object-src 'none'; base-uri 'none';"


def _framing_shop() -> ShopDomain | None:
    """Whose admin shows the page: proven by the admin door, or only claimed on the page that fetches tokens."""
    if request.blueprint in UNFRAMED:
        return None
    shop = g.get("shop")
    if isinstance(shop, Shop):
        return shop.domain
    try:
        return shop_domain(request.args.get("shop", ""))
    except ValueError:
        return None
