"""Sources of the cascade that are fed by the moment: what this shopper looked at, carted and bought, and stored lists.

None of them proposes what the shopper knows already: a product is no reason for itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.ids import ProductId
from app.core.recommend.cascade import Context
from app.core.recommend.factors import Blend, Floats
from app.core.recommend.remembered import RememberedNeighbours, Share
from app.core.recommend.scoring import POPULAR, ItemModel
from app.core.recommend.shopper import Interest
from app.core.recommend.types import Candidate, Reason, ReasonCode, Strategy

MOST_REASONS = 3
LEAST_SHARE = 0.25
"""Of the most influential product's share: what brought less than this of an item is not named as its reason."""
HEAD = 64
"""So many of a shopper's best items are sorted first; the rest only if those do not fill the rail."""
EXPLAINED_AT_ONCE = 12
"""More than a rail holds, because some are sold out."""


@dataclass(frozen=True, slots=True)
class LooksSource:
    """Neighbours of what this shopper looked at last."""

    neighbours: RememberedNeighbours

    @property
    def strategy(self) -> Strategy:
        return self.neighbours.strategy

    def candidates(self, context: Context) -> Iterator[Candidate]:
        looks = context.shopper.looks
        for item, score, brought in self.neighbours.summed([(product, 1.0) for product in looks]):
            if item not in looks:
                because = tuple([product for product, _ in brought])
                yield Candidate(item, score, Reason(ReasonCode.BECAUSE_VIEWED, because))


@dataclass(frozen=True, slots=True)
class HistorySource:
    """Neighbours of all that is known of the shopper, each weighing as much as it tells (`Shopper.interests`)."""

    neighbours: RememberedNeighbours

    @property
    def strategy(self) -> Strategy:
        return self.neighbours.strategy

    def candidates(self, context: Context) -> Iterator[Candidate]:
        interests = {one.product_id: one for one in context.shopper.interests()}
        anchors = [(one.product_id, one.weight) for one in interests.values()]
        for item, score, brought in self.neighbours.summed(anchors):
            if item not in interests:
                yield Candidate(item, score, _reason(brought, interests))


@dataclass(frozen=True, slots=True)
class FactorsSource:
    """The whole catalogue by the taste that is folded in from what is known of the shopper (`ItemModel.fold`).

    An item whose score comes less from all that the shopper did than from what sells is said to be popular.
    """

    model: ItemModel
    blend: Blend | None = None
    """How taste and what sells are blended; as the model does where it is not given."""
    strategy: Strategy = Strategy.ALS

    def candidates(self, context: Context) -> Iterator[Candidate]:
        interests = context.shopper.interests()
        products = [one.product_id for one in interests]
        parts = self.model.shares(products, [one.weight for one in interests])
        if not parts.any():
            return
        scores = self.model.scores(parts.sum(axis=1), self.blend)
        known = {*products, *context.anchors, *context.left_out}
        for items in _in_batches(self.model, scores, leave_out=known):
            shares = self.model.explained(parts, [index for index, _, _ in items], self.blend).tolist()
            for (index, item, score), row in zip(items, shares, strict=True):
                by_taste = score > 2 * self.model.level_of(index, self.blend)
                yield Candidate(item, score, _taste(row, interests) if by_taste else POPULAR)

    def level(self, product: ProductId) -> float:
        """How much of the product's score is nobody's taste: it sells."""
        index = self.model.index_of(product)
        return 0.0 if index is None else self.model.level_of(index, self.blend)


@dataclass(frozen=True, slots=True)
class StoredListSource:
    """The product's item-level list as it was last published; scores are 1/rank, because none were stored."""

    code: ReasonCode
    products: tuple[ProductId, ...]
    about: ProductId | None
    """The product whose list it is."""
    strategy: Strategy = Strategy.STORED_LIST

    def candidates(self, context: Context) -> Iterator[Candidate]:  # noqa: ARG002 - the same for every context
        because = () if self.code is ReasonCode.TRENDING or self.about is None else (self.about,)
        reason = Reason(self.code, because)
        for rank, product in enumerate(self.products, start=1):
            yield Candidate(product, 1.0 / rank, reason)


def _taste(shares: Sequence[float], interests: Sequence[Interest]) -> Reason:
    """As `_reason`, for the share of each interest; sorting them all would cost more than the few that count."""
    most = max(shares)
    code = interests[shares.index(most)].code
    least = LEAST_SHARE * most
    strong = [(-share, place) for place, share in enumerate(shares) if share >= least and interests[place].code is code]
    strong.sort()
    return Reason(code, tuple([interests[place].product_id for _, place in strong[:MOST_REASONS]]))


def _reason(brought: Sequence[Share], interests: Mapping[ProductId, Interest]) -> Reason:
    """The product that brought most decides the reason; others of the same kind that brought much are named with it."""
    first, most = brought[0]
    code = interests[first].code
    named = [product for product, share in brought if share >= LEAST_SHARE * most and interests[product].code is code]
    return Reason(code, tuple(named[:MOST_REASONS]))


Liked = tuple[int, ProductId, float]
"""An item's position in the model, the item, and its score."""


def _in_batches(model: ItemModel, scores: Floats, *, leave_out: set[ProductId]) -> Iterator[list[Liked]]:
    """Items that the shopper is predicted to like, best first, a few at a time."""
    batch: list[Liked] = []
    for part in _best_first(scores):
        ids, values = model.item_ids[part].tolist(), scores[part].tolist()
        for index, item, score in zip(part.tolist(), ids, values, strict=True):
            if score <= 0.0:
                break
            if item not in leave_out:
                batch.append((index, ProductId(item), score))
            if len(batch) == EXPLAINED_AT_ONCE:
                yield batch
                batch = []
    if batch:
        yield batch


def _best_first(scores: Floats) -> Iterator[npt.NDArray[np.intp]]:
    """Positions by score; sorting all of a large catalogue for a rail of eight would be the dearest part."""
    if len(scores) <= HEAD:
        yield np.argsort(-scores, kind="stable")
        return
    parted = np.argpartition(-scores, HEAD)
    for part in (parted[:HEAD], parted[HEAD:]):
        yield part[np.argsort(-scores[part], kind="stable")]
