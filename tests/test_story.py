"""One whole path through the house, over HTTP: install, import, consent, training, a rail, a click, an order, a report.

The parts are those of `attune demo` on the small world: real processes, a real PostgreSQL and Redis, and a devstore
that speaks Shopify's wire. The shopper is scripted here; the browser tests do the same with a real browser.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.cli.demo_inbox import FirstMails
from app.cli.demo_stack import SHOP_DOMAIN, DemoStack
from app.core.shops import Shop
from app.services.report import report
from tests.patience import PATIENCE_S, eventually
from tests.ports import free_port
from tests.services import own_folder


@pytest.fixture(scope="module")
def stack() -> Iterator[DemoStack]:
    with own_folder("attune-story-") as folder:
        running = DemoStack(folder / "demo", world="small", port=free_port(), hold_out_percent=0)
        try:
            for title, stage in running.stages():
                print(f"{title}: {stage(lambda _: None)}")
            yield running
        finally:
            running.stop()


class Shopper:
    """A visitor who has allowed analytics and preferences, as the theme's element acts for her."""

    def __init__(self, stack: DemoStack) -> None:
        self.visitor = secrets.token_hex(16)
        self._store = stack.store_url
        self.http = httpx.Client(base_url=self._store, timeout=PATIENCE_S, follow_redirects=True)

    def open_product(self, handle: str) -> str:
        page = self.http.get(f"/products/{handle}")
        assert page.status_code == 200
        element = page.text[page.text.index("<attune-recommendations") :].partition(">")[0]
        self.config = dict(re.findall(r'data-(\w+)="([^"]*)"', element))
        return page.text

    def recommendations(self) -> dict[str, Any]:
        query = {"placement": "product", "product_id": self.config["product"], "visitor": self.visitor, "limit": "4"}
        found: dict[str, Any] = {}

        def answered() -> bool:
            answer = self.http.get(f"{self.config['proxy']}/v1/recommendations", params=query)
            assert answer.status_code in (200, 502), answer.text  # On a busy machine the proxy's patience may end.
            found.update(answer.json() if answer.status_code == 200 else {})
            return "items" in found

        eventually(answered, "the proxy brings recommendations")
        return found

    def tell(self, kind: str, rail: dict[str, Any], item: dict[str, Any]) -> None:
        event = {
            "id": secrets.token_hex(8),
            "type": kind,
            "age_ms": 20,
            "visitor": self.visitor,
            "placement": "product",
            "product_id": item["product_id"],
            "request_id": rail["request_id"],
            "position": item["position"],
            "consent": {"analytics": True, "preferences": True},
        }
        body = {"key": self.config["key"], "shop": self.config["shop"], "events": [event]}
        answer = self.http.post(self.config["collect"], json=body)
        assert answer.status_code == 202, answer.text
        assert answer.json()["accepted"] == 1, answer.text

    def buy(self, item: dict[str, Any], request_id: str) -> None:
        line = {"id": item["variant_id"], "quantity": 2, "properties": {"_attune": f"{request_id}:{item['position']}"}}
        assert self.http.post("/cart/add.js", json={"items": [line]}).status_code == 200
        assert self.http.post("/checkout", data={"email": "ada@example.com"}).status_code == 200


@pytest.fixture(scope="module")
def shopper(stack: DemoStack) -> Iterator[Shopper]:
    visitor = Shopper(stack)
    yield visitor
    visitor.http.close()


@pytest.fixture(scope="module")
def shop(stack: DemoStack) -> Shop:
    found = stack.wiring.shops.by_domain(SHOP_DOMAIN)
    assert found is not None
    return found


def test_the_rail_stands_in_the_page_without_javascript(stack: DemoStack, shopper: Shopper) -> None:
    page = shopper.open_product(stack.shown_handle)
    rail = page[page.index("<attune-recommendations") : page.index("</attune-recommendations>")]
    assert "Often bought together" in page
    assert rail.count("/products/") >= 4


def test_what_she_sees_clicks_and_buys_is_in_the_report(stack: DemoStack, shopper: Shopper, shop: Shop) -> None:
    shopper.open_product(stack.shown_handle)
    rail: dict[str, Any] = {}

    def learnt() -> bool:
        rail.update(shopper.recommendations())
        return any(item["reason"]["code"] == "bought_together" for item in rail["items"])

    eventually(learnt, "the rail shows what the model has learnt")
    first = rail["items"][0]
    assert first["reason"]["because"] == [shopper.config["product"]]

    for item in rail["items"]:
        shopper.tell("exposure", rail, item)
    shopper.tell("click", rail, first)
    shopper.buy(first, rail["request_id"])

    def totals() -> tuple[int, int, int]:
        rows = report(shop, stack.wiring.reports, stack.wiring.clock).totals
        return (rows[0].exposures, rows[0].clicks, rows[0].orders) if rows else (0, 0, 0)

    eventually(lambda: totals() == (len(rail["items"]), 1, 1), "exposures, the click and the order in the report")


def test_a_product_that_sells_out_leaves_the_rail(stack: DemoStack, shopper: Shopper) -> None:
    shopper.open_product(stack.shown_handle)
    gone = shopper.recommendations()["items"][0]
    variants = shopper.http.get(f"/products/{gone['handle']}.js").json()["variants"]
    for variant in variants:
        shopper.http.post("/_dev/inventory", json={"variant_id": variant["id"], "quantity": 0})

    def shown() -> list[str]:
        return [item["product_id"] for item in shopper.recommendations()["items"]]

    eventually(lambda: gone["product_id"] not in shown(), "the sold-out product is no longer recommended")
    eventually(lambda: len(shown()) == 4, "another product stands in its place")


def test_the_merchants_pages_show_it(stack: DemoStack) -> None:
    home = stack.admin_page("/")
    assert 'heading="Set-up"' in home, "a set-up that is not complete names the shop"
    assert "To do" not in home
    results = stack.admin_page("/admin/results")
    assert "attribution, not lift" in results


def test_a_request_that_nobody_signed_is_refused(stack: DemoStack, shopper: Shopper) -> None:
    url = f"{stack.app_url}/proxy/v1/recommendations?placement=product&shop={SHOP_DOMAIN}"
    answer = httpx.get(url, timeout=PATIENCE_S)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_day_later_inboxes_hold_mails_with_products(stack: DemoStack, shop: Shop) -> None:
    said = FirstMails(shop, stack.wiring, stack.store_url, stack.klaviyo_url, lambda _: None).come()
    assert said.endswith("to 2 who signed up and 4 who ordered the day before")
    readers = httpx.get(f"{stack.klaviyo_url}/inbox.json", timeout=PATIENCE_S).json()["people"]
    titles = [one["latest"]["subject"] for one in readers]
    assert len([title for title in titles if title.startswith("Welcome")]) == 2
    assert len(titles) >= 6
