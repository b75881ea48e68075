"""Scoring with NumPy alone: all that the web process and the exams run of an item model.

The trainers and their libraries live in `models/`; what they learnt arrives here as read-only arrays, which may be
memory-mapped. A rail whose model did not beat its floor is not in `rails`, and its arrays are not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.ids import ModelVersion, ProductId
from app.core.recommend.blended import NO_BLENDS, Blends
from app.core.recommend.cascade import Context, Source
from app.core.recommend.factors import Blend, Floats, FoldIn, everybodys, own_blend, shares, weighted_blend
from app.core.recommend.fresh import Fresh, Rows
from app.core.recommend.neighbours import NEIGHBOUR, Neighbours
from app.core.recommend.signals.replenish import ReplenishSignal
from app.core.recommend.types import Candidate, Rail, Reason, ReasonCode, Strategy

POPULAR = Reason(ReasonCode.TRENDING)
NO_FOLD_IN = FoldIn(0.0, 0.0)
NO_FACTORS = np.empty((0, 0), dtype=np.float32)

Arrays = Mapping[str, npt.NDArray[Any]]


class Table(StrEnum):
    """What makes two products neighbours; the values are the names of the artefact's arrays."""

    BOUGHT = "neighbours"
    """Often in one order."""
    VIEWED = "view_neighbours"
    """Often looked at in one session."""
    COMPLEMENTS = "complement_neighbours"
    """Often in one order, and of different types; the best of every type stands before the second best of any."""


FACTORS = "item_factors"
LATELY = "lately"
GROUPS = "item_groups"
AGAIN = "again_"
"""How the names of the arrays begin that tell when products are bought again."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemModel:
    """An item-level model of one shop.

    Args:
        strategy: what the list beside a product is made of: item-item when that passed its exam, else trending.
        item_ids: int64 [N], ascending Shopify product ids.
        neighbours: `NEIGHBOUR` [N, K]; K may be 0 (a trending model).
        popularity: float32 [N], orders decayed by age, at least 0.
        viewed, complementing: `NEIGHBOUR` [N, K]; None without such a model.
        groups: int32 [N], which products are of one type; -1 where nothing is known. None without complements.
        factors: float32 [N, F], of items only; None without them.
        lately: float32 [N], as `popularity`, with the forgetting that suits the factors; `popularity` itself if None.
        fold_in: what `fold` works with; there whenever factors are.
        rails: those whose model beat its floor in the exam; of the others, goes_well falls back to trending, for_you
            to neighbours of what was looked at last and trending, the rest are not shown.
        for_you: the source that won that rail's exam: RANKED (`blends.bought`), ALS, ITEM_ITEM (neighbours of the
            shopper's own products) or TRENDING.
        goes_well: what comes first beside a cart: ITEM_ITEM, or COMPLEMENTS.
        blends: many signals in one ranking, over the same items; those that passed their exam.
        again: how soon products are bought again, in days; there whenever buy_again passed its exam.
        fresh: what stands in the place of these products' `neighbours` since orders came after the training (`beside`).
    """

    version: ModelVersion
    strategy: Strategy
    item_ids: npt.NDArray[np.int64]
    neighbours: Neighbours
    popularity: npt.NDArray[np.float32]
    viewed: Neighbours | None = None
    complementing: Neighbours | None = None
    groups: npt.NDArray[np.int32] | None = None
    factors: Floats | None = None
    fold_in: FoldIn | None = None
    lately: npt.NDArray[np.float32] | None = None
    rails: frozenset[Rail] = frozenset()
    for_you: Strategy = Strategy.TRENDING
    goes_well: Strategy = Strategy.ITEM_ITEM
    blends: Blends = NO_BLENDS
    again: ReplenishSignal | None = None
    fresh: Rows = field(default_factory=dict)
    _positions: dict[int, int] = field(init=False, repr=False)
    _by_popularity: npt.NDArray[np.intp] = field(init=False, repr=False)
    _inverse: Floats = field(init=False, repr=False)
    _blend: Blend = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if (self.factors is None) != (self.fold_in is None):
            raise ValueError("factors and the values to fold in with come together")
        if self.again is not None and len(self.again.intervals) != len(self.item_ids):
            raise ValueError("the intervals of the item model are not those of its items")
        # Some 100 bytes an item; a search in the array costs a request as much as its whole filter.
        object.__setattr__(self, "_positions", {item: place for place, item in enumerate(self.item_ids.tolist())})
        sold = int(np.count_nonzero(self.popularity > 0))
        object.__setattr__(self, "_by_popularity", np.argsort(-self.popularity, kind="stable")[:sold])
        factors = NO_FACTORS if self.factors is None else self.factors
        object.__setattr__(self, "_inverse", everybodys(factors, self.fold_in or NO_FOLD_IN))
        object.__setattr__(self, "_blend", own_blend(self._lately, self.fold_in or NO_FOLD_IN))

    @classmethod
    def of(cls, version: ModelVersion, arrays: Arrays, meta: Mapping[str, Any]) -> ItemModel:
        """The model that an artefact holds.

        Raises:
            ValueError: an array is missing or has the wrong type or shape.
        """
        ids, neighbours, popularity = (arrays.get(name) for name in ("item_ids", Table.BOUGHT, "popularity"))
        if ids is None or neighbours is None or popularity is None:
            raise ValueError("an item model has the arrays item_ids, neighbours and popularity")
        tables = [arrays[table] for table in Table if table in arrays]
        rest = [arrays[name] for name in ("popularity", GROUPS, FACTORS, LATELY) if name in arrays]
        if any(table.dtype != NEIGHBOUR or table.ndim != 2 for table in tables) or any(
            len(array) != len(ids) for array in (*tables, *rest)
        ):
            raise ValueError("the arrays of the item model do not fit together")
        return cls(
            version,
            Strategy(str(meta["strategy"])),
            ids,
            neighbours,
            popularity,
            viewed=arrays.get(Table.VIEWED),
            complementing=arrays.get(Table.COMPLEMENTS),
            groups=arrays.get(GROUPS),
            factors=arrays.get(FACTORS),
            fold_in=_fold_in(meta) if FACTORS in arrays else None,
            lately=arrays.get(LATELY),
            rails=frozenset(Rail(name) for name in meta.get("rails", ())),
            for_you=Strategy(str(meta.get("for_you", Strategy.TRENDING))),
            goes_well=Strategy(str(meta.get("goes_well", Strategy.ITEM_ITEM))),
            blends=Blends.of(arrays, meta.get("blends", {}), len(ids)),
            again=_again(arrays, meta),
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What an artefact of this model holds."""
        optional = {
            Table.VIEWED: self.viewed,
            Table.COMPLEMENTS: self.complementing,
            GROUPS: self.groups,
            FACTORS: self.factors,
            LATELY: self.lately,
        }
        there = {str(name): array for name, array in optional.items() if array is not None}
        return {"item_ids": self.item_ids, "neighbours": self.neighbours, "popularity": self.popularity, **there} | (
            self.blends.arrays()
            | ({f"{AGAIN}{name}": one for name, one in self.again.arrays().items()} if self.again else {})
        )

    def meta(self) -> dict[str, Any]:
        """What an artefact of this model says beside its arrays; `of` reads it."""
        return {
            "strategy": self.strategy.value,
            "rails": sorted(self.rails),
            "for_you": self.for_you.value,
            "goes_well": self.goes_well.value,
            **({"als": asdict(self.fold_in)} if self.fold_in else {}),
            **({"blends": self.blends.meta()} if self.blends else {}),
            **({"again": self.again.meta()} if self.again else {}),
        }

    @property
    def knows_customers(self) -> bool:
        """Whether any rail makes something of what a customer bought."""
        return self.for_you is not Strategy.TRENDING or Rail.BUY_AGAIN in self.rails

    def beside(self, fresh: Fresh | None) -> ItemModel:
        """This model with what was learnt after its training; as it is where that belongs to another version."""
        rows = fresh.bought if fresh is not None and fresh.version == self.version else {}
        twin = copy(self)
        object.__setattr__(twin, "fresh", rows)
        return twin

    def index_of(self, product: ProductId) -> int | None:
        """The product's position in `item_ids`; None when the model does not know it."""
        return self._positions.get(product)

    def group_of(self, product: ProductId) -> int:
        """The product's kind; -1 when it is not known."""
        index = self.index_of(product)
        return -1 if index is None or self.groups is None else int(self.groups[index])

    def row_of(self, product: ProductId, table: Table = Table.BOUGHT) -> Neighbours:
        """The product's neighbours as `NEIGHBOUR` [at most K], best first; empty when it is unknown or has none."""
        rows = {Table.BOUGHT: self.neighbours, Table.VIEWED: self.viewed, Table.COMPLEMENTS: self.complementing}[table]
        index = self.index_of(product)
        if index is None or rows is None:
            return np.empty(0, dtype=NEIGHBOUR)
        row: Neighbours = rows[index]
        return np.asarray(row[row["index"] >= 0])

    def neighbours_of(self, product: ProductId, table: Table = Table.BOUGHT) -> list[tuple[ProductId, float]]:
        """The product's neighbours with their similarity, best first; empty when it is unknown."""
        if table is Table.BOUGHT and (newer := self.fresh.get(product)):
            return list(newer)
        row = self.row_of(product, table)
        ids = self.item_ids[row["index"]].tolist()
        return [(ProductId(item), score) for item, score in zip(ids, row["score"].tolist(), strict=True)]

    def neighbours_of_all(
        self, anchors: Sequence[ProductId], table: Table = Table.BOUGHT
    ) -> list[tuple[ProductId, float, tuple[ProductId, ...]]]:
        """The neighbours of several products by summed similarity, each with the anchors that brought it.

        The sum over the basket is Deshpande and Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1),
        2004. Anchors come most influential first; equal sums are ordered by the id, so that answers repeat.
        """
        if len(anchors) == 1:
            return [(item, score, (anchors[0],)) for item, score in self.neighbours_of(anchors[0], table)]
        parts: dict[ProductId, list[tuple[float, ProductId]]] = {}
        for anchor in anchors:
            for item, score in self.neighbours_of(anchor, table):
                parts.setdefault(item, []).append((score, anchor))
        ranked = sorted(parts.items(), key=lambda entry: (-sum(score for score, _ in entry[1]), entry[0]))
        return [
            (item, sum(score for score, _ in brought), tuple(a for _, a in sorted(brought, key=lambda part: -part[0])))
            for item, brought in ranked
        ]

    # -- factors -----------------------------------------------------------------------------------------------------

    def fold(self, products: Sequence[ProductId], weights: Sequence[float]) -> Floats:
        """The vector of a shopper who is known by these products, float32 [F].

        Args:
            weights: one for each product, above 0; 1 is an order of today.

        Returns:
            All zeros when the model knows none of the products or has no factors: then nothing is known of the taste.
        """
        return np.asarray(self.shares(products, weights).sum(axis=1), dtype=np.float32)

    def scores(self, vector: Floats, blend: Blend | None = None) -> Floats:
        """How well every item suits a shopper with this vector now, float32 [N]; without factors all zeros.

        The preference that the paper predicts and the level that all items have, times the item's trend (`factors`).
        """
        if self.factors is None or self.fold_in is None:
            return np.zeros(len(self.item_ids), dtype=np.float32)
        return self.weighed(self.factors @ vector, blend)

    def weighed(self, liking: Floats, blend: Blend | None = None) -> Floats:
        """`scores` for preferences at hand, the product of factors and vector, float32 [N]; overwrites them."""
        blend = blend or self._blend
        if blend.taste != 1.0:
            liking *= np.float32(blend.taste)
        liking += np.float32(blend.level)
        liking *= blend.trend
        return np.asarray(liking, dtype=np.float32)

    def blended(self, weight: float) -> Blend:
        """A blend of this model's items in which what sells weighs so much (`weighted_blend`)."""
        return weighted_blend(self._lately, weight)

    @property
    def _lately(self) -> npt.NDArray[np.float32]:
        return self.popularity if self.lately is None else self.lately

    def contributions(
        self, products: Sequence[ProductId], weights: Sequence[float], items: Sequence[ProductId]
    ) -> Floats:
        """How much of each item's score each of the shopper's products explains, float32 [items, products].

        A row's sum and the item's `level_of` are its score after `fold` with the same products and weights (section 5
        of the paper in `factors`). What the model does not know explains nothing.
        """
        indexes = [self.index_of(item) for item in items]
        known = [row for row, index in enumerate(indexes) if index is not None]
        rows = np.zeros((len(items), len(products)), dtype=np.float32)
        rows[known] = self.explained(self.shares(products, weights), [index for index in indexes if index is not None])
        return rows

    def shares(self, products: Sequence[ProductId], weights: Sequence[float]) -> Floats:
        """What each of the shopper's products adds to the vector, float32 [F, products]; zeros where it is unknown."""
        if self.factors is None or self.fold_in is None or not len(self.item_ids):
            return np.zeros((0, len(products)), dtype=np.float32)
        weight = np.asarray(weights, dtype=np.float32)
        positions = [self._positions.get(product, -1) for product in products]
        if positions and min(positions) >= 0:
            return shares(self.factors[positions], weight, self._inverse, self.fold_in)
        known = [place for place, position in enumerate(positions) if position >= 0]
        parts = np.zeros((self.factors.shape[1], len(products)), dtype=np.float32)
        if known:
            own = self.factors[[positions[place] for place in known]]
            parts[:, known] = shares(own, weight[known], self._inverse, self.fold_in)
        return parts

    def explained(self, parts: Floats, indexes: Sequence[int], blend: Blend | None = None) -> Floats:
        """As `contributions`, for shares that are at hand and positions in `item_ids`."""
        if self.factors is None:
            return np.zeros((len(indexes), parts.shape[1]), dtype=np.float32)
        blend = blend or self._blend
        chosen = np.asarray(indexes, dtype=np.intp)
        trend = np.float32(blend.taste) * blend.trend[chosen, None]
        return np.asarray((self.factors[chosen] @ parts) * trend, dtype=np.float32)

    def level_of(self, index: int, blend: Blend | None = None) -> float:
        """How much of the score of the item at this position is nobody's taste: it sells."""
        blend = blend or self._blend
        return blend.level * float(blend.trend[index]) if self.fold_in else 0.0

    # -- the whole catalogue -----------------------------------------------------------------------------------------

    def trending(self, limit: int | None = None) -> Iterator[tuple[ProductId, float]]:
        """Products that sold, most popular first, with their decayed number of orders."""
        for index in self._by_popularity[:limit]:
            yield ProductId(int(self.item_ids[index])), float(self.popularity[index])

    def by_popularity(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
        """The positions of what sold and is in the mask, bool [N], most popular first."""
        return self._by_popularity[mask[self._by_popularity]]

    def catalogue_scores(
        self, given: Sequence[ProductId], table: Table = Table.BOUGHT, *, weights: Sequence[float] | None = None
    ) -> npt.NDArray[np.float64]:
        """One score for every item, float64 [N], in the order in which the cascade would show them.

        Neighbours score above 1, the rest by popularity below 1: the exam ranks what the shopper would be shown.

        Args:
            weights: one for each given product; all alike where they are not given.
        """
        sums = np.zeros(len(self.item_ids))
        for place, product in enumerate(given):
            row = self.row_of(product, table)
            # One product's neighbours stand in the table's own order, several products' are summed.
            own = np.arange(len(row), 0, -1.0) if len(given) == 1 else row["score"].astype(np.float64)
            sums[row["index"]] += own if weights is None else weights[place] * own
        top = float(self.popularity.max(initial=0.0))
        return np.where(sums > 0, 1.0 + sums, self.popularity.astype(np.float64) / (top + 1.0))


def _fold_in(meta: Mapping[str, Any]) -> FoldIn:
    try:
        return FoldIn(**{name: float(value) for name, value in meta["als"].items()})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the artefact does not say what its factors are folded in with: {error!r}") from error


def _again(arrays: Arrays, meta: Mapping[str, Any]) -> ReplenishSignal | None:
    if "again" not in meta:
        return None
    own = {name.removeprefix(AGAIN): array for name, array in arrays.items() if name.startswith(AGAIN)}
    return ReplenishSignal.of(own, meta["again"])


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
            yield Candidate(item, score, POPULAR)


def sources_of(model: ItemModel) -> tuple[Source, ...]:
    """The cascade's steps that this model feeds, in order."""
    if model.strategy is Strategy.ITEM_ITEM:
        return (ItemItemSource(model), TrendingSource(model))
    return (TrendingSource(model),)
