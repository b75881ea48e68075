"""A shopper in a browser of her own, and what she does in the store."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.browser.visit import Visit
from tests.mail_in_the_browser.house import MailHouse
from tests.patience import PATIENCE_S


class Shopper(Visit):
    """Her browser; she allows everything on her first page."""

    def __init__(self, browser: Browser, house: MailHouse) -> None:
        super().__init__(browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce"), house)
        self.house = house
        self.page.set_default_timeout(PATIENCE_S * 1000)
        self.open(house.page_url)
        self.page.locator("[data-consent=accept]").click()
        self.id = self.visitor()

    def look_at(self, handle: str) -> None:
        """Until the app has noted it."""
        before = self.house.deeds(self.id, "views", handle)
        self.open(f"{self.house.url}/products/{handle}")
        self.until(lambda: self.house.deeds(self.id, "views", handle) > before, f"the look at {handle} is noted")

    def put_into_cart(self, handle: str) -> None:
        """With the button of its page."""
        self.look_at(handle)
        self.page.locator("button[name=add]").first.click()
        self.page.locator("cart-drawer.active").wait_for(state="visible")
        self.until(lambda: self.house.deeds(self.id, "carts", handle), f"{handle} in the cart is noted")

    def sign_in(self, email: str) -> None:
        """As the customer with this address; the next page with a rail tells the app who it is."""
        self.open(f"{self.house.url}/account/login?customer_id={self.house.customer(email)}")

    def sign_up(self, email: str) -> None:
        """With the newsletter's form."""
        form = self.page.locator("form.newsletter")
        form.locator("[name='contact[email]']").fill(email)
        with self.page.expect_navigation():
            form.locator("button").click()

    def check_out(self) -> None:
        """Order what is in the cart."""
        self.open(f"{self.house.url}/checkout")
        self.page.locator("button[type=submit]").last.click()
        self.page.locator(".thanks").wait_for(state="visible")

    def leave(self) -> None:
        """Close her browser."""
        self.page.context.close()
