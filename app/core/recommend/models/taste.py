"""Factors of items from people's histories: ALS on implicit feedback, and BPR; `implicit` learns both.

Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008. Rendle, Freudenthaler,
Gantner and Schmidt-Thieme, "BPR: Bayesian personalized ranking from implicit feedback", UAI 2009. The people's own
factors are thrown away: a taste is folded in when it is needed (`signals.factors`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any, TypeVar

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.cpu.bpr import BayesianPersonalizedRanking
from threadpoolctl import threadpool_limits

from app.core.recommend.factors import Floats, FoldIn
from app.core.recommend.histories import Histories
from app.core.recommend.models.choosing import LEAST_TO_CHOOSE, choose
from app.core.recommend.models.people import newest_people, people_by_items
from app.core.recommend.models.validation import MOST_QUESTIONS, ndcg, validation_part
from app.core.recommend.signals.factors import FactorSignal
from app.core.recommend.tasks import Task

SEED = 20100301
WIDEST = 128


@dataclass(frozen=True, slots=True)
class ALS:
    """With r the weights by age of the times that a person had an item, the confidence is 1 + alpha r.

    Args:
        recency: the share of the whole time over which a weight falls to 1/e; 0: never.
        decay, newest: how the history is read (`FactorSignal`).
    """

    factors: int = 64
    regularization: float = 10.0
    alpha: float = 10.0
    recency: float = 0.0
    decay: float = 0.85
    newest: int = 50
    iterations: int = 8

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class BPR:
    """How implicit learns from pairs of an item that a person has and one that they have not.

    A taste is the mean of the history's items afterwards: on the validation part of the beauty set this found a tenth
    more than any ridge regression on them did.
    """

    factors: int = 48
    learning_rate: float = 0.05
    regularization: float = 0.01
    iterations: int = 40
    decay: float = 0.85
    newest: int = 50

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Chosen = TypeVar("Chosen", ALS, BPR)
DEFAULT_ALS, DEFAULT_BPR = ALS(), BPR()
ALS_CHOICES: dict[str, tuple[Any, ...]] = {
    "decay": (0.7, 0.85, 1.0),
    "regularization": (1.0, 10.0, 50.0),
    "alpha": (1.0, 3.0, 10.0, 30.0),
    "recency": (0.0, 0.5),
    "factors": (32, 64, 128),
}
BPR_CHOICES: dict[str, tuple[Any, ...]] = {
    "decay": (0.7, 0.85, 1.0),
    "regularization": (0.003, 0.01, 0.03),
    "iterations": (20, 40, 80),
}


def fit_als(
    histories: Histories, parameters: ALS = DEFAULT_ALS, *, name: str = "als", threads: int = 2
) -> FactorSignal:
    """Factors by alternating least squares; the same for the same input. Items that nobody has have zeros."""
    fold_in = FoldIn(parameters.regularization, parameters.alpha)
    factors = _als_factors(histories, parameters, threads)
    return FactorSignal(name, factors, fold_in, parameters.decay, parameters.newest)


def fit_bpr(histories: Histories, parameters: BPR = DEFAULT_BPR, *, name: str = "bpr") -> FactorSignal:
    """Factors by BPR, whose own bias of every item is left out: what is popular is another signal's business.

    The same for the same input: one thread learns, because several would overwrite each other's steps.
    """
    factors = _bpr_factors(histories, parameters)
    return FactorSignal(name, factors, None, parameters.decay, parameters.newest)


def chosen_als(
    histories: Histories, task: Task, *, most: int = MOST_QUESTIONS, widest: int = WIDEST, threads: int = 2
) -> ALS:
    """The parameters that answer the validation part best; the defaults where there are too few questions.

    Args:
        widest: factors at most; a request takes time in proportion.
    """
    choices = {**ALS_CHOICES, "factors": tuple(width for width in ALS_CHOICES["factors"] if width <= widest)}
    start = replace(DEFAULT_ALS, factors=min(DEFAULT_ALS.factors, widest))
    return _chosen(histories, task, start, choices, lambda *given: fit_als(*given, threads=threads), most)


def chosen_bpr(histories: Histories, task: Task, *, most: int = MOST_QUESTIONS) -> BPR:
    """As `chosen_als`."""
    return _chosen(histories, task, DEFAULT_BPR, BPR_CHOICES, fit_bpr, most)


def _chosen(
    histories: Histories,
    task: Task,
    start: Chosen,
    choices: Mapping[str, tuple[Any, ...]],
    fit: Callable[[Histories, Chosen], FactorSignal],
    most: int,
) -> Chosen:
    part = validation_part(histories, task, most)
    if len(part.asked) < LEAST_TO_CHOOSE or not len(part.before):
        return start
    before = newest_people(part.before)

    @cache
    def fitted(parameters: Chosen) -> FactorSignal:
        return fit(before, parameters)

    def quality(parameters: Chosen) -> float:
        signal = replace(fitted(replace(parameters, decay=start.decay)), decay=parameters.decay)
        return ndcg(signal, part.asked, repeats=task.repeats)

    return choose(start, choices, quality, rounds=1)


def _als_factors(histories: Histories, parameters: ALS, threads: int) -> Floats:
    if not len(histories.item):
        return np.zeros((len(histories.items), parameters.factors), dtype=np.float32)
    confidence = people_by_items(histories, recency=parameters.recency, once=False)
    confidence.data = 1.0 + np.float32(parameters.alpha) * confidence.data
    # implicit runs its own threads and warns of OpenBLAS's beside them.
    with threadpool_limits(limits=1, user_api="blas"):
        solver = AlternatingLeastSquares(
            factors=parameters.factors,
            regularization=parameters.regularization,
            alpha=1.0,
            iterations=parameters.iterations,
            num_threads=threads,
            random_state=SEED,
        )
        solver.fit(confidence, show_progress=False)
    return np.asarray(solver.item_factors, dtype=np.float32)


def _bpr_factors(histories: Histories, parameters: BPR) -> Floats:
    if not len(histories.item):
        return np.zeros((len(histories.items), parameters.factors), dtype=np.float32)
    with threadpool_limits(limits=1, user_api="blas"):
        solver = BayesianPersonalizedRanking(
            factors=parameters.factors,
            learning_rate=parameters.learning_rate,
            regularization=parameters.regularization,
            iterations=parameters.iterations,
            num_threads=1,
            random_state=SEED,
        )
        solver.fit(people_by_items(histories), show_progress=False)
    has = np.bincount(histories.item, minlength=len(histories.items)) > 0
    return np.asarray(solver.item_factors[:, :-1] * has[:, None], dtype=np.float32)
