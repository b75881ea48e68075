"""The way to Klaviyo and back, in the browser's own window: Klaviyo's page of agreement can't stand in a frame.

No token of Shopify's reaches these pages. The way out carries a state that only the admin page gave out; a cookie ties
the way back to the browser that went, so that nobody connects an account by a link that somebody else has made.
"""

from __future__ import annotations

import hashlib
import hmac

from flask import Blueprint, Response, redirect, render_template, request

from app.core.ids import ShopId
from app.services import connect_klaviyo
from app.web.headers import ADMIN_ORIGIN
from app.wiring.web import Web

COOKIE = "attune_klaviyo"
CONNECT = "/klaviyo/connect"
COOKIE_S = int(connect_klaviyo.PATIENCE.total_seconds())


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("klaviyo_way", __name__)
    ports = wiring.connecting_klaviyo

    @routes.get(CONNECT)
    def connect() -> Response:
        state = request.args.get("state", "")
        page = connect_klaviyo.authorize_url(state, ports)
        if page is None:
            return _lost()
        answer = _to(page)
        answer.set_cookie(
            COOKIE,
            _mark(state),
            max_age=COOKIE_S,
            path="/klaviyo",
            secure=wiring.settings.app_url.startswith("https://"),
            httponly=True,
            samesite="Lax",
        )
        return answer

    @routes.get(connect_klaviyo.CALLBACK)
    def callback() -> Response:
        state = request.args.get("state", "")
        if not hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), _mark(state).encode()):
            return _lost()
        if request.args.get("code"):
            shop = connect_klaviyo.came_back(state, request.args["code"], ports)
        else:
            shop = connect_klaviyo.refused(state, ports)
        answer = _lost() if shop is None else _to(_admin_page(shop, wiring))
        answer.delete_cookie(COOKIE, path="/klaviyo")
        return answer

    return routes


def _admin_page(shop: ShopId, wiring: Web) -> str:
    """The app's Klaviyo page in the Shopify admin."""
    known = wiring.shops.by_id(shop)
    assert known is not None
    origin = wiring.settings.shopify_test_origin
    admin = f"{origin}/admin" if origin else f"{ADMIN_ORIGIN}/store/{known.domain.partition('.')[0]}"
    return f"{admin}/apps/{wiring.settings.shopify_api_key}/admin/klaviyo"


def _lost() -> Response:
    """Whose way this was is not known, so there is no admin page to send them to."""
    return Response(render_template("klaviyo_lost.html"), 400, mimetype="text/html")


def _mark(state: str) -> str:
    return hashlib.sha256(f"cookie {state}".encode()).hexdigest()


def _to(address: str) -> Response:
    answer = redirect(address, 303)
    assert isinstance(answer, Response)
    answer.headers["Cache-Control"] = "no-store"
    return answer
