"""What the storefront's routes share: the store, the theme, the carts, and who is asking."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from flask import Response, make_response, request
from werkzeug.wrappers import Response as AnyResponse

from devstore.model import Customer
from devstore.options import Options
from devstore.store import Store
from devstore.storefront import carts
from devstore.storefront.carts import Cart, Carts
from devstore.storefront.catalog import Catalog
from devstore.storefront.signing import sign, unsign
from devstore.storefront.theme import Theme
from devstore.storefront.visit import Visit

CUSTOMER_COOKIE = "_devstore_customer"
TWO_WEEKS_S = 14 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Front:
    store: Store
    options: Options
    theme: Theme
    carts: Carts
    key: bytes

    @classmethod
    def open(cls, store: Store, options: Options) -> Front:
        return cls(store, options, Theme(store, options), Carts(store), secrets.token_bytes(32))

    def cart(self) -> Cart:
        return self.carts.get(request.cookies.get(carts.COOKIE))

    def customer(self) -> Customer | None:
        """Who is signed in; nobody when the cookie was not signed by this process."""
        number = unsign(request.cookies.get(CUSTOMER_COOKIE), self.key)
        return self.store.customers.get(int(number)) if number else None

    def visit(self) -> Visit:
        page = request.args.get("page", "1")
        number = int(page) if page.isdigit() else 1
        return Visit(Catalog(self.store, self.options), self.cart(), self.customer(), request.path, number)

    def sign_in(self, response: Response, customer: Customer) -> None:
        response.set_cookie(CUSTOMER_COOKIE, sign(str(customer.id), self.key), httponly=True, samesite="Lax")

    def page(self, template: str, status: int = 200, **objects: object) -> Response:
        response = make_response(self.theme.page(self.visit(), template, **objects), status)
        response.headers["Content-Type"] = "text/html; charset=utf-8"
        return response

    def not_found(self) -> Response:
        return self.page("404", 404)


def keep_cart(response: AnyResponse, cart: Cart) -> AnyResponse:
    response.set_cookie(carts.COOKIE, cart.token, max_age=TWO_WEEKS_S, httponly=False, samesite="Lax")
    return response
