"""The values that recommenders exchange: placements, strategies, reasons, candidates and ranked items.

Nothing here knows where a value comes from. Arrays are NumPy; product positions in arrays are *indexes* into the
artefact's `item_ids`, never Shopify ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from app.core.ids import ModelVersion, ProductId


class Placement(StrEnum):
    """The kind of page a rail stands on. Members appear when the placement works."""

    HOME = "home"
    PRODUCT = "product"
    CART = "cart"


class Rail(StrEnum):
    """One row of recommendations; a page may hold several, and they don't repeat each other."""

    FOR_YOU = "for_you"
    BUY_AGAIN = "buy_again"
    BOUGHT_TOGETHER = "bought_together"
    ALSO_VIEWED = "also_viewed"
    COMPLETE_THE_LOOK = "complete_the_look"
    GOES_WELL = "goes_well"


RAILS_OF: Mapping[Placement, tuple[Rail, ...]] = MappingProxyType(
    {
        Placement.HOME: (Rail.FOR_YOU, Rail.BUY_AGAIN),
        Placement.PRODUCT: (Rail.BOUGHT_TOGETHER, Rail.ALSO_VIEWED, Rail.COMPLETE_THE_LOOK),
        Placement.CART: (Rail.GOES_WELL,),
    }
)
"""The rails of each placement; the first is the one that is meant when none is named."""


def default_rail(placement: Placement) -> Rail:
    """The rail that is meant when a question names only the placement."""
    return RAILS_OF[placement][0]


def placement_of(rail: Rail) -> Placement:
    """Where the rail stands."""
    return _PLACEMENTS[rail]


_PLACEMENTS = {rail: placement for placement, rails in RAILS_OF.items() for rail in rails}


class Strategy(StrEnum):
    """The source of the cascade that a list came from."""

    RANKED = "ranked"
    """Many signals in one ranking that was learnt (`blend`)."""
    ALS = "als"
    """Factors of the shopper's own history."""
    ITEM_ITEM = "item_item"
    CO_VIEW = "co_view"
    COMPLEMENTS = "complements"
    """Bought together, and of another product type than what is looked at."""
    ALIKE = "alike"
    """Described alike; only of products that no model knows yet (`newcomers`)."""
    REPLENISH = "replenish"
    """What a customer bought before and is due again by now (`replenish_source`)."""
    TRENDING = "trending"
    STORED_LIST = "stored_list"
    NONE = "none"


class ReasonCode(StrEnum):
    """Why an item is shown; computed from the source that brought it, never guessed."""

    BOUGHT_TOGETHER = "bought_together"
    ALSO_VIEWED = "also_viewed"
    COMPLETES_THE_LOOK = "completes_the_look"
    BECAUSE_VIEWED = "because_viewed"
    """The shopper's own looking, clicking or putting into the cart brought the item."""
    BECAUSE_BOUGHT = "because_bought"
    """The shopper's own earlier orders brought the item."""
    BUY_AGAIN = "buy_again"
    """The shopper bought the item itself before, and the usual interval has passed, or soon will have."""
    SIMILAR = "similar"
    """What the shopper knows is described alike: of the same kind, in the same words, or at the same price."""
    TRENDING = "trending"
    NEW = "new"
    """The product is new to the store, and has been shown to few so far (`steering`)."""


@dataclass(frozen=True, slots=True)
class Again:
    """When the shopper bought an item, and after how many days it is usual to buy it again: by the shopper's own habit
    if `is_own`, else by everybody's.
    """

    days_ago: float
    usual: float
    is_own: bool


@dataclass(frozen=True, slots=True)
class Reason:
    code: ReasonCode
    because: tuple[ProductId, ...] = ()
    """The products of the shopper's context that brought the item, most influential first."""
    again: Again | None = None
    """Only with BUY_AGAIN, and only in answers to the customer whose purchase it is."""


class Later(Protocol):
    """Gives the reasons of items that one source brought, where they cost too much to be given for every candidate."""

    def reasons(self, products: Sequence[ProductId]) -> Sequence[Reason]:
        """One reason for each product, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that a source proposes; scores compare only within one source."""

    product_id: ProductId
    score: float
    reason: Reason
    later: Later | None = field(default=None, compare=False, repr=False)
    """Who gives a better reason, once it is known that the item is shown (`cascade.told`)."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What the cascade decided: items in order, and the first source that contributed."""

    strategy: Strategy
    items: tuple[Candidate, ...]
    model_version: ModelVersion | None
    skipped: tuple[str, ...] = ()
    """Sources that failed or had nothing, in the order in which they were asked."""
    failed: tuple[str, ...] = ()
    """Those of them that failed: by this, too, a new model is judged."""
    guests: int = 0
    """So many of the last items have these places however much the others have to show (`cascade.Guests`)."""
