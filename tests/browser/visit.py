"""One visitor's browser: what she does, what her page shows, and what her browser sends, stores and complains about."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol, Self

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request

from tests.patience import eventually

CONSENT = """choice => new Promise(done => {
  const set = () => Shopify.customerPrivacy.setTrackingConsent(choice, done);
  if (Shopify.customerPrivacy) set();
  else Shopify.loadFeatures([{ name: 'consent-tracking-api', version: '0.1' }], set);
})"""
# Layout shifts that follow no input of the visitor's; `buffered` tells those from before this script ran.
SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => list.getEntries().forEach(entry => {
  if (entry.hadRecentInput) return;
  const moved = entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? node?.nodeName);
  window.shifts.push({ value: entry.value, moved });
})).observe({ type: 'layout-shift', buffered: true });
"""
# The element gives the app a second and a half; where a machine is busy, an answer may take longer than that.
PATIENT = "AbortSignal.timeout = () => new AbortController().signal;"
SEEN_NOT_AT_ALL = """card => new Promise(done => {
  new IntersectionObserver(([entry], self) => {
    if (!entry.isIntersecting) done(self.disconnect());
  }).observe(card);
})"""


class Opened(Protocol):
    """A shop that stands open."""

    @property
    def page_url(self) -> str:
        """The page that a visit begins with."""


class Visit:
    """A page of its own.

    Args:
        patient: whether the page waits for the app as long as it takes.
    """

    def __init__(self, context: BrowserContext, shop: Opened, *, patient: bool = True) -> None:
        self.shop = shop
        self.page: Page = context.new_page()
        self.sent: list[str] = []
        self.complaints: list[str] = []
        self.page.set_default_timeout(30_000)
        self.page.add_init_script(SHIFTS)
        if patient:
            self.page.add_init_script(PATIENT)
        self.page.on("request", self._request)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _request(self, request: Request) -> None:
        self.sent.append(f"{request.method} {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def open(self, url: str | None = None) -> Self:
        self.page.goto(url or self.shop.page_url, wait_until="load")
        return self

    def consent(self, *, analytics: bool = True, preferences: bool = True) -> Visit:
        choice = {"analytics": analytics, "preferences": preferences, "marketing": False, "sale_of_data": False}
        self.page.evaluate(CONSENT, choice)
        return self

    def see_rail(self) -> Visit:
        self.page.locator("attune-recommendations").first.scroll_into_view_if_needed()
        return self

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait, while the browser goes on, until the condition is true."""
        eventually(condition, what, pause=lambda seconds: self.page.wait_for_timeout(seconds * 1000))

    def take_clock(self) -> Visit:
        """To be called before the page is opened: gives it timers that `stop_time` can stop."""
        self.page.clock.install()
        return self

    def stop_time(self) -> Visit:
        """From here on the page's timers run only in `let_pass`, however long this machine takes for anything."""
        self.page.evaluate("window[Symbol.for('attune')]")  # A promise: by then the scripts listen for consent.
        self.page.clock.pause_at(time.time() + 3600)
        return self

    def let_pass(self, seconds: float) -> None:
        """Let the page's timers run for so long; they must have been stopped."""
        self.page.clock.run_for(round(seconds * 1000))

    def look_away(self, product_id: int) -> None:
        """Scroll up, and return when the page has noticed that the product's card is out of view."""
        card = self.page.locator(f'attune-recommendations li[data-product="{product_id}"]')
        self.page.evaluate("scrollTo(0, 0)")
        card.evaluate(SEEN_NOT_AT_ALL)

    def wait_for_order(self, product_ids: list[int]) -> None:
        """Until the visible cards are these, in this order."""
        self.until(lambda: self.cards() == product_ids, f"the visible cards are {product_ids}")

    def cards(self, rail: str = "attune-recommendations") -> list[int]:
        """The visible cards' products in order, in all rails or in those that the selector finds."""
        return self._products(f"{rail} li:not([hidden])")

    def all_cards(self) -> list[int]:
        return self._products("attune-recommendations li")

    def heading(self) -> str:
        return self.page.locator(".attune__heading").first.inner_text()

    def _products(self, selector: str) -> list[int]:
        found: list[str] = self.page.eval_on_selector_all(selector, "cards => cards.map(card => card.dataset.product)")
        return [int(product) for product in found]

    def link(self, product_id: int) -> Locator:
        return self.page.locator(f'attune-recommendations li[data-product="{product_id}"] a')

    def stored(self) -> dict[str, Any]:
        stored: dict[str, Any] = self.page.evaluate("({ ...localStorage, ...sessionStorage })")
        return stored

    def visitor(self) -> str:
        """The visitor's id, once the scripts have made it."""
        self.page.wait_for_function("/^[0-9a-f]{32}$/.test(localStorage.getItem('attune:visitor'))")
        return str(self.stored()["attune:visitor"])

    def shifted(self) -> float:
        """The sum of all layout shifts so far, after two frames in which a late one would show; prints what moved."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        shifts = self.page.evaluate("window.shifts")
        for shift in shifts:
            print(shift)
        return float(sum(shift["value"] for shift in shifts))

    def cart(self) -> list[dict[str, Any]]:
        cart: dict[str, Any] = self.page.evaluate("fetch('/cart.js').then(answer => answer.json())")
        return list(cart["items"])

    @property
    def sent_to_app(self) -> list[str]:
        return [line for line in self.sent if "/apps/attune" in line] + self.sent_to_collect

    @property
    def sent_to_collect(self) -> list[str]:
        return [line for line in self.sent if line.endswith("/collect")]
