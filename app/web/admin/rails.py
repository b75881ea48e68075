"""A rail as the admin's pages show it: its items with card and reason, and where they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.recommend.types import Placement, Rail, placement_of
from app.ports import Card
from app.services.preview_rail import Preview
from app.web.admin.learnt import RAILS, SOURCES


@dataclass(frozen=True, slots=True)
class ShownItem:
    card: Card
    reason: str
    score: float


@dataclass(frozen=True, slots=True)
class ShownRail:
    """`source` is the first source of the cascade that contributed, in words."""

    rail: Rail
    shown: Sequence[ShownItem]
    source: str
    version: str

    @property
    def title(self) -> str:
        return RAILS[self.rail]

    @property
    def is_beside_a_product(self) -> bool:
        return placement_of(self.rail) is Placement.PRODUCT

    @classmethod
    def of(cls, rail: Rail, preview: Preview) -> ShownRail:
        ranking = preview.ranking
        items = [ShownItem(preview.cards[i.product_id], preview.reason(i), i.score) for i in ranking.items]
        return cls(rail, items, SOURCES[ranking.strategy], ranking.model_version or "")
