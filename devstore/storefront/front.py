"""What the storefront's routes share: the store, the theme of each market, the carts, and who is asking."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, jsonify, make_response, request
from werkzeug.wrappers import Response as AnyResponse

from devstore.model import Customer, Market
from devstore.options import Options
from devstore.store import Store
from devstore.storefront import carts, markets
from devstore.storefront.carts import Cart, Carts
from devstore.storefront.catalog import Catalog
from devstore.storefront.pixels.page import Pixels
from devstore.storefront.recommend import Recommender
from devstore.storefront.signing import sign, unsign
from devstore.storefront.theme import Theme
from devstore.storefront.theme_settings import ThemeSettings
from devstore.storefront.visit import Visit

CUSTOMER_COOKIE = "_devstore_customer"
TWO_WEEKS_S = 14 * 24 * 3600
SECTIONS_LIMIT = 5
DESIGN_MODE = "_design_mode"
"""The parameter with which the theme editor opens a page."""
NOT_KEPT = frozenset(("page", "section_id", "sections", DESIGN_MODE))
"""Parameters that links to other pages of a list leave out."""


@dataclass(frozen=True, slots=True)
class Front:
    store: Store
    options: Options
    settings: ThemeSettings
    carts: Carts
    recommender: Recommender
    pixels: Pixels
    key: bytes
    _themes: dict[Market, Theme] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, store: Store, options: Options, settings: ThemeSettings) -> Front:
        pixels = Pixels(store, options, settings)
        front = cls(store, options, settings, Carts(store), Recommender(store), pixels, secrets.token_bytes(32))
        front.theme(markets.primary(store))  # Broken extensions stop the start, not the first visitor.
        return front

    def theme(self, market: Market) -> Theme:
        with self._lock:
            if market not in self._themes:
                self._themes[market] = Theme(self.store, self.options, self.settings, market)
            return self._themes[market]

    @property
    def market(self) -> Market:
        return markets.current(self.store)

    def url(self, path: str) -> str:
        """A path of any market, in the market that is being visited."""
        return self.market.root + markets.bare(self.store, path)

    def cart(self) -> Cart:
        return self.carts.get(request.cookies.get(carts.COOKIE))

    def in_cart(self, cart: Cart) -> frozenset[int]:
        """Ids of the products that lie in it."""
        return frozenset(self.store.variants[line.variant_id].product_id for line in cart.lines)

    def customer(self) -> Customer | None:
        """Who is signed in; nobody when the cookie was not signed by this process."""
        number = unsign(request.cookies.get(CUSTOMER_COOKIE), self.key)
        return self.store.customers.get(int(number)) if number else None

    def visit(self) -> Visit:
        page = request.args.get("page", "1")
        market = self.market
        return Visit(
            Catalog(self.store, self.options, market),
            self.cart(),
            self.customer(),
            (market.root + request.path) if request.path != "/" else markets.root_url(market),
            int(page) if page.isdigit() else 1,
            urlencode([(name, value) for name, value in request.args.items(multi=True) if name not in NOT_KEPT]),
            DESIGN_MODE in request.args,
        )

    def sign_in(self, response: Response, customer: Customer) -> None:
        response.set_cookie(CUSTOMER_COOKIE, sign(str(customer.id), self.key), httponly=True, samesite="Lax")

    def page(self, template: str, status: int = 200, **objects: Any) -> Response:
        """A page, or the sections of it that the address asks for (Shopify's Section Rendering API)."""
        visit, theme = self.visit(), self.theme(self.market)
        if name := request.args.get("section_id"):
            section = theme.section(visit, template, name, **objects)
            return _html(section, status) if section is not None else abort(404)
        if asked := _sections():
            found = {name: theme.section(visit, template, name, **objects) for name in asked}
            return make_response(jsonify(found), status)
        head = self.pixels.head(visit, template, objects)
        return _html(theme.page(visit, template, head, **objects), status)

    def asked_sections(self) -> list[str]:
        """The sections that the address asks for instead of the page."""
        return [request.args.get("section_id", ""), *_sections()]

    def liquid(self, text: str) -> str:
        """What an app answered as Liquid, rendered in the theme of this market."""
        visit = self.visit()
        return self.theme(self.market).liquid(visit, text, self.pixels.head(visit, "page", {}))

    def not_found(self) -> Response:
        return self.page("404", 404)


def _sections() -> list[str]:
    return sections_asked(request.args.getlist("sections") + request.args.getlist("sections[]"))


def sections_asked(values: list[str]) -> list[str]:
    """Section ids of a comma-separated parameter or of a repeated one; more than five are refused."""
    names = [name for value in values for name in value.split(",") if name]
    if len(names) > SECTIONS_LIMIT:
        abort(make_response(jsonify({"error": f"at most {SECTIONS_LIMIT} sections can be rendered"}), 400))
    return names


def _html(text: str, status: int) -> Response:
    response = make_response(text, status)
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    return response


def keep_cart(response: AnyResponse, cart: Cart) -> AnyResponse:
    response.set_cookie(carts.COOKIE, cart.token, max_age=TWO_WEEKS_S, httponly=False, samesite="Lax")
    return response
