"""A model in use: its sources with a memory, because shoppers look at the same few products again and again.

What a product's neighbours are does not change while a model is in use, so their candidates are made once. What is
allowed, and what is in the cart, is asked anew for every request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from app.core.ids import ModelVersion, ProductId
from app.core.recommend.cascade import Context, Source
from app.core.recommend.scoring import ItemItemSource, ItemModel, sources_of
from app.core.recommend.types import Candidate, Reason, ReasonCode, Strategy

MOST_REMEMBERED = 2000
"""Products a model: at 24 neighbours some 10 MB."""

Candidates = tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class RememberedNeighbours:
    """The same candidates as `ItemItemSource`, in the same order, several times as fast; a test holds the two equal."""

    model: ItemModel
    strategy: Strategy = Strategy.ITEM_ITEM
    _known: dict[ProductId, Candidates] = field(default_factory=dict)

    def candidates(self, context: Context) -> Iterable[Candidate]:
        anchors = context.anchors
        return self._of(anchors[0]) if len(anchors) == 1 else self._together(anchors)

    def _of(self, product: ProductId) -> Candidates:
        known = self._known.get(product)
        if known is None:
            reason = Reason(ReasonCode.BOUGHT_TOGETHER, (product,))
            known = tuple(Candidate(item, score, reason) for item, score in self.model.neighbours_of(product))
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[product] = known
        return known

    def _together(self, anchors: tuple[ProductId, ...]) -> Iterator[Candidate]:
        """By summed similarity; who brought an item is worked out only for those that are drawn."""
        near = [(anchor, {one.product_id: one.score for one in self._of(anchor)}) for anchor in anchors]
        sums: dict[ProductId, float] = {}
        for _, scores in near:
            for item, score in scores.items():
                sums[item] = sums.get(item, 0.0) + score
        for negative, item in sorted([(-score, item) for item, score in sums.items()]):
            brought = [(anchor, scores[item]) for anchor, scores in near if item in scores]
            brought.sort(key=lambda part: -part[1])
            because = tuple([anchor for anchor, _ in brought])
            yield Candidate(item, -negative, Reason(ReasonCode.BOUGHT_TOGETHER, because))


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model and the cascade's steps that it feeds, in order."""

    model: ItemModel
    sources: tuple[Source, ...]

    @classmethod
    def of(cls, model: ItemModel) -> ServedModel:
        """The model's own sources, the one of neighbours with a memory."""
        return cls(model, tuple(map(_remembering, sources_of(model))))

    @property
    def version(self) -> ModelVersion:
        return self.model.version


def _remembering(source: Source) -> Source:
    return RememberedNeighbours(source.model) if isinstance(source, ItemItemSource) else source
