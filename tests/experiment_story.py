"""The owner's desk and the crowd of the experiment's story: forms as the admin sends them, browsers by plain HTTP.

A shopper here does what the theme's scripts do, request for request: asks for arms, asks the rail by them, reports what
was in view, and pays in the store's checkout, or as a guest with another form of payment, which sends one webhook
instead of five. Chance decides the arms; of each arm as many look on as a test wants.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from app import jobs
from app.cli.demo_stack import SHOP_DOMAIN
from app.ports import Card
from tests.browsing import PROXY
from tests.open_shop import OpenShop, by_and_by
from tests.pages.conftest import text_of

PATH = "/admin/experiments"
RAIL = "bought_together"
ON_PRODUCT = {"placement": "product", "rail": RAIL}
IN_VIEW = 2
"""So many cards of the rail every shopper has in view."""


@dataclass(frozen=True)
class Desk:
    """The owner at her experiments."""

    house: OpenShop

    def read(self, path: str = "") -> str:
        """What a page says, as a person reads it."""
        return text_of(self.house.stack.admin_page(f"{PATH}{path}"))

    def send(self, path: str = "", **fields: str) -> str:
        """Send a form; returns where its answer leads."""
        token = self.house.control.get("id-token", params={"user": "1"}).json()["id_token"]
        answer = self.house.http.post(
            f"{self.house.stack.app_url}{PATH}{path}",
            data=fields,
            headers={"Authorization": f"Bearer {token}"},
            params={"shop": SHOP_DOMAIN},
            follow_redirects=False,
        )
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"].partition("?")[0]

    def count(self, experiment: int) -> None:
        """Have everything read anew that has reached the lake and the orders, as some minutes later would be done."""
        wiring, before = self.house.wiring, self.counted_at(experiment)
        self.pass_time(timedelta(minutes=15))

        def read() -> bool:
            if not wiring.jobs.waiting(jobs.QUEUE_IMPORTS):
                wiring.jobs.enqueue(jobs.READ_EXPERIMENTS, self.house.shop.id)
            return self.counted_at(experiment) != before

        by_and_by(read, "the experiments are read anew")

    def counted_at(self, experiment: int) -> str:
        """When the page's figures were counted, to the minute; empty before they were."""
        found = re.search(r"counted (\d+ \w+ \d+, \d+:\d+)", self.read(f"/{experiment}"))
        return found[1] if found else ""

    def pass_time(self, span: timedelta) -> None:
        """Time goes on in the store, and every process has heard of it."""
        before = self.house.wiring.clock.now()
        assert self.house.control.post("clock", json={"advance_s": span.total_seconds()}).is_success
        by_and_by(lambda: self.house.wiring.clock.now() >= before + span, "the app's clock has followed")


@dataclass
class Shopper:
    """A browser that has consented; `variant` is what its page of the tested rail was painted by."""

    house: OpenShop
    visitor: str
    rails: Mapping[str, Mapping[str, str]]
    http: httpx.Client
    orders: list[int] = field(default_factory=list)
    paid: int = 0
    """Minor units, all orders together."""

    @property
    def variant(self) -> str:
        return str(self.rails.get(RAIL, {}).get("variant", "default"))

    def arm(self, experiment: int) -> str | None:
        """Its arm of an experiment, as the app has told its page."""
        arms = dict(part.split(":") for part in self.variant.split(",") if ":" in part)
        return arms.get(str(experiment))

    def ask(self, card: Card) -> dict[str, Any]:
        """What the app answers for the rail beside a product."""
        asked = {**ON_PRODUCT, "product_id": str(card.product_id), "visitor": self.visitor, "arms": self.variant}
        answer = self.http.get(f"{self.house.url}{PROXY}/recommendations", params=asked)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def look(self, card: Card, drawn: list[int]) -> list[dict[str, Any]]:
        """Have the rail in view; returns what the page reports. `drawn` are the products of Liquid's own cards."""
        answer = self.ask(card)
        assert "stale" not in answer, answer
        ghost = answer["show"] != "ours"
        products = drawn if ghost else [int(item["product_id"]) for item in answer["items"]]
        shown = {**ON_PRODUCT, "type": "exposure", "visitor": self.visitor, "request_id": answer["request_id"]}
        return [
            {**shown, "product_id": str(product), "position": place, **({"ghost": True} if ghost else {})}
            for place, product in enumerate(products[:IN_VIEW])
        ]

    def buy(self, card: Card, *, customer: int | None = None) -> dict[str, Any]:
        """Pay for a product in the checkout; returns what the thank-you page reports."""
        self.http.cookies.clear()
        if customer is not None:
            sign_in(self.http, self.house, customer)
        line = {"id": card.variant_id, "quantity": 1}
        assert self.http.post(f"{self.house.url}/cart/add.js", json={"items": [line]}).is_success
        paid = self.http.post(
            f"{self.house.url}/checkout",
            data={} if customer else {"email": f"{self.visitor[:12]}@example.com"},
            headers={"Accept": "application/json"},
        )
        assert paid.is_success, paid.text
        self.http.cookies.clear()
        return self._thanked(int(paid.json()["id"]), int(paid.json()["total_price"]))

    def give(self, card: Card, *, quantity: int = 1) -> dict[str, Any]:
        """Pay for gift cards as a guest."""
        lines = [{"variant_id": card.variant_id, "quantity": quantity}]
        paid = self.house.control.post("orders", json={"lines": lines})
        assert paid.is_success, paid.text
        return self._thanked(int(paid.json()["id"]), round(100 * float(paid.json()["total_price"])))

    def _thanked(self, order: int, paid: int) -> dict[str, Any]:
        self.orders.append(order)
        self.paid += paid
        return {"type": "purchase", "visitor": self.visitor, "order_id": str(order), "products": []}


def come(house: OpenShop, http: httpx.Client, visitor: str | None = None) -> Shopper:
    """Somebody allows analytics, and the page asks for the arms."""
    visitor = visitor or secrets.token_hex(16)
    told = http.get(f"{house.url}{PROXY}/arms", params={"visitor": visitor})
    assert told.status_code == 200, told.text
    return Shopper(house, visitor, told.json()["rails"], http)


def sign_in(http: httpx.Client, house: OpenShop, customer: int) -> None:
    assert http.get(f"{house.url}/account/login", params={"customer_id": customer}).is_success


def arms_of(shoppers: Iterable[Shopper], experiment: int) -> dict[str, str]:
    """Visitor → arm of those who are in the experiment."""
    told = {one.visitor: one.arm(experiment) for one in shoppers}
    return {visitor: arm for visitor, arm in told.items() if arm is not None}
