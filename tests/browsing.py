"""A real browser at the open shop: what it shows, what leaves it, and the few things that a shopper does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator

from tests.browser.visit import Visit
from tests.open_shop import OpenShop, by_and_by
from tests.patience import PATIENCE_S

PROXY = "/apps/attune/v1"
RAIL = "attune-recommendations[data-rail={}]"


class Browsing(Visit):
    """A visitor's browser at the open shop.

    `left` is every request that left it, those of the pixel's worker too; `answers` are the app's to this page.
    """

    def __init__(self, context: BrowserContext, house: OpenShop) -> None:
        super().__init__(context, house)
        self.house = house
        self.left: list[str] = []
        self.page.set_default_timeout(PATIENCE_S * 1000)
        self.answers: list[str] = []
        context.on("request", lambda request: self.left.append(request.url))
        context.on("requestfinished", lambda request: self.answers.append(request.url))

    def until(self, condition: Callable[[], object], what: str) -> None:
        by_and_by(condition, what, pause=lambda seconds: self.page.wait_for_timeout(seconds * 1000))

    def told_the_app(self) -> list[str]:
        app = (f"{self.house.stack.app_url}/", f"{self.house.url}{PROXY}")
        return [url for url in self.left if url.startswith(app)]

    def rail(self, name: str) -> Locator:
        return self.page.locator(RAIL.format(name)).first

    def chosen(self, name: str) -> Locator:
        """The cards of a rail that the app has chosen for this page."""
        return self.rail(name).locator("li[data-request]:not([hidden])")

    def open_chosen(self, url: str, *rails: str) -> None:
        """Open the page anew until the app has chosen these rails: a web process that has just begun gives none."""

        def is_chosen(rail: str) -> bool:
            self.rail(rail).scroll_into_view_if_needed()
            self.until(lambda: any(f"rail={rail}&" in url for url in self.answers), f"{rail} has its answer")
            self.settle()
            return self.chosen(rail).count() > 0

        def all_chosen() -> bool:
            self.answers.clear()
            self.open(url)
            return all(is_chosen(rail) for rail in rails)

        self.until(all_chosen, f"{', '.join(rails)} on {url}")

    def settle(self) -> None:
        """Let the page's scripts take what has arrived, and draw it."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def put_into_cart(self) -> None:
        """With the button of the product page; the theme opens its drawer."""
        self.page.locator("button[name=add]").first.click()
        self.page.locator("cart-drawer.active").wait_for(state="visible")

    def answer_banner(self, answer: str) -> None:
        self.page.locator(f"[data-consent={answer}]").click()
        self.page.mouse.move(0, 0)  # Nothing changes under a pointer.


def begin(browser: Browser, house: OpenShop, **options: Any) -> Browsing:
    size = {"width": 1280, "height": 900}
    return Browsing(browser.new_context(**{"viewport": size, "reduced_motion": "reduce", **options}), house)
