"""The cart page and Shopify's Ajax Cart API: /cart.js and add, change, update, clear below /cart, with and without .js.

https://shopify.dev/docs/api/ajax/reference/cart. The forms of a theme post to the same addresses without ".js" and are
redirected to the cart page. What happened to the cart is told to the visitor's pixels: with the answer to a script, by
the next page after a form.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from devstore.storefront.carts import COOKIE, Cart, CartError, CartLine
from devstore.storefront.drops.cart import CartDrop, LineItemDrop
from devstore.storefront.front import Front, keep_cart, sections_asked
from devstore.storefront.pages import local
from devstore.storefront.pixels.cart_events import changes, lines_of

_PROPERTY = re.compile(r"properties\[(.+)\]")
_UPDATE = re.compile(r"updates\[(.*)\]")
EVENTS_HEADER = "X-Devstore-Events"
_LINES = re.compile(r"([0-9]+):([0-9]+)")
_PERMALINK = re.compile(r"[0-9]+:[0-9]+(,[0-9]+:[0-9]+)*")
_ATTRIBUTE = re.compile(r"attributes\[(.+)\]")


def add_cart_routes(routes: Blueprint, front: Front) -> None:
    def changed(cart: Cart, before: dict[str, CartLine], answer: Callable[[], Any]) -> AnyResponse:
        front.carts.save(cart)
        happened = changes(cart, before, front.visit().catalog)
        if not request.path.endswith(".js"):
            cart.pending += happened
            return keep_cart(redirect(front.url(_next()), 303), cart)
        asked = _sections()
        body = answer() | ({"sections": _rendered(cart, asked)} if asked else {})
        response = jsonify(body)
        if happened:
            response.headers[EVENTS_HEADER] = json.dumps(happened)
        return keep_cart(response, cart)

    def whole(cart: Cart) -> Any:
        return CartDrop(cart, front.visit().catalog).as_json()

    @routes.errorhandler(CartError)
    def refused(error: CartError) -> AnyResponse:
        if request.path.endswith(".js") or request.is_json:
            body = {"status": error.status, "message": "Cart Error", "description": error.description}
            return make_response(jsonify(body), error.status)
        return front.page("cart", error.status, error=error.description)

    @routes.get("/cart")
    def cart_page() -> Response:
        return front.page("cart")

    @routes.get("/cart.js")
    @routes.get("/cart.json")
    def cart_json() -> AnyResponse:
        cart = front.cart()
        return keep_cart(jsonify(whole(cart)), cart)

    @routes.get("/cart/<permalink>")
    def filled(permalink: str) -> AnyResponse:
        """A cart permalink: in place of what lay in the cart, these variants; what is not sold is left out."""
        wanted = _LINES.findall(permalink) if _PERMALINK.fullmatch(permalink) else []
        if not wanted:
            raise CartError(404, "A permalink names variants and quantities")
        cart = front.cart()
        before = lines_of(cart)
        cart.lines.clear()
        for variant, quantity in wanted:
            with contextlib.suppress(CartError):
                front.carts.add(cart, int(variant), int(quantity), {})
        front.carts.save(cart)
        cart.pending += changes(cart, before, front.visit().catalog)
        page = "/cart" if request.args.get("storefront") == "true" else "/checkout"
        return keep_cart(redirect(front.url(page), 303), cart)

    @routes.post("/cart/add")
    @routes.post("/cart/add.js")
    def add() -> AnyResponse:
        cart, catalog = front.cart(), front.visit().catalog
        before = lines_of(cart)
        many, wanted = _wanted()
        added = [front.carts.add(cart, *item) for item in wanted]
        items = [LineItemDrop(line, catalog) for line in added]
        return changed(cart, before, lambda: {"items": _json(items)} if many else items[0].as_json())

    @routes.post("/cart/change")
    @routes.get("/cart/change")
    @routes.post("/cart/change.js")
    def change() -> AnyResponse:
        cart, sent = front.cart(), _sent()
        before, line = lines_of(cart), _line(cart, sent)
        front.carts.change(cart, line, _number(sent.get("quantity", 0)), sent.get("properties"))
        return changed(cart, before, lambda: whole(cart))

    @routes.post("/cart")
    @routes.post("/cart/update")
    @routes.post("/cart/update.js")
    def update() -> AnyResponse:
        cart, sent = front.cart(), _sent()
        before = lines_of(cart)
        for line, quantity in _updates(cart, sent.get("updates", {})):
            front.carts.change(cart, line, quantity)
        cart.attributes.update({str(k): str(v) for k, v in sent.get("attributes", {}).items()})
        cart.note = str(sent.get("note", cart.note))
        return changed(cart, before, lambda: whole(cart))

    @routes.post("/cart/clear")
    @routes.post("/cart/clear.js")
    def clear() -> AnyResponse:
        cart = front.cart()
        before = lines_of(cart)
        cart.lines.clear()
        return changed(cart, before, lambda: whole(cart))


def _next() -> str:
    """The page after a form: where it says, or the checkout if its button for that was pressed, or the cart."""
    return "/checkout" if "checkout" in request.form else local(request.form.get("return_to") or "/cart")


def _sections() -> list[str]:
    """Bundled section rendering: sections that the answer shall hold, drawn after the change."""
    sent = _sent().get("sections") or []
    return sections_asked([sent] if isinstance(sent, str) else [str(name) for name in sent])


def _rendered(cart: Cart, names: list[str]) -> Any:
    """The sections in the context of `sections_url`, of the page that asks, or of the home page."""
    url = str(_sent().get("sections_url") or "/")
    if local(url) != url:
        raise CartError(400, "sections_url must be a path that begins with /")
    path, _, query = url.partition("?")
    # Asked of the whole application, as each page's own route knows what its sections need.
    client = current_app.test_client(use_cookies=False)
    answer = client.get(
        path, query_string=f"{query}&sections={','.join(names)}", headers={"Cookie": f"{COOKIE}={cart.token}"}
    )
    return answer.get_json(silent=True) or dict.fromkeys(names)


def _json(items: list[LineItemDrop]) -> list[Any]:
    return [item.as_json() for item in items]


def _sent() -> dict[str, Any]:
    """The JSON body, or the form with its bracketed names gathered into objects."""
    if request.is_json:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise CartError(400, "The request body is no JSON object")
        return body
    form: dict[str, Any] = {name: request.values[name] for name in request.values}
    for name, pattern in (("properties", _PROPERTY), ("updates", _UPDATE), ("attributes", _ATTRIBUTE)):
        found = {m.group(1): request.values[key] for key in form if (m := pattern.fullmatch(key))}
        form |= {name: found} if found else {}
    if listed := request.values.getlist("updates[]"):
        form["updates"] = listed
    return {name: value for name, value in form.items() if "[" not in name}


def _wanted() -> tuple[bool, list[tuple[int, int, dict[str, str]]]]:
    """Whether a list was sent, and (variant id, quantity, properties) of each item."""
    sent = _sent()
    many = "items" in sent
    entries = sent["items"] if many else [sent]
    if not isinstance(entries, list) or not entries:
        raise CartError(400, "items must be a list")
    return many, [
        (_number(entry.get("id")), _number(entry.get("quantity") or 1), _texts(entry.get("properties")))
        for entry in entries
    ]


def _texts(properties: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in properties.items()} if isinstance(properties, dict) else {}


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise CartError(400, f"{value!r} is no whole number") from None


def _line(cart: Cart, sent: dict[str, Any]) -> CartLine:
    if "line" in sent:
        return cart.find(line=_number(sent["line"]))
    return cart.find(key=str(sent.get("id", "")))


def _updates(cart: Cart, updates: Any) -> list[tuple[CartLine, int]]:
    """`updates` as an object by key or variant id, or as a list of quantities in the order of the lines."""
    if isinstance(updates, list):
        return [(line, _number(quantity)) for line, quantity in zip(list(cart.lines), updates, strict=False)]
    return [(cart.find(key=str(key)), _number(quantity)) for key, quantity in updates.items()]
