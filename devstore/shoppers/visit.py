"""One visit: from the first page to the cart, and sometimes through the checkout.

What is on a page decides where she goes next: a card that attracts her is clicked, what she wants goes into the cart,
otherwise she wanders on or leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote_plus

import numpy as np

from devstore.shoppers.browser import Browser
from devstore.shoppers.catalogue import Catalogue
from devstore.shoppers.habits import Habits
from devstore.shoppers.mind import Mind
from devstore.shoppers.page import Page, Row
from devstore.shoppers.scripts import Scripts
from devstore.shoppers.tally import Tally


@dataclass(slots=True)
class Visit:
    """`customer` is the account she signs in to, or None; `pace` divides all times."""

    browser: Browser
    scripts: Scripts
    mind: Mind
    catalogue: Catalogue
    habits: Habits
    random: np.random.Generator
    tally: Tally
    pace: float
    customer: int | None = None
    email: str = ""
    cart: list[int] = field(default_factory=list)
    came_by: dict[int, str] = field(default_factory=dict)
    """Product → the row whose card led to its page."""
    carted_by: dict[int, str] = field(default_factory=dict)

    async def run(self) -> None:
        """Make the visit."""
        self.tally.visits += 1
        if self.customer is not None:
            await self.browser.open(f"/account/login?customer_id={self.customer}")
        path: str | None = await self._entrance()
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

    async def _entrance(self) -> str:
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
        if page.status >= 400:
            return "/"
        product = self.catalogue.id(page.handle) if page.handle else None
        if product is not None:
            await self._consider(page, product)
        clicked = self._look(page.rows)
        await self._think()
        await self.scripts.flush()
        if clicked:
            return f"/products/{clicked}"
        return self._wander(page)

    async def _open(self, path: str) -> Page:
        page = await self.browser.open(path)
        await self._answer_banner()
        await self.scripts.load(page, self.cart)
        product = self.catalogue.id(page.handle) if page.handle else None
        if product is not None:
            self.scripts.note("product_view", product_id=str(product))
        elif path.startswith("/search?q="):
            self.scripts.note("search", query=path.removeprefix("/search?q=").partition("&")[0])
        return page

    async def _answer_banner(self) -> None:
        if self.browser.consent is None:
            chance = self.random.random()
            if chance < self.habits.accept:
                self.browser.answer_banner(accept=True)
            elif chance < self.habits.accept + self.habits.decline:
                self.browser.answer_banner(accept=False)

    def _look(self, rows: Sequence[Row]) -> str | None:
        """Look along the rows; returns the handle of a card that is clicked."""
        for number in self.random.permutation(len(rows)).tolist():
            row: Row = rows[number]
            for place in self.mind.places(len(row.shown)):
                card = row.shown[place]
                product = int(card.product_id) if card.product_id else self.catalogue.id(card.handle)
                if product is None:
                    continue
                counts = self.tally.row(row.name)
                counts.looked_at += 1
                self.scripts.seen(row, place)
                if self.mind.clicks(product, self.cart):
                    counts.clicks += 1
                    self.came_by[product] = row.name
                    self.scripts.clicked(row, place)
                    return card.handle
            if self.random.random() >= self.habits.shelves_looked_at:
                break
        return None

    async def _consider(self, page: Page, product: int) -> None:
        """Put the page's product into the cart if she wants it and can have it."""
        variant = page.form.get("id", "")
        if page.sold_out or not variant or not self.mind.wants(product, self.cart):
            return
        tag = self.browser.clicked.get(str(product))
        line = {"id": int(variant), "quantity": 1, "properties": {"_attune": tag} if tag else {}}
        if await self.browser.json("POST", "/cart/add.js", json=line) is None:
            return
        self.cart.append(product)
        self.scripts.note("add_to_cart", product_id=str(product), variant_id=variant, quantity=1)
        if product in self.came_by:
            self.carted_by[product] = self.came_by[product]
            self.tally.row(self.came_by[product]).carted += 1

    async def _cart(self) -> None:
        page = await self._open("/cart")
        self.scripts.note("cart_view", products=[str(product) for product in self.cart])
        clicked = self._look(page.rows)
        await self._think()
        if clicked:
            await self._page(f"/products/{clicked}")
            await self._open("/cart")
        if not self.mind.completes():
            return
        self.scripts.note("checkout_started", products=[str(product) for product in self.cart])
        order = await self.browser.json("POST", "/checkout", data={"email": self.email})
        if order is None:
            return  # Sold out meanwhile.
        self.tally.orders += 1
        for row in self.carted_by.values():
            self.tally.row(row).bought += 1
        self.scripts.note("purchase", order_id=str(order["id"]), products=[str(product) for product in self.cart])

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

    async def _think(self) -> None:
        await asyncio.sleep(float(self.random.exponential(self.habits.think_s)) / self.pace)
