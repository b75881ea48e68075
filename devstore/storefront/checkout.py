"""A checkout of one page, the thank-you page, links that bring a discount code, and a sign-in for demonstrations.

Shopify's checkout is far more; here an e-mail address is enough to turn the cart into a paid order of the store. Theme
and app blocks have no place in it, web pixels do.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from devstore.model import Order
from devstore.store import SoldOut, Unknown
from devstore.store.discounts import CodeRefused
from devstore.storefront.carts import Cart, order_lines
from devstore.storefront.drops.cart import CartDrop
from devstore.storefront.front import CUSTOMER_COOKIE, TWO_WEEKS_S, Front
from devstore.storefront.pages import local

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
SHOWN_CUSTOMERS = 12
CODE_COOKIE = "discount_code"
"""The code of the shareable link by which the visitor came."""


def add_checkout(routes: Blueprint, front: Front) -> None:
    @routes.get("/checkout")
    def checkout_page() -> AnyResponse:
        brought = request.cookies.get(CODE_COOKIE, "")
        return front.page("checkout", code=brought) if front.cart().lines else redirect(front.url("/cart"))

    @routes.get("/discount/<code>")
    def bring_code(code: str) -> AnyResponse:
        response = redirect(front.url(local(request.args.get("redirect"))), 302)
        response.set_cookie(CODE_COOKIE, code, max_age=TWO_WEEKS_S, samesite="Lax")
        return response

    @routes.post("/checkout")
    def checkout() -> AnyResponse:
        cart, customer = front.cart(), front.customer()

        def refused(problem: str) -> AnyResponse:
            kept = {"email": request.form.get("email", ""), "code": request.form.get("discount", "")}
            return front.page("checkout" if cart.lines else "cart", 422, error=problem, **kept)

        email = request.form.get("email", "").strip() or (customer.email if customer else "") or ""
        if problem := _problem(cart, email):
            return refused(problem)
        try:
            order = front.store.place_order(
                order_lines(cart),
                customer_id=customer.id if customer else None,
                email=email,
                discount_code=request.form["discount"] if "discount" in request.form else _brought(front, cart),
                cart_token=cart.token,
                attributes=tuple(cart.attributes.items()),
            )
        except SoldOut:
            return refused("Some of this has just sold out. Please lower the quantity.")
        except CodeRefused as error:
            return refused(f"The discount code cannot be used: {error}.")
        except Unknown:
            return refused("A product of this cart is gone.")
        bought = CartDrop(Cart(cart.token, list(cart.lines), dict(cart.attributes)), front.visit().catalog)
        cart.lines, cart.attributes = [], {}
        answer = _thanks(front, order, bought)
        answer.delete_cookie(CODE_COOKIE)
        return answer

    @routes.get("/account/login")
    def login() -> AnyResponse:
        number = request.args.get("customer_id", "")
        customer = front.store.customers.get(int(number)) if number.isdigit() else None
        if customer is None:
            known = [c for c in list(front.store.customers.values())[:200] if front.store.orders_of.get(c.id)]
            people = [{"id": c.id, "name": f"{c.first_name} {c.last_name}".strip() or c.email,
                       "orders_count": len(front.store.orders_of[c.id])} for c in known[:SHOWN_CUSTOMERS]]  # fmt: skip
            return front.page("login", 404 if number else 200, people=people)
        response = redirect(front.url(local(request.args.get("return_to"))), 303)
        assert isinstance(response, Response)
        front.sign_in(response, customer)
        return response

    @routes.get("/account/logout")
    def logout() -> AnyResponse:
        response = redirect(front.url("/"), 303)
        response.delete_cookie(CUSTOMER_COOKIE)
        return response

    @routes.get("/account")
    def account() -> AnyResponse:
        return front.page("account") if front.customer() else redirect(front.url("/account/login"))

    @routes.post("/contact")
    def newsletter() -> AnyResponse:
        """The form type ``customer``: whoever gives an address subscribes, and becomes a customer without orders."""
        email = request.form.get("contact[email]", "").strip()
        if _EMAIL.fullmatch(email):
            front.store.subscribe_address(email)
        return redirect(front.url(local(request.form.get("return_to"))), 303)


def _problem(cart: Cart, email: str) -> str | None:
    if not cart.lines:
        return "Your cart is empty."
    return None if _EMAIL.fullmatch(email) else "Please enter an e-mail address, such as name@example.com."


def _brought(front: Front, cart: Cart) -> str | None:
    """The code of the link by which the visitor came; one that is not good for this cart is in nobody's way."""
    code = request.cookies.get(CODE_COOKIE, "")
    try:
        front.store.quote([(line.variant_id, line.quantity) for line in cart.lines], [code], front.customer())
    except CodeRefused:
        return None
    return code


def _thanks(front: Front, order: Order, bought: CartDrop) -> AnyResponse:
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return jsonify({"id": order.id, "name": f"#{order.number}", "total_price": bought.total_price})
    seen = {"id": order.id, "name": f"#{order.number}", "email": order.email}
    saved = front.visit().catalog.price(sum(line.discount for line in order.lines))
    return front.page("thank-you", order=seen, bought=bought, placed=order, saved=saved)
