"""The neighbours of products with a memory, because shoppers look at the same few products again and again.

What a product's neighbours are does not change while a model is in use, so their candidates are made once. What is
allowed, and what is in the cart, is asked anew for every request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from app.core.ids import ProductId
from app.core.recommend.cascade import Context
from app.core.recommend.scoring import ItemModel, Table
from app.core.recommend.types import Candidate, Reason, ReasonCode, Strategy

MOST_REMEMBERED = 2000
"""Products a table and model: at 50 neighbours some 12 MB."""

Candidates = tuple[Candidate, ...]
Share = tuple[ProductId, float]
"""A product of the shopper's, and how much of an item's score it brought."""
Ranked = tuple[float, ProductId]
"""A negated score and its item, so that they sort best first."""

SOURCES = {
    Table.BOUGHT: (Strategy.ITEM_ITEM, ReasonCode.BOUGHT_TOGETHER),
    Table.VIEWED: (Strategy.CO_VIEW, ReasonCode.ALSO_VIEWED),
    Table.COMPLEMENTS: (Strategy.COMPLEMENTS, ReasonCode.COMPLETES_THE_LOOK),
}


@dataclass(frozen=True, slots=True)
class RememberedNeighbours:
    """One table of a model as a source: the neighbours of what is looked at and in the cart.

    The candidates are those of `ItemModel.neighbours_of_all`, in the same order, several times as fast; a test holds
    the two equal. Complements of several products are spread over the types as well (see `_spread`).
    """

    model: ItemModel
    table: Table = Table.BOUGHT
    _known: dict[ProductId, Candidates] = field(default_factory=dict)

    @property
    def strategy(self) -> Strategy:
        return SOURCES[self.table][0]

    @property
    def code(self) -> ReasonCode:
        return SOURCES[self.table][1]

    def candidates(self, context: Context) -> Iterable[Candidate]:
        anchors = context.anchors
        return self._of(anchors[0]) if len(anchors) == 1 else self._together(anchors)

    def summed(self, anchors: Sequence[Share]) -> Iterator[tuple[ProductId, float, list[Share]]]:
        """Neighbours of weighted products by their summed similarity, each with the shares that made the sum.

        Equal sums are ordered by the id, and complements are spread over the types. Who brought an item, most
        influential first, is worked out only for those that are drawn.
        """
        near = [
            (anchor, {one.product_id: weight * one.score for one in self._of(anchor)}) for anchor, weight in anchors
        ]
        sums: dict[ProductId, float] = {}
        for _, scores in near:
            for item, score in scores.items():
                sums[item] = sums.get(item, 0.0) + score
        ranked = sorted([(-score, item) for item, score in sums.items()])
        if self.table is Table.COMPLEMENTS:
            ranked = self._spread(ranked, [anchor for anchor, _ in anchors])
        for negative, item in ranked:
            brought = [(anchor, scores[item]) for anchor, scores in near if item in scores]
            brought.sort(key=lambda part: -part[1])
            yield item, -negative, brought

    def _of(self, product: ProductId) -> Candidates:
        known = self._known.get(product)
        if known is None:
            reason = Reason(self.code, (product,))
            near = self.model.neighbours_of(product, self.table)
            known = tuple(Candidate(item, score, reason) for item, score in near)
            if known:  # Else made-up ids could drive out the ones that shoppers look at.
                if len(self._known) >= MOST_REMEMBERED:
                    self._known.clear()
                self._known[product] = known
        return known

    def _together(self, anchors: tuple[ProductId, ...]) -> Iterator[Candidate]:
        code = self.code
        for item, score, brought in self.summed([(anchor, 1.0) for anchor in anchors]):
            yield Candidate(item, score, Reason(code, tuple([anchor for anchor, _ in brought])))

    def _spread(self, ranked: list[Ranked], anchors: Sequence[ProductId]) -> list[Ranked]:
        """The best of every type before the second best of any; the anchors' own types count as shown already."""
        groups = self.model.groups
        if groups is None:
            return ranked
        own = [index for index in map(self.model.index_of, anchors) if index is not None]
        shown = dict.fromkeys(groups[own].tolist(), 1)
        positions = np.searchsorted(self.model.item_ids, [item for _, item in ranked])
        rounds = []
        for group in groups[positions].tolist():
            rounds.append(shown.get(group, 0))
            shown[group] = rounds[-1] + 1
        return [one for _, one in sorted(zip(rounds, ranked, strict=True))]
