"""The ways in which rails rank a catalogue, as the exams ask for them: what is given → a score for every item.

Each does what the rail's sources do for a shopper, with the same NumPy code; what a source does not know is filled up
by what sells, as the cascade fills a rail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.ids import ProductId
from app.core.recommend.cascade import recommend
from app.core.recommend.factors import Floats
from app.core.recommend.histories import History
from app.core.recommend.rails import Question, impersonal, sources_of_rails
from app.core.recommend.scoring import ItemModel, Table
from app.core.recommend.shopper import Shopper
from app.core.recommend.types import Rail

SERVED = 24
"""As many items as a rail is ever asked for; what comes after them is ranked by what sells."""

Scorer = Callable[[Sequence[ProductId]], npt.NDArray[np.float64]]
"""From given products to one score for every item of the catalogue, float64 [N], in the order of its items."""
HistoryScorer = Callable[[History], npt.NDArray[np.floating[Any]]]
"""From a history to one score for every item of the catalogue, [N]."""
Likings = Mapping[tuple[ProductId, ...], Floats]
"""Preferences for every item, float32 [N], by what was given; nothing where it says nothing of a taste."""


def beside(model: ItemModel, table: Table = Table.BOUGHT) -> Scorer:
    """The neighbours of the product that is looked at, or of all in the cart."""
    return partial(model.catalogue_scores, table=table)


def served(model: ItemModel, rail: Rail) -> Scorer:
    """Exactly what the rail's cascade shows a stranger with these products in the cart, all of them to be had."""
    sources = impersonal(sources_of_rails(model)[rail])
    rest = model.catalogue_scores(())

    def score(given: Sequence[ProductId]) -> npt.NDArray[np.float64]:
        context = Question(rail, cart=tuple(given), limit=SERVED).for_shopper()
        shown = [item.product_id for item in recommend(context, sources, lambda _product: True).items]
        scores = rest.copy()
        scores[np.searchsorted(model.item_ids, shown)] = np.arange(len(shown), 0, -1.0) + 1.0
        return scores

    return score


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

    rest = model.catalogue_scores(())

    def score(given: Sequence[ProductId]) -> npt.NDArray[np.float64]:
        vector = model.fold(*_interests(given))
        return _liked(model.scores(vector), rest) if vector.any() else rest

    return score


def by_likings(model: ItemModel, likings: Likings) -> Scorer:
    """The same for tastes that have been folded in before; how they are blended with what sells may be another one."""
    rest = model.catalogue_scores(())

    def score(given: Sequence[ProductId]) -> npt.NDArray[np.float64]:
        liking = likings.get(tuple(given))
        return rest if liking is None else _liked(model.weighed(liking.copy()), rest)

    return score


def likings_of(model: ItemModel, all_given: Iterable[tuple[ProductId, ...]]) -> Likings:
    """The preferences of those whose taste the model can tell; so many rows of N numbers."""
    if model.factors is None:
        return {}
    vectors = {given: model.fold(*_interests(given)) for given in all_given}
    return {given: model.factors @ vector for given, vector in vectors.items() if vector.any()}


def _liked(scores: Floats, rest: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(scores > 0, 1.0 + scores.astype(np.float64), rest)


def _interests(given: Sequence[ProductId]) -> tuple[list[ProductId], list[float]]:
    interests = Shopper(bought=tuple(given)).interests()
    return [one.product_id for one in interests], [one.weight for one in interests]
