"""The values that recommenders exchange: placements, strategies, reasons, candidates and ranked items.

Nothing here knows where a value comes from. Arrays are NumPy; product positions in arrays are *indexes* into the
artefact's `item_ids`, never Shopify ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.core.ids import ModelVersion, ProductId


class Placement(StrEnum):
    """Where a rail stands. Members appear when the placement works."""

    PRODUCT = "product"


class Strategy(StrEnum):
    """The source of the cascade that a list came from."""

    ITEM_ITEM = "item_item"
    TRENDING = "trending"
    STORED_LIST = "stored_list"
    NONE = "none"


class ReasonCode(StrEnum):
    """Why an item is shown; computed from the source that brought it, never guessed."""

    BOUGHT_TOGETHER = "bought_together"
    TRENDING = "trending"


@dataclass(frozen=True, slots=True)
class Reason:
    code: ReasonCode
    because: tuple[ProductId, ...] = ()
    """The products of the shopper's context that brought the item, most influential first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that a source proposes; scores compare only within one source."""

    product_id: ProductId
    score: float
    reason: Reason


@dataclass(frozen=True, slots=True)
class Ranking:
    """What the cascade decided: items in order, and the first source that contributed."""

    strategy: Strategy
    items: tuple[Candidate, ...]
    model_version: ModelVersion | None
    skipped: tuple[str, ...] = ()
    """Sources that failed or had nothing, in the order in which they were asked."""
