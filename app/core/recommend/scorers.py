"""The ways in which rails rank a catalogue, as the exams ask for them: what is given → a score for every item.

Each does what the rail's sources do for a shopper, with the same NumPy code; what a source does not know is filled up
by what sells, as the cascade fills a rail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from app.core.ids import ProductId
from app.core.recommend.scoring import ItemModel, Table
from app.core.recommend.shopper import Shopper

Scorer = Callable[[Sequence[ProductId]], npt.NDArray[np.float64]]
"""From given products to one score for every item of the catalogue, float64 [N], in the order of its items."""


def beside(model: ItemModel, table: Table = Table.BOUGHT) -> Scorer:
    """The neighbours of the product that is looked at, or of all in the cart."""
    return partial(model.catalogue_scores, table=table)


def popular(model: ItemModel) -> Scorer:
    """What sells, whatever is given: the floor."""
    scores = model.popularity.astype(np.float64)
    return lambda _given: scores


def by_neighbours(model: ItemModel) -> Scorer:
    """The neighbours of what a customer bought, newest first, each weighing as much as it tells of them."""

    def score(given: Sequence[ProductId]) -> npt.NDArray[np.float64]:
        products, weights = _interests(given)
        return model.catalogue_scores(products, weights=weights)

    return score


def by_factors(model: ItemModel) -> Scorer:
    """The taste folded in from what a customer bought, newest first; what they can't be said to like comes last."""

    def score(given: Sequence[ProductId]) -> npt.NDArray[np.float64]:
        vector = model.fold(*_interests(given))
        if not vector.any():
            return model.catalogue_scores(())
        scores = model.scores(vector).astype(np.float64)
        return np.where(scores > 0, 1.0 + scores, model.catalogue_scores(()))

    return score


def _interests(given: Sequence[ProductId]) -> tuple[list[ProductId], list[float]]:
    interests = Shopper(bought=tuple(given)).interests()
    return [one.product_id for one in interests], [one.weight for one in interests]
