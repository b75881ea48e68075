"""Sources of the cascade that need no model of their own: a stored list, and what the visitor clicked lately."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.core.ids import ProductId
from app.core.recommend.cascade import Context, Source
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Candidate, Reason, ReasonCode, Strategy

RECENT_CLICKS = 5


@dataclass(frozen=True, slots=True)
class RecentClicksSource:
    """What was bought together with the products that this visitor clicked lately."""

    model: ItemModel
    clicked: tuple[ProductId, ...]
    strategy: Strategy = Strategy.ITEM_ITEM

    def candidates(self, context: Context) -> Iterator[Candidate]:  # noqa: ARG002 - the same for every context
        for item, score, because in self.model.neighbours_of_all(self.clicked):
            yield Candidate(item, score, Reason(ReasonCode.BOUGHT_TOGETHER, because))


@dataclass(frozen=True, slots=True)
class StoredListSource:
    """The product's item-level list as it was last published; scores are 1/rank, because none were stored."""

    code: ReasonCode
    products: tuple[ProductId, ...]
    strategy: Strategy = Strategy.STORED_LIST

    def candidates(self, context: Context) -> Iterator[Candidate]:
        because = () if self.code is ReasonCode.TRENDING or context.product_id is None else (context.product_id,)
        reason = Reason(self.code, because)
        for rank, product in enumerate(self.products, start=1):
            yield Candidate(product, 1.0 / rank, reason)


def with_recent_clicks(sources: Sequence[Source], model: ItemModel, clicked: Sequence[ProductId]) -> list[Source]:
    """A model's sources with the visitor's last clicks (newest first) behind what the page is about."""
    if not clicked or model.strategy is not Strategy.ITEM_ITEM:
        return [*sources]
    return [*sources[:1], RecentClicksSource(model, tuple(clicked[:RECENT_CLICKS])), *sources[1:]]
