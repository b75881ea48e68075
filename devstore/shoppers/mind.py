"""What one shopper makes of what she sees: looking, clicking, wanting. Pure: tastes, numbers and a generator in.

The odds of a purchase follow the exponential of the utility by which the world's own history was drawn or fitted
(`devstore.worlds.taste`), those of a click a power of it (`Habits.interest`), so that a rail which shows what somebody
likes is clicked more and sells more. In a world where personalisation has no effect (`has_effect`), what is bought is
settled before the visit, and clicks on cards fall anywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

import numpy as np

from devstore.shoppers.habits import Habits
from devstore.worlds.taste import Tastes

MOST_CHANCE = 0.9


class Mind:
    """One person during one visit; products are Shopify's numeric ids.

    Args:
        row: the shopper's row in the tastes.
        at: store time.
        bought: what she has bought since the history ended, which runs out again only later.
    """

    def __init__(
        self,
        tastes: Tastes,
        row: int,
        habits: Habits,
        random: np.random.Generator,
        *,
        at: datetime,
        bought: Collection[int] = (),
    ) -> None:
        self._bought = bought
        self._tastes, self._row, self._at, self._habits, self._random = tastes, row, at, habits, random
        self._complements: dict[int, frozenset[int]] = {}
        utility = tastes.utilities(row, at)
        offered = np.isfinite(utility)
        average = np.log(np.exp(utility[offered]).mean()) if offered.any() else 0.0
        self._attraction = np.where(offered, utility - average, -np.inf)
        self._in_the_mood = bool(random.random() < habits.mood)
        self.came_for = self._errand()

    def _errand(self) -> tuple[int, ...]:
        """What she is going to buy whatever she is shown: something that ran out, or all of it in a null world.

        In a null world a visit ends in an order with the shopper's own chance, what ran out included.
        """
        comes = self._in_the_mood
        if not self._tastes.has_effect:
            comes = bool(self._random.random() < self._tastes.conversion(self._row))
        if not comes:
            return ()
        due = [product for product in self._tastes.due(self._row, self._at) if product not in self._bought][:1]
        if due and self._random.random() < float(self._tastes.loyalty[self._row]):
            return tuple(due)
        if self._tastes.has_effect:
            return ()
        return tuple(self._tastes.wishes(self._row, self._at, 1, self._random))

    def wish(self) -> int | None:
        """A product that she would like to look at."""
        return next(iter(self._tastes.wishes(self._row, self._at, 1, self._random)), None)

    def places(self, cards: int) -> Iterator[int]:
        """The places of a row of so many cards that she looks at: from the first on, until she looks away."""
        for place in range(cards):
            if self._random.random() >= (self._habits.look_next if place else self._habits.look_first):
                return
            yield place

    def clicks(self, product: int, cart: Collection[int]) -> bool:
        """Whether a card that she looks at is clicked."""
        odds = self._habits.click / (1 - self._habits.click)
        if self._tastes.has_effect:
            odds *= float(np.exp(self._habits.interest * self._pull(product, cart)))
        return bool(self._random.random() < odds / (1 + odds))

    def wants(self, product: int, cart: Collection[int]) -> bool:
        """Whether the product of the page she is on goes into the cart."""
        if product in cart:
            return False
        if product in self.came_for:
            return True
        if not (self._tastes.has_effect and self._in_the_mood):
            return False
        rate = self._tastes.conversion(self._row)
        odds = rate / (1 - rate) * float(np.exp(self._pull(product, cart)))
        return bool(self._random.random() < min(odds / (1 + odds) / self._habits.completion, MOST_CHANCE))

    def completes(self) -> bool:
        """Whether a filled cart is bought. Who came for something buys it."""
        return bool(self.came_for) or bool(self._random.random() < self._habits.completion)

    def _pull(self, product: int, cart: Collection[int]) -> float:
        """Attraction as a logit over the average product; what goes with the cart has more of it."""
        try:
            own = float(self._attraction[self._tastes.row_of(product)])
        except KeyError:  # Came into the shop after the history ended.
            own = 0.0
        return own + (self._habits.complement_logit if any(product in self._along(held) for held in cart) else 0.0)

    def _along(self, product: int) -> frozenset[int]:
        if product not in self._complements:
            try:
                found = frozenset(other for other, _ in self._tastes.complements(product))
            except KeyError:
                found = frozenset()
            self._complements[product] = found
        return self._complements[product]
