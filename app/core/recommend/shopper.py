"""What is known of one shopper at the moment of a request, and how much each product of it counts.

Values only: who may be known at all (consent, a signed customer) is decided where they are read.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.core.ids import ProductId
from app.core.recommend.past_orders import PastOrder
from app.core.recommend.types import ReasonCode

MOST_INTERESTS = 20
"""As many as a vector is folded in from within a fraction of a millisecond."""
RECENT_LOOKS = 5
FADING = 0.9
"""Each product counts so much of the one that came after it: state holds the order of things, not their times."""
BOUGHT, CARTED, CLICKED, VIEWED = 1.0, 0.8, 0.5, 0.4
"""Chosen by judgement, not measured: an order is the unit in which models learn, and a look is the weakest sign."""
CODES = (
    ReasonCode.BECAUSE_BOUGHT,
    ReasonCode.BECAUSE_VIEWED,
    ReasonCode.BECAUSE_VIEWED,
    ReasonCode.BECAUSE_VIEWED,
)
STRONGEST_FIRST = sorted(
    [
        (weight * FADING**place, kind, place)
        for kind, weight in enumerate((BOUGHT, CARTED, CLICKED, VIEWED))
        for place in range(MOST_INTERESTS)
    ],
    key=lambda sign: (-sign[0], sign[1]),
)
"""Every place in the four lists with its weight; what stands further back in its list is no interest of any shopper."""


@dataclass(frozen=True, slots=True)
class Interest:
    """One product of the shopper's, its weight in (0, 1], and the reason for which it may be named."""

    product_id: ProductId
    weight: float
    code: ReasonCode


@dataclass(frozen=True, slots=True)
class Shopper:
    """Products newest first. `bought` and `orders` are there only for a customer who is proved to be one."""

    viewed: tuple[ProductId, ...] = ()
    clicked: tuple[ProductId, ...] = ()
    carted: tuple[ProductId, ...] = ()
    bought: tuple[ProductId, ...] = ()
    orders: tuple[PastOrder, ...] = ()
    """What was bought, order by order, newest first."""
    visit: tuple[ProductId, ...] = ()
    """What was looked at, clicked or put into the cart in the last visit, oldest first, each product once."""
    today: int = 0
    """Days since 1970-01-01, from which the orders' ages are counted."""

    @property
    def looks(self) -> tuple[ProductId, ...]:
        """The last products that the shopper looked at, by page or by card."""
        return tuple(dict.fromkeys(self.viewed + self.clicked))[:RECENT_LOOKS]

    def interests(self) -> tuple[Interest, ...]:
        """The products that tell most about the shopper, strongest first; a product counts by its strongest sign."""
        kinds = (self.bought, self.carted, self.clicked, self.viewed)
        found: dict[ProductId, Interest] = {}
        for weight, kind, place in STRONGEST_FIRST:
            products = kinds[kind]
            if place < len(products) and products[place] not in found:
                found[products[place]] = Interest(products[place], weight, CODES[kind])
                if len(found) == MOST_INTERESTS:
                    break
        return tuple(found.values())


NOBODY = Shopper()
