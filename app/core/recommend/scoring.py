"""Scoring with NumPy alone: all that the web process and the exam run of an item model.

The trainers and their libraries live in `models/`; what they learnt arrives here as three read-only arrays, which may
be memory-mapped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.ids import ModelVersion, ProductId
from app.core.recommend.cascade import Context, Source
from app.core.recommend.types import Candidate, Reason, ReasonCode, Strategy

NEIGHBOUR = np.dtype([("index", "<i4"), ("score", "<f4")])
"""One neighbour: a position in `item_ids` (-1 = none) and its similarity; rows are sorted, best first."""

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class ItemModel:
    """An item-level model of one shop.

    Args:
        item_ids: int64 [N], ascending Shopify product ids.
        neighbours: `NEIGHBOUR` [N, K]; K may be 0 (a trending model).
        popularity: float32 [N], orders decayed by age, at least 0.
    """

    version: ModelVersion
    strategy: Strategy
    item_ids: npt.NDArray[np.int64]
    neighbours: npt.NDArray[Any]
    popularity: npt.NDArray[np.float32]
    _by_popularity: npt.NDArray[np.intp] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sold = int(np.count_nonzero(self.popularity > 0))
        object.__setattr__(self, "_by_popularity", np.argsort(-self.popularity, kind="stable")[:sold])

    @classmethod
    def of(cls, version: ModelVersion, arrays: Arrays, meta: Mapping[str, Any]) -> ItemModel:
        """The model that an artefact holds.

        Raises:
            ValueError: an array is missing or has the wrong type or shape.
        """
        ids, neighbours, popularity = (arrays.get(name) for name in ("item_ids", "neighbours", "popularity"))
        if ids is None or neighbours is None or popularity is None:
            raise ValueError("an item model has the arrays item_ids, neighbours and popularity")
        if neighbours.dtype != NEIGHBOUR or neighbours.ndim != 2 or not len(ids) == len(neighbours) == len(popularity):
            raise ValueError("the arrays of the item model do not fit together")
        return cls(version, Strategy(str(meta["strategy"])), ids, neighbours, popularity)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What an artefact of this model holds."""
        return {"item_ids": self.item_ids, "neighbours": self.neighbours, "popularity": self.popularity}

    def index_of(self, product: ProductId) -> int | None:
        """The product's position in `item_ids`; None when the model does not know it."""
        index = int(np.searchsorted(self.item_ids, product))
        return index if index < len(self.item_ids) and int(self.item_ids[index]) == product else None

    def neighbours_of(self, product: ProductId) -> list[tuple[ProductId, float]]:
        """The product's neighbours with their similarity, best first; empty when it is unknown."""
        index = self.index_of(product)
        if index is None:
            return []
        row = self.neighbours[index]
        row = row[row["index"] >= 0]
        ids = self.item_ids[row["index"]].tolist()
        return [(ProductId(item), score) for item, score in zip(ids, row["score"].tolist(), strict=True)]

    def neighbours_of_all(self, anchors: Sequence[ProductId]) -> list[tuple[ProductId, float, tuple[ProductId, ...]]]:
        """The neighbours of several products by summed similarity, each with the anchors that brought it.

        The sum over the basket is Deshpande and Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1),
        2004. Anchors come most influential first; equal sums are ordered by the id, so that answers repeat.
        """
        if len(anchors) == 1:
            return [(item, score, (anchors[0],)) for item, score in self.neighbours_of(anchors[0])]
        parts: dict[ProductId, list[tuple[float, ProductId]]] = {}
        for anchor in anchors:
            for item, score in self.neighbours_of(anchor):
                parts.setdefault(item, []).append((score, anchor))
        ranked = sorted(parts.items(), key=lambda entry: (-sum(score for score, _ in entry[1]), entry[0]))
        return [
            (item, sum(score for score, _ in brought), tuple(a for _, a in sorted(brought, key=lambda part: -part[0])))
            for item, brought in ranked
        ]

    def trending(self, limit: int | None = None) -> Iterator[tuple[ProductId, float]]:
        """Products that sold, most popular first, with their decayed number of orders."""
        for index in self._by_popularity[:limit]:
            yield ProductId(int(self.item_ids[index])), float(self.popularity[index])

    def catalogue_scores(self, given: ProductId) -> npt.NDArray[np.float64]:
        """One score for every item, float64 [N], in the order in which the cascade would show them.

        Neighbours score above 1, the rest by popularity below 1: the exam ranks what the shopper would be shown.
        """
        top = float(self.popularity.max(initial=0.0))
        scores = self.popularity.astype(np.float64) / (top + 1.0)
        index = self.index_of(given)
        if index is not None:
            row = self.neighbours[index]
            row = row[row["index"] >= 0]
            scores[row["index"]] = 1.0 + row["score"].astype(np.float64)
        return scores


@dataclass(frozen=True, slots=True)
class ItemItemSource:
    """What was bought together with the product looked at and those in the cart."""

    model: ItemModel
    strategy: Strategy = Strategy.ITEM_ITEM

    def candidates(self, context: Context) -> Iterator[Candidate]:
        for item, score, because in self.model.neighbours_of_all(context.anchors):
            yield Candidate(item, score, Reason(ReasonCode.BOUGHT_TOGETHER, because))


@dataclass(frozen=True, slots=True)
class TrendingSource:
    """What the store has been selling lately."""

    model: ItemModel
    strategy: Strategy = Strategy.TRENDING

    def candidates(self, context: Context) -> Iterator[Candidate]:  # noqa: ARG002 - the same for every context
        for item, score in self.model.trending():
            yield Candidate(item, score, Reason(ReasonCode.TRENDING))


def sources_of(model: ItemModel) -> tuple[Source, ...]:
    """The cascade's steps that this model feeds, in order."""
    if model.strategy is Strategy.ITEM_ITEM:
        return (ItemItemSource(model), TrendingSource(model))
    return (TrendingSource(model),)
