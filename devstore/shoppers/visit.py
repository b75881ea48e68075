"""One visit: from the first page to the cart, and sometimes through the checkout.

What is on a page decides where she goes next: a card that attracts her is clicked, what she wants goes into the cart,
otherwise she wanders on or leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote_plus, urlencode

import numpy as np

from devstore.shoppers.browser import Browser
from devstore.shoppers.catalogue import Catalogue
from devstore.shoppers.habits import Habits
from devstore.shoppers.mind import Mind
from devstore.shoppers.page import Card, Page, Row
from devstore.shoppers.pixel import FIRST_S
from devstore.shoppers.scripts import Scripts
from devstore.shoppers.tally import Tally


@dataclass(slots=True)
class Visit:
    """`customer` is her account, or None for a guest; `pace` divides all times."""

    browser: Browser
    scripts: Scripts
    mind: Mind
    catalogue: Catalogue
    habits: Habits
    random: np.random.Generator
    tally: Tally
    pace: float
    customer: int | None = None
    signs_in: bool = False
    """Whether she signs in before she looks around."""
    email: str = ""
    """A guest's, at the checkout."""
    cart: list[int] = field(default_factory=list)
    came_by: dict[int, str] = field(default_factory=dict)
    """Product → the row whose card led to its page."""
    carted_by: dict[int, str] = field(default_factory=dict)
    bought: tuple[int, ...] = ()

    async def run(self) -> None:
        """Make the visit."""
        self.tally.visits += 1
        path: str | None = self._entrance()
        if self.customer is not None and self.signs_in:
            path = self._through_login(path or "/")
        for _ in range(1 + int(self.random.geometric(1 / self.habits.pages))):
            if path is None:
                break
            path = await self._page(path)
        for product in self.mind.came_for:
            if product not in self.cart and (handle := self.catalogue.handle(product)):
                await self._page(f"/products/{handle}")
        if self.cart:
            await self._cart()
        await self.scripts.flush()
        self.tally.consenting += self.scripts.run

    def _entrance(self) -> str:
        habits = self.habits
        chance = self.random.random()
        if chance < habits.from_home:
            return "/"
        if chance < habits.from_home + habits.from_collection:
            return self.catalogue.some_collection(self.random)
        wish = self.mind.wish()
        if wish is None:
            return "/"
        title = self.catalogue.title(wish)
        if chance < habits.from_home + habits.from_collection + habits.from_search and title:
            return f"/search?q={quote_plus(title.split()[-1].lower())}&type=product"
        return f"/products/{self.catalogue.handle(wish)}" if self.catalogue.handle(wish) else "/"

    async def _page(self, path: str) -> str | None:
        """Look at a page; returns where she goes from there, or None when she has had enough."""
        page = await self._open(path)
        if page.status >= 500 or page.status == 429:
            return None
        if page.status >= 400:
            return "/"
        stays = float(self.random.exponential(self.habits.think_s))
        await self._wait(min(stays, FIRST_S))
        await self.scripts.flush()
        product = self.catalogue.id(page.handle) if page.handle else None
        drawer = None if product is None else await self._consider(page, product)
        clicked = self._look([*page.rows, drawer] if drawer else page.rows)
        await self.scripts.flush()
        await self._wait(stays - FIRST_S)
        return await self._follow(*clicked) if clicked else self._wander(page)

    async def _open(self, path: str) -> Page:
        page = await self.browser.open(path)
        accepted = self._answer_banner()
        await self.scripts.load(page, allowed_here=accepted)
        return page

    async def _follow(self, row: Row, place: int) -> str:
        """Click on a card."""
        card = row.shown[place]
        self.tally.row(row.counted).clicks += 1
        product = self._product(card)
        if product is not None:
            self.came_by[product] = row.counted
        self.scripts.clicked(row, place)
        await self.scripts.flush()
        return f"/products/{card.handle}"

    def _answer_banner(self) -> bool:
        """Answer the banner, or leave it; whether everything was allowed just now."""
        if self.browser.consent is not None:
            return False
        chance = self.random.random()
        if chance < self.habits.accept:
            self.browser.answer_banner(accept=True)
        elif chance < self.habits.accept + self.habits.decline:
            self.browser.answer_banner(accept=False)
        return self.browser.consent is True

    def _look(self, rows: Sequence[Row]) -> tuple[Row, int] | None:
        """Look along the rows; returns the row and place of a card that is clicked.

        Places in which nothing stands come into view like others, so that they are passed by as often; but nobody looks
        at them.
        """
        rows = [row for row in rows if not row.hidden]
        for number in self.random.permutation(len(rows)).tolist():
            row: Row = rows[number]
            for place in self.mind.places(len(row.shown)):
                product = self._product(row.shown[place])
                if product is None:
                    continue
                self.scripts.seen(row, place)
                if row.shown[place].held:
                    continue
                self.tally.row(row.counted).looked_at += 1
                if self.mind.clicks(product, self.cart):
                    return row, place
            if self.random.random() >= self.habits.shelves_looked_at:
                break
        return None

    def _product(self, card: Card) -> int | None:
        return int(card.product_id) if card.product_id else self.catalogue.id(card.handle)

    async def _consider(self, page: Page, product: int) -> Row | None:
        """Put the page's product into the cart if she wants it and can have it; what the opened drawer then shows."""
        if page.sold_out or not page.form.get("id") or not self.mind.wants(product, self.cart):
            return None
        form = {**page.form, "quantity": "1", **self.scripts.tag(product)}
        if not self.browser.scripts:
            if (await self.browser.submit("/cart/add", form)).status >= 400:
                return None
        else:
            added, happened = await self.browser.send("/cart/add.js", form)
            if added is None:
                return None
            self.scripts.happened(happened)
        self.cart.append(product)
        if product in self.came_by:
            self.carted_by[product] = self.came_by[product]
            self.tally.row(self.came_by[product]).carted += 1
        return await self.scripts.drawer(page)

    async def _cart(self) -> None:
        """The cart page, and in some visits the checkout."""
        path = "/cart"
        for _ in range(2):
            page = await self._open(path)
            await self._wait(FIRST_S)
            await self.scripts.flush()
            clicked = self._look(page.rows)
            await self._wait(float(self.random.exponential(self.habits.think_s)))
            if clicked is None:
                break
            await self._page(await self._follow(*clicked))
        if self.mind.completes():
            await self._check_out()

    async def _check_out(self) -> None:
        """Who has an account is known by her address there; here she signs in on the way."""
        email = self.email if self.customer is None else ""
        page = await self._open("/checkout" if self.customer is None else self._through_login("/checkout"))
        await self._wait(float(self.random.exponential(self.habits.think_s)))
        await self.scripts.flush()
        thanks = await self.browser.submit("/checkout", {"email": email}) if page.status < 400 else page
        if not thanks.thanks:
            return  # Sold out meanwhile, or out of order.
        await self.scripts.load(thanks)
        await self.scripts.flush()
        self.bought = tuple(self.cart)
        self.tally.orders += 1
        self.tally.consenting_orders += self.scripts.run
        for row in self.carted_by.values():
            self.tally.row(row).bought += 1

    def _through_login(self, path: str) -> str:
        return f"/account/login?{urlencode({'customer_id': self.customer, 'return_to': path})}"

    def _wander(self, page: Page) -> str | None:
        """Where she goes when no card drew her: on to a collection, home, or out."""
        chance = self.random.random()
        if chance < 0.5:
            return self.catalogue.some_collection(self.random)
        if chance < 0.65 and page.path != "/":
            return "/"
        if chance < 0.85 and (wish := self.mind.wish()) is not None and (handle := self.catalogue.handle(wish)):
            return f"/products/{handle}"
        return None

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0.0) / self.pace)
