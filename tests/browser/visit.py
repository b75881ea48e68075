"""One visitor's browser: what she does, what her page shows, and what her browser sends, stores and complains about."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request

from tests.browser.shop import Shop

CONSENT = """choice => new Promise(done => {
  Shopify.loadFeatures([{ name: 'consent-tracking-api', version: '0.1' }], () =>
    Shopify.customerPrivacy.setTrackingConsent(choice, done));
})"""
# Layout shifts that follow no input of the visitor's; `buffered` tells those from before this script ran.
SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => list.getEntries().forEach(entry => {
  if (!entry.hadRecentInput) window.shifts.push(entry.value);
})).observe({ type: 'layout-shift', buffered: true });
"""


class Visit:
    def __init__(self, context: BrowserContext, shop: Shop) -> None:
        self.shop = shop
        self.page: Page = context.new_page()
        self.sent: list[str] = []
        self.complaints: list[str] = []
        self.page.set_default_timeout(5000)
        self.page.add_init_script(SHIFTS)
        self.page.on("request", self._request)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _request(self, request: Request) -> None:
        self.sent.append(f"{request.method} {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def open(self, url: str | None = None) -> Visit:
        self.page.goto(url or self.shop.page_url, wait_until="load")
        return self

    def consent(self, *, analytics: bool = True, preferences: bool = True) -> Visit:
        choice = {"analytics": analytics, "preferences": preferences, "marketing": False, "sale_of_data": False}
        self.page.evaluate(CONSENT, choice)
        return self

    def see_rail(self) -> Visit:
        self.page.locator("attune-recommendations").scroll_into_view_if_needed()
        return self

    def wait_for_order(self, product_ids: list[int]) -> None:
        """Until the visible cards are these, in this order."""
        self.page.wait_for_function(
            """wanted => {
              const cards = [...document.querySelectorAll('attune-recommendations li:not([hidden])')];
              return cards.map(card => card.dataset.product).join() === wanted;
            }""",
            arg=",".join(map(str, product_ids)),
        )

    def cards(self) -> list[int]:
        """The visible cards' products in order."""
        return self._products("attune-recommendations li:not([hidden])")

    def all_cards(self) -> list[int]:
        return self._products("attune-recommendations li")

    def _products(self, selector: str) -> list[int]:
        found: list[str] = self.page.eval_on_selector_all(selector, "cards => cards.map(card => card.dataset.product)")
        return [int(product) for product in found]

    def link(self, product_id: int) -> Locator:
        return self.page.locator(f'attune-recommendations li[data-product="{product_id}"] a')

    def stored(self) -> dict[str, Any]:
        stored: dict[str, Any] = self.page.evaluate("({ ...localStorage, ...sessionStorage })")
        return stored

    def shifted(self) -> float:
        """The sum of all layout shifts so far, after two frames in which a late one would show."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return float(self.page.evaluate("window.shifts.reduce((sum, value) => sum + value, 0)"))

    def cart(self) -> list[dict[str, Any]]:
        cart: dict[str, Any] = self.page.evaluate("fetch('/cart.js').then(answer => answer.json())")
        return list(cart["items"])

    @property
    def sent_to_app(self) -> list[str]:
        return [line for line in self.sent if "/apps/attune" in line or "/collect" in line]
