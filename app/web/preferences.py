"""`/proxy/v1/preferences`: what is known of a shopper, why, and what they want done with it.

Behind the app proxy's signature. The visitor's id is a bearer secret of that browser; what a customer bought is shown,
and a customer's settings are changed, only for the number that Shopify has signed. A change is asked for as JSON,
which a page of another site cannot send along with the shopper's cookies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from flask import Blueprint, Response, request

from app.core.profiles.consent import Purpose
from app.core.profiles.preferences import BadPreference, Preferences
from app.ports import ShopperNames
from app.services.set_preferences import Known, KnownProduct, set_preferences, what_is_known
from app.web.asked import BadQuestion, customer_of, visitor_of
from app.web.problems import problem
from app.web.proxy_door import NotFromShopify, ProxyCall, ProxyDoor
from app.wiring.web import Web

HEADERS: Final = {"Cache-Control": "no-store", "Content-Type": "application/json"}
LARGEST: Final = 4096
BECAUSE: Final = {
    "viewed": "You looked at them in this browser.",
    "clicked": "You clicked on them in our recommendations in this browser.",
    "carted": "You put them into the cart in this browser.",
    "bought": "You bought them as the customer who is signed in.",
}


def blueprint(wiring: Web) -> Blueprint:
    """The two routes."""
    routes = Blueprint("preferences", __name__, url_prefix="/proxy/v1/preferences")
    door = ProxyDoor(wiring.known_shops, wiring.proxy_signature)

    @routes.get("")
    def show() -> Response:
        entered = _enter(door)
        if isinstance(entered, Response):
            return entered
        call, names = entered
        return Response(known_json(what_is_known(call.shop, names, wiring.setting_preferences)), headers=HEADERS)

    @routes.post("")
    def change() -> Response:
        entered = _enter(door)
        if isinstance(entered, Response):
            return entered
        call, names = entered
        asked = _asked()
        if isinstance(asked, Response):
            return asked
        try:
            _change(call, names, asked, wiring)
        except BadPreference as complaint:
            return problem(400, str(complaint))
        return Response(known_json(what_is_known(call.shop, names, wiring.setting_preferences)), headers=HEADERS)

    return routes


def known_json(known: Known) -> bytes:
    """The answer of both routes."""
    return orjson.dumps(
        {
            "settings": _settings(known.preferences),
            "known": [
                {"kind": kind, "because": BECAUSE[kind], "products": _products(products)}
                for kind, products in known.known.items()
                if products
            ],
            "hidden": {"products": _products(known.hidden), "kinds": list(known.preferences.kinds)},
            "not_done": {str(purpose): reason for purpose, reason in known.not_done.items()},
            "purposes": [str(purpose) for purpose in Purpose],
        }
    )


def _enter(door: ProxyDoor) -> tuple[ProxyCall, ShopperNames] | Response:
    """Who asks; refused unless Shopify signed it and it names somebody."""
    try:
        call = door.enter(request.environ["QUERY_STRING"])
        names = ShopperNames(visitor_of(call.parameters), customer_of(call.parameters))
    except NotFromShopify as refusal:
        return problem(401, str(refusal))
    except BadQuestion as complaint:
        return problem(400, str(complaint))
    if names.visitor is None and names.customer is None:
        return problem(400, "nothing is known of this browser: name its visitor, or sign in")
    return call, names


def _asked() -> Mapping[str, Any] | Response:
    if request.mimetype != "application/json":
        return problem(415, "a change is asked for as application/json")
    request.max_content_length = LARGEST
    try:
        body = orjson.loads(request.get_data(cache=False))
    except orjson.JSONDecodeError:
        return problem(400, "the body is not JSON")
    return body if isinstance(body, dict) else problem(400, "the body is not a JSON object")


def _change(call: ProxyCall, names: ShopperNames, asked: Mapping[str, Any], wiring: Web) -> None:
    """Settings first: whoever also asks not to be remembered is then not remembered any more."""
    settings = {name: value for name, value in asked.items() if name != "forget"}
    forgets = asked.get("forget") is True or settings.get("remember") is False
    if settings or not forgets:
        set_preferences(call.shop, names, settings, wiring.setting_preferences)
    if forgets:
        from app.services.forget_browser import forget_browser  # Late: shoppers seldom ask for it.

        forget_browser(call.shop, names, wiring.forgetting_browsers)


def _settings(preferences: Preferences) -> dict[str, bool | None]:
    switches = preferences.switches
    return {"personalise": switches.personalise, "remember": switches.remember, "email": switches.email}


def _products(products: Sequence[KnownProduct]) -> list[dict[str, str]]:
    return [{"product_id": str(one.product), "title": one.title, "handle": one.handle} for one in products]
