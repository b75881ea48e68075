"""Ada, whose way through the shop the story tells: fixtures, each of which takes her one step further.

She looks around before she is asked for consent, allows everything, looks at three products, and buys what the home
page then shows her.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser

from app.core.ids import CustomerId
from app.ports import Card
from tests.browser.chromium import running_chromium
from tests.browsing import Browsing, begin
from tests.open_shop import OpenShop, open_shop


@pytest.fixture(scope="module")
def house() -> Iterator[OpenShop]:
    with open_shop() as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as opened:
        yield opened


@dataclass
class Ada:
    """How far Ada's story has come; `heard` is what the app had heard before and after her first walk."""

    browsing: Browsing
    looked_at: list[Card]
    heard: tuple[int, int]
    stored: dict[str, Any]
    told: list[str]
    first_home: list[int]
    visitor: str = ""

    def walk(self, *cards: Card) -> None:
        """Look at each product until the app has heard of it: a page left too early takes what it gathered along."""
        for card in cards:
            self.look_at(card)

    def look_at(self, card: Card) -> None:
        house, product = self.browsing.house, int(card.product_id)
        self.browsing.open(house.url_of(card))
        self.browsing.until(lambda: product in house.live(self.visitor).viewed, f"the app has heard of {card.handle}")


@pytest.fixture(scope="module")
def unasked(browser: Browser, house: OpenShop) -> Iterator[Ada]:
    """She has seen home, two products, the drawer and the cart, and not answered the banner."""
    browsing, before = begin(browser, house), house.heard()
    looked_at = [house.card(house.stack.shown_handle), *house.cards()[5:7]]
    browsing.open(f"{house.url}/")
    home = browsing.cards()
    for card in looked_at[:2]:
        browsing.open(house.url_of(card))
    browsing.put_into_cart()
    browsing.page.locator("cart-drawer .attune--drawer li").first.wait_for(state="visible")
    browsing.open(f"{house.url}/cart")
    browsing.page.locator("main attune-recommendations li").first.scroll_into_view_if_needed()
    yield Ada(browsing, looked_at, (before, house.heard()), browsing.stored(), list(browsing.told_the_app()), home)
    browsing.page.context.close()


@pytest.fixture(scope="module")
def ada(unasked: Ada, house: OpenShop) -> Ada:
    """She has allowed everything and looked at three products."""
    browsing = unasked.browsing
    browsing.answer_banner("accept")
    unasked.visitor = browsing.visitor()
    unasked.walk(*unasked.looked_at)
    return unasked


@dataclass
class Bought:
    product: int
    request: str
    position: str
    customer: CustomerId
    cart: dict[int, str | None]
    """The property of each product that stood in the cart."""


@pytest.fixture(scope="module")
def bought(ada: Ada, house: OpenShop) -> Bought:
    """She has taken what the home page showed her, and paid for it as a customer who was known before."""
    browsing = ada.browsing
    until_personal(ada, house)
    card = browsing.chosen("for_you").first
    shown = card.evaluate("card => ({ ...card.dataset })")
    for each in browsing.chosen("for_you").all():
        each.scroll_into_view_if_needed()
    browsing.until(lambda: int(shown["product"]) in house.live(ada.visitor).seen, "she has seen the card")
    card.locator("a").first.click()
    browsing.page.wait_for_url("**/products/**")
    browsing.put_into_cart()
    browsing.until(lambda: int(shown["product"]) in house.live(ada.visitor).carted, "the pixel has told of the cart")
    cart = {item["product_id"]: (item["properties"] or {}).get("_attune") for item in browsing.cart()}
    customer = house.wiring.shoppers.customers(house.shop.id, limit=1)[0].customer
    browsing.open(f"{house.url}/account/login?customer_id={customer}")
    browsing.open(f"{house.url}/checkout")
    browsing.page.locator("button[type=submit]").last.click()
    browsing.page.locator(".thanks").wait_for(state="visible")
    return Bought(int(shown["product"]), shown["request"], shown["position"], customer, cart)


def until_personal(ada: Ada, house: OpenShop) -> None:
    """Until the home page shows what comes of her looks."""

    def changed() -> bool:
        ada.browsing.open_chosen(f"{house.url}/", "for_you")
        return ada.browsing.chosen("for_you").first.get_attribute("data-reason") != "trending"

    ada.browsing.until(changed, "the home page has changed for her")
