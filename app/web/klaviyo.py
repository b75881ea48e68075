"""The way to Klaviyo and back, in the browser's own window: Klaviyo's page of agreement can't stand in a frame.

No token of Shopify's reaches these pages, so a link to them may have been sent by somebody else: the way out begins
with a page that names the store and has a button, and only the browser in which it was pressed may come back.
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request

from app.core.ids import ShopId
from app.core.shops import Shop
from app.services import connect_klaviyo
from app.web.headers import ADMIN_ORIGIN
from app.wiring.web import Web

COOKIE: Final = "attune_klaviyo"
"""What only this browser holds; the page's form repeats it, which a form on somebody else's page cannot."""
CONNECT: Final = "/klaviyo/connect"
COOKIE_S: Final = int(connect_klaviyo.PATIENCE.total_seconds())
_SECRET: Final = re.compile(r"[\w-]{43}", re.ASCII)


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("klaviyo_way", __name__)
    ports = wiring.connecting_klaviyo

    @routes.get(CONNECT)
    def ask() -> Response:
        """Whose store the account will be connected to; nothing happens before the button is pressed."""
        state = request.args.get("state", "")
        shop = connect_klaviyo.waiting_for(state, ports)
        if shop is None:
            return _lost()
        secret = _secret() or secrets.token_urlsafe(32)
        page = render_template("klaviyo_connect.html", store=_known(shop, wiring).domain, state=state, page=secret)
        answer = Response(page, mimetype="text/html")
        answer.set_cookie(
            COOKIE,
            secret,
            max_age=COOKIE_S,
            path="/klaviyo",
            secure=wiring.settings.app_url.startswith("https://"),
            httponly=True,
            samesite="Lax",
        )
        return answer

    @routes.post(CONNECT)
    def go() -> Response:
        secret = _secret()
        if not secret or not hmac.compare_digest(secret.encode(), request.form.get("page", "").encode()):
            return _lost()
        page = connect_klaviyo.set_out(request.form.get("state", ""), secret, ports)
        return _lost() if page is None else _to(page)

    @routes.get(connect_klaviyo.CALLBACK)
    def callback() -> Response:
        state, secret = request.args.get("state", ""), _secret()
        if request.args.get("code"):
            shop = connect_klaviyo.came_back(state, request.args["code"], secret, ports)
        else:
            shop = connect_klaviyo.refused(state, secret, ports)
        if shop is None:
            return _lost()
        answer = _to(_admin_page(_known(shop, wiring), wiring))
        answer.delete_cookie(COOKIE, path="/klaviyo")
        return answer

    return routes


def _secret() -> str:
    """The browser's own, empty where it holds none."""
    held = request.cookies.get(COOKIE, "")
    return held if _SECRET.fullmatch(held) else ""


def _known(shop: ShopId, wiring: Web) -> Shop:
    known = wiring.shops.by_id(shop)
    assert known is not None
    return known


def _admin_page(shop: Shop, wiring: Web) -> str:
    """The app's Klaviyo page in the Shopify admin."""
    origin = wiring.settings.shopify_test_origin
    admin = f"{origin}/admin" if origin else f"{ADMIN_ORIGIN}/store/{shop.domain.partition('.')[0]}"
    return f"{admin}/apps/{wiring.settings.shopify_api_key}/admin/klaviyo"


def _lost() -> Response:
    """Whose way this was is not known, so there is no admin page to send them to."""
    return Response(render_template("klaviyo_lost.html"), 400, mimetype="text/html")


def _to(address: str) -> Response:
    answer = redirect(address, 303)
    assert isinstance(answer, Response)
    answer.headers["Cache-Control"] = "no-store"
    return answer
