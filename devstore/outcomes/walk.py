"""One visit in this process: the way of `devstore.shoppers.visit` through a store's pages, without a browser.

Where the rail is not shown its place is there all the same, empty: whoever comes by it sees nothing and goes on. The
draws are the same in both cases until somebody comes by that place for the first time, so that who is exposed does not
depend on what is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from devstore.outcomes.shelves import Page, Row, Shelves
from devstore.shoppers.habits import Habits
from devstore.shoppers.mind import Mind


@dataclass(slots=True)
class Walk:
    """`came_by` is what she reached by a card of the rail; `exposed` is set as she comes by the rail's place.

    `seen` are the products whose pages she was on, in their order.
    """

    shelves: Shelves
    mind: Mind
    habits: Habits
    random: np.random.Generator
    is_shown: bool
    cart: list[int] = field(default_factory=list)
    came_by: set[int] = field(default_factory=set)
    seen: list[int] = field(default_factory=list)
    exposed: bool = False
    bought: tuple[int, ...] = ()

    def run(self) -> None:
        """Make the visit. How many pages she has time for is drawn first, and so is the same in both cases."""
        pages = 1 + int(self.random.geometric(1 / self.habits.pages))
        page: Page | None = self._entrance()
        for _ in range(pages):
            if page is None:
                break
            page = self._page(page)
        for product in self.mind.came_for:
            if product not in self.cart:
                self._page(self.shelves.product(product, self.cart))
        if self.cart and self.mind.completes():
            self.bought = tuple(self.cart)

    def _entrance(self) -> Page:
        habits, chance = self.habits, self.random.random()
        if chance < habits.from_home:
            return self.shelves.home
        if chance < habits.from_home + habits.from_collection:
            return self.shelves.collection(self.random)
        wish = self.mind.wish()
        if wish is None:
            return self.shelves.home
        if chance < habits.from_home + habits.from_collection + habits.from_search:
            return self.shelves.search(wish)
        return self.shelves.product(wish, self.cart)

    def _page(self, page: Page) -> Page | None:
        if page.product is not None:
            self._consider(page.product)
        clicked = self._look(page)
        if clicked is None:
            return self._wander(page)
        product, by_rail = clicked
        if by_rail:
            self.came_by.add(product)
        return self.shelves.product(product, self.cart)

    def _consider(self, product: int) -> None:
        self.seen.append(product)
        if self.shelves.price(product) is not None and self.mind.wants(product, self.cart):
            self.cart.append(product)

    def _look(self, page: Page) -> tuple[int, bool] | None:
        """Look along the rows; the product that is clicked, and whether it was on a card of the rail."""
        for number in self.random.permutation(len(page.rows)).tolist():
            row = page.rows[number]
            if row.is_rail:
                self.exposed = True
                if not self.is_shown:
                    continue
            if (clicked := self._along(row)) is not None:
                return clicked, row.is_rail
            if self.random.random() >= self.habits.shelves_looked_at:
                break
        return None

    def _along(self, row: Row) -> int | None:
        for place in self.mind.places(len(row.cards)):
            if self.mind.clicks(row.cards[place], self.cart):
                return row.cards[place]
        return None

    def _wander(self, page: Page) -> Page | None:
        """Where she goes when no card drew her: on to a collection, home, to what she wishes for, or out."""
        chance = self.random.random()
        if chance < 0.5:
            return self.shelves.collection(self.random)
        if chance < 0.65 and page is not self.shelves.home:
            return self.shelves.home
        if chance < 0.85 and (wish := self.mind.wish()) is not None:
            return self.shelves.product(wish, self.cart)
        return None
