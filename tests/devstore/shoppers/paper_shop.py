"""A shop of few words in this process: the pages that simulated browsers read, without drawing, Liquid or a network.

For counting thousands of visits. What stands in its rows is up to the test; that the real store's pages are read alike
is tested in test_crowd.py, and that what is sent is what real browsers send in tests/browser/test_simulated.py.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import numpy as np

from devstore.worlds.taste import Tastes

Choose = Callable[[int | None], Sequence[int]]
"""From the page's product, or None, to the products of a row."""
SHOP = {"collect": "http://shop.test/collect", "key": "k", "shop": "paper.myshopify.com"}


class PaperShop:
    """All of the world's products, always in stock; `ours` and `random` choose the rails of product pages."""

    def __init__(self, tastes: Tastes, ours: Choose, seed: int = 1) -> None:
        self.products = [int(product) for product in tastes.product_ids]
        self._ours, self._random = ours, np.random.default_rng(seed)
        self.carts: dict[str, list[int]] = {}
        self.orders = 0
        self.batches: list[tuple[str, list[dict[str, Any]]]] = []
        """What was collected, with the origin that sent it."""
        self.arms: Callable[[str], dict[str, dict[str, str]]] = lambda _visitor: {}
        """From a visitor's id to what each rail looks like for her; what touches no rail is in no experiment."""
        self.collects = 202
        self.needed = True
        """Whether visitors are asked for consent."""
        self.fault: Callable[[httpx.Request], httpx.Response] | None = None
        """Answers everything instead of the shop."""
        self.now = tastes.start + len(tastes.common) * 7 * 86_400 - 3600

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        return self.plainly(request) if self.fault is None else self.fault(request)

    def plainly(self, request: httpx.Request) -> httpx.Response:
        """What the shop answers where there is no fault."""
        answer = self._routes().get(request.url.path, self._shelf)(request)
        if "cookie" not in request.headers:
            answer.headers["Set-Cookie"] = f"cart={secrets.token_hex(8)}; path=/"
        return answer

    def _routes(self) -> dict[str, Callable[[httpx.Request], httpx.Response]]:
        now = np.datetime64(self.now, "s").item().isoformat()
        sandbox = json.dumps({"settings": SHOP, "clientId": "client"})
        return {
            "/products.json": self._listed,
            "/collections.json": lambda _: httpx.Response(200, json={"collections": [{"handle": "all"}]}),
            "/_dev/clock": lambda _: httpx.Response(200, json={"now": f"{now}+00:00"}),
            "/collect": self._collect,
            "/account/login": lambda r: httpx.Response(303, headers={"Location": r.url.params["return_to"]}),
            "/_sandbox/1": lambda _: httpx.Response(
                200, text=f'<script id="pixel" type="application/json">{sandbox}</script>'
            ),
            "/apps/attune/v1/arms": lambda r: httpx.Response(200, json={"rails": self.arms(r.url.params["visitor"])}),
            "/apps/attune/v1/recommendations": self._recommend,
            "/cart/add.js": self._add,
            "/checkout": self._checkout,
        }

    def _listed(self, request: httpx.Request) -> httpx.Response:
        listed = [{"id": p, "handle": f"p{p}", "title": f"thing {p}"} for p in self.products]
        start = (int(request.url.params["page"]) - 1) * 250
        return httpx.Response(200, json={"products": listed[start : start + 250]})

    def _collect(self, request: httpx.Request) -> httpx.Response:
        self.batches.append((request.headers["origin"], json.loads(request.content)["events"]))
        return httpx.Response(self.collects)

    def _recommend(self, request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        look = self.arms(asked["visitor"]).get(asked["rail"])
        stale = look is not None and asked.get("arms") != look["variant"]
        show = look["show"] if look and not stale else "ours"
        cards = [card for card in asked.get("cards", "").split(",") if card] if show == "ours" else []
        items = [{"product_id": card} for card in cards]
        return httpx.Response(200, json={"request_id": "r", "show": show, "stale": stale, "items": items})

    def _add(self, request: httpx.Request) -> httpx.Response:
        variant = int(httpx.QueryParams(request.content.decode())["id"])
        self._cart(request).append(variant // 10)
        line = {"merchandise": {"id": variant, "product": {"id": variant // 10}}, "quantity": 1}
        told = json.dumps([["product_added_to_cart", {"cartLine": line}]])
        return httpx.Response(200, json={}, headers={"X-Devstore-Events": told})

    def _checkout(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST":
            return self._page("checkout", [("checkout_started", {"checkout": {"lineItems": []}})])
        cart = self._cart(request)
        self.orders += bool(cart)
        cart.clear()
        order = {"order": {"id": str(self.orders)}, "lineItems": []}
        return self._page("thank-you", [("checkout_completed", {"checkout": order})])

    def _shelf(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if not path.startswith("/products/p"):
            kind = {"/": "index", "/cart": "cart"}.get(path, "collection")
            return self._page(kind, [], _row('class="grid"', self._lot(8)))
        if "section_id" in request.url.params:
            return httpx.Response(200, text=_row('data-rail="random"', self._lot(4)))
        product = int(path.removeprefix("/products/p"))
        rail = _row("", self._ours(product))
        about = f'data-placement="product" data-rail="bought_together" data-product="{product}" {_settings()}'
        form = f'<form action="/cart/add"><input name="id" value="{product}0"><button name="add"></form>'
        viewed = ("product_viewed", {"productVariant": {"id": product * 10, "product": {"id": product}}})
        return self._page("product", [viewed], f"{form}<attune-recommendations {about}>{rail}</attune-recommendations>")

    def _page(self, template: str, events: Sequence[tuple[str, Any]], body: str = "") -> httpx.Response:
        told = [{"name": name, "data": data} for name, data in [("page_viewed", {}), *events]]
        setup = json.dumps({"privacy": {"needed": self.needed}, "pixels": [{"src": "/_sandbox/1"}], "events": told})
        head = f'<script id="web-pixels-manager-setup" type="application/json">{setup}</script>'
        tracker = f"<attune-tracker {_settings()}></attune-tracker>"
        return httpx.Response(200, text=f'{head}<body class="template-{template}">{body}{tracker}</body>')

    def _lot(self, count: int) -> list[int]:
        return [int(product) for product in self._random.choice(self.products, count, replace=False)]

    def _cart(self, request: httpx.Request) -> list[int]:
        return self.carts.setdefault(request.headers.get("cookie", ""), [])


def _settings() -> str:
    return " ".join(f'data-{name}="{value}"' for name, value in {**SHOP, "proxy": "/apps/attune"}.items())


def _row(attributes: str, products: Sequence[int]) -> str:
    cards = "".join(f'<li data-product="{p}"><a href="/products/p{p}">x</a></li>' for p in products)
    return f"<ul {attributes}>{cards}</ul>"
