"""Trending: the number of orders a product was in, each order weighing less the older it is.

Exponential forgetting as in Cormode, Shkapenyuk, Srivastava and Xu, "Forward decay: a practical time decay model for
streaming systems", ICDE 2009. It is the floor that every other model must beat.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.core.ids import ModelVersion
from app.core.recommend.interactions import Baskets
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.scoring import ItemModel
from app.core.recommend.season import settled_half_life
from app.core.recommend.types import Strategy

HALF_LIVES = (3.5, 7.0, 14.0, 28.0, 56.0, 112.0)
"""Days; the candidates from which the validation part chooses."""
DEFAULT_HALF_LIFE = 28.0
"""Days; used where a shop is too small to choose."""


def decay(day: npt.NDArray[np.int32], today: int, half_life: float) -> npt.NDArray[np.float64]:
    """The weight of each day seen from `today`: 1 for today, halved every `half_life` days."""
    return np.exp2(-np.maximum(today - day.astype(np.float64), 0.0) / half_life)


def popularity(baskets: Baskets, *, today: int, half_life: float) -> npt.NDArray[np.float32]:
    """Decayed number of orders of every item, float32 [N]; 0 for what never sold.

    After a peak of the shop's year they are forgotten faster than asked, so that Christmas is over in January.
    """
    half_life = settled_half_life(half_life, baskets.day, today)
    weights = np.repeat(decay(baskets.day, today, half_life), baskets.sizes)
    return np.bincount(baskets.item, weights, minlength=len(baskets.items)).astype(np.float32)


def fit(baskets: Baskets, *, today: int, half_life: float, version: ModelVersion) -> ItemModel:
    """The trending model: popularity, and no neighbours."""
    nobody = np.empty((len(baskets.items), 0), dtype=NEIGHBOUR)
    scores = popularity(baskets, today=today, half_life=half_life)
    return ItemModel(version, Strategy.TRENDING, baskets.items, nobody, scores)
