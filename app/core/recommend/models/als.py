"""Factors of products from who bought what: alternating least squares on implicit feedback.

Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008; `implicit` solves it. The
shoppers' own factors are thrown away: a shopper's taste is folded in when it is needed (`app.core.recommend.factors`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from app.core.recommend.factors import Floats, FoldIn
from app.core.recommend.interactions import NOBODY, Baskets
from app.core.recommend.models.trending import DEFAULT_HALF_LIFE, HALF_LIVES, decay, popularity
from app.core.recommend.scoring import ItemModel

SEED = 20100301
LEAST_PEOPLE = 50
"""Customers with two or more products; with fewer there is no taste to be told apart."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """With r = sum over a person's orders of a product of 2 ** (-age / half_life), the confidence is 1 + alpha r.

    Days for `half_life` and `lately`, the half-life of what sells. `trend` and `level` say how much that counts in the
    ranking (`factors.FoldIn`); the factors themselves don't depend on these three.
    """

    factors: int = 64
    regularization: float = 3.0
    alpha: float = 3.0
    half_life: float = 180.0
    trend: float = 1.0
    level: float = 0.1
    lately: float = DEFAULT_HALF_LIFE

    @property
    def fold_in(self) -> FoldIn:
        return FoldIn(self.regularization, self.alpha, self.trend, self.level)

    @property
    def of_factors(self) -> Parameters:
        """These with the defaults for what the factors and shoppers' vectors don't depend on."""
        return replace(self, trend=1.0, level=0.1, lately=DEFAULT_HALF_LIFE)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


ITERATIONS = 8
ONLY_WHAT_SELLS = 100.0
"""A level beside which no preference counts."""
BLENDS: dict[str, tuple[Any, ...]] = {
    "lately": HALF_LIVES,
    "trend": (0.0, 0.5, 1.0, 1.5, 2.0),
    "level": (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, ONLY_WHAT_SELLS),
}
CHOICES: dict[str, tuple[Any, ...]] = {
    "regularization": (1.0, 3.0, 10.0, 30.0, 100.0),
    "alpha": (0.3, 1.0, 3.0, 10.0),
    "half_life": (60.0, 180.0, 540.0),
    "factors": (32, 64),
}
"""The values that the validation part chooses from; 64 factors are what a request can fold in within its time."""


def preferences(baskets: Baskets, *, today: int, half_life: float) -> csr_matrix:
    """Person × product, float32 [P, N]: orders decayed by age, a product once an order; guests have no row."""
    sizes = baskets.sizes
    known = baskets.customer != NOBODY
    _, person = np.unique(baskets.customer[known], return_inverse=True)
    weight = decay(baskets.day[known], today, half_life)
    cells = np.repeat(known, sizes)
    rows, values = np.repeat(person, sizes[known]), np.repeat(weight, sizes[known])
    shape = (int(person.max(initial=-1)) + 1, len(baskets.items))
    return csr_matrix((values.astype(np.float32), (rows, baskets.item[cells])), shape=shape)


def is_learnable(baskets: Baskets) -> bool:
    """Whether enough people bought more than one product."""
    bought = preferences(baskets, today=0, half_life=1.0)
    return int(np.count_nonzero(np.diff(bought.indptr) >= 2)) >= LEAST_PEOPLE


def fit(baskets: Baskets, parameters: Parameters, *, today: int, threads: int = 2) -> Floats:
    """The items' factors, float32 [N, F]; the same for the same input. Items that nobody known bought have zeros.

    Args:
        today: the day from which ages are counted, days since 1970-01-01.
    """
    confidence = preferences(baskets, today=today, half_life=parameters.half_life)
    confidence.data = 1.0 + np.float32(parameters.alpha) * confidence.data
    # implicit runs its own threads and warns of OpenBLAS's beside them.
    with threadpool_limits(limits=1, user_api="blas"):
        solver = AlternatingLeastSquares(
            factors=parameters.factors,
            regularization=parameters.regularization,
            alpha=1.0,
            iterations=ITERATIONS,
            num_threads=threads,
            random_state=SEED,
        )
        solver.fit(confidence, show_progress=False)
    return np.asarray(solver.item_factors, dtype=np.float32)


def into(model: ItemModel, baskets: Baskets, parameters: Parameters, *, today: int, threads: int = 2) -> ItemModel:
    """The model with factors learnt from these baskets, which are over the same items."""
    factors = fit(baskets, parameters, today=today, threads=threads)
    lately = popularity(baskets, today=today, half_life=parameters.lately)
    return replace(model, factors=factors, fold_in=parameters.fold_in, lately=lately)
