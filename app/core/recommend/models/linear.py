"""A linear model of items by items: how much each item of a history speaks for every other, by ridge regression.

EASE (Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019), whose targets are made directional as in
SLIT (Choi, Kim, Lee, Shim and Lee, "Session-aware linear item-item models for session-based recommendation", WWW 2021):
what came after an item counts more than what came before it. Above `DENSEST` items every item is regressed on those it
is found with most often alone, the feature selection of SLIM (Ning and Karypis, ICDM 2011). `linear_solving` solves.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from app.core.recommend.histories import Histories
from app.core.recommend.models import transitions
from app.core.recommend.models.choosing import LEAST_TO_CHOOSE, choose
from app.core.recommend.models.linear_solving import NOTHING, Regression, Solved, dense, sparse
from app.core.recommend.models.people import LONGEST, newest_people, people_by_items
from app.core.recommend.models.validation import MOST_QUESTIONS, ndcg, validation_part
from app.core.recommend.signals.tables import TableSignal, table_of
from app.core.recommend.tasks import Task

DENSEST = 5000
"""Items up to which all others are regressors: beyond, a matrix of items by items costs too much memory and time."""
REGRESSORS = 80
FEW_REGRESSORS = 30
"""M, the most regressors of an item in a larger catalogue, and while parameters are chosen."""
WIDTH = 100
"""K, the most items that one speaks for."""
MOST_PAIRS = 30_000_000
"""Pairs of events of one person that are counted, which bounds the memory; with more, the busiest are read less far."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """With X people by items (1 where a person has an item) and after(i, j) how often j came after i, weighted by 0.8 a
    step between them, B minimises |X B|² - 2 <B, XtX + forward * after> + ridge |B|² with a zero diagonal.

    Without `forward` that is EASE.

    Args:
        repeats: an item may speak for itself by how often it came again.
        recency: the share of the whole time over which a weight falls to 1/e; 0: never.
        decay, newest: how the history is read (`TableSignal`).
    """

    ridge: float = 100.0
    forward: float = 2.0
    repeats: bool = False
    recency: float = 0.0
    decay: float = 0.7
    newest: int = 20

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


AWAY = 0.8
DEFAULT = Parameters()
_WHOLE = replace(DEFAULT, forward=0.0, decay=0.9, newest=100)
DEFAULTS = {
    Task.SESSION: replace(DEFAULT, repeats=True),
    Task.SEQUENCE: DEFAULT,
    Task.BASKET: _WHOLE,
    Task.TIME: _WHOLE,
}
"""By task: where the next visit is not one item but many, their order says little."""
CHOICES: dict[str, tuple[Any, ...]] = {
    "forward": (0.0, 0.3, 1.0, 2.0, 4.0),
    "decay": (0.5, 0.7, 0.8, 0.9, 1.0),
    "ridge": (30.0, 100.0, 300.0, 1000.0),
    "recency": (0.0, 0.5),
}
"""What the validation part chooses from; the matrices are counted once for every `recency`."""


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """What both parts of what is wanted weigh, before `forward` joins them: `weight` of `pairs` is float32 [n, 2]."""

    pairs: Solved
    items: int


def fit(
    histories: Histories, parameters: Parameters = DEFAULT, *, name: str = "linear", width: int = WIDTH
) -> TableSignal:
    """What every item speaks for, from all histories; the same for the same input."""
    return _signal(_learn(_regression(histories, parameters)), parameters, name=name, width=width)


def chosen(histories: Histories, task: Task, *, most: int = MOST_QUESTIONS) -> Parameters:
    """The parameters that answer the validation part best; the defaults where there are too few questions."""
    start = DEFAULTS[task]
    part = validation_part(histories, task, most)
    if len(part.asked) < LEAST_TO_CHOOSE or not len(part.before):
        return start

    @cache
    def counted(recency: float) -> Regression:
        # Both parts are learnt, so that `forward` can join them as it likes.
        return _regression(newest_people(part.before), replace(start, recency=recency, forward=1.0))

    @cache
    def learnt(ridge: float, recency: float, repeats: bool) -> Learnt:
        # With few regressors it is learnt in a fraction of the time, and what is best stays so.
        return _learn(replace(counted(recency), ridge=ridge, own=repeats), few=True)

    @cache
    def fitted(parameters: Parameters) -> TableSignal:
        return _signal(learnt(parameters.ridge, parameters.recency, parameters.repeats), parameters)

    def quality(parameters: Parameters) -> float:
        signal = replace(fitted(replace(parameters, decay=start.decay)), decay=parameters.decay)
        return ndcg(signal, part.asked, repeats=task.repeats)

    repeats = (False, True) if task.repeats else (False,)
    return choose(start, {**CHOICES, "repeats": repeats}, quality, rounds=1)


def _regression(histories: Histories, parameters: Parameters) -> Regression:
    both = together(histories, parameters.recency)
    after = None
    if parameters.forward:
        how = transitions.Parameters(away=AWAY, recency=parameters.recency)
        after = transitions.counted(histories, how).pairs.astype(np.float32)
    return Regression(both, after, parameters.ridge, parameters.repeats)


def together(histories: Histories, recency: float = 0.0) -> csr_matrix:
    """The weight of the people who have both items, float32 [N, N]; on the diagonal, of those who have the item."""
    has = people_by_items(histories, recency=recency, longest=_most_read(histories))
    has.data = np.sqrt(has.data)
    both = (has.T @ has).tocsr()
    both.sort_indices()
    return both


def _most_read(histories: Histories) -> int:
    """How many events of a person are read, so that their pairs are no more than `MOST_PAIRS`."""
    lengths, most = histories.lengths, LONGEST
    while most > 2 and np.square(np.minimum(lengths, most)).sum() > MOST_PAIRS:
        most = int(most * 0.8)
    return most


def _learn(regression: Regression, *, few: bool = False) -> Learnt:
    items = regression.features.shape[0]
    if not regression.features.nnz:
        return Learnt(NOTHING, items)
    if few or items > DENSEST:
        return Learnt(sparse(regression, FEW_REGRESSORS if few else REGRESSORS), items)
    return Learnt(dense(regression), items)


def _signal(learnt: Learnt, parameters: Parameters, *, name: str = "linear", width: int = WIDTH) -> TableSignal:
    shares = np.array([1.0, parameters.forward], dtype=np.float32)
    weight = learnt.pairs.weight @ shares[: learnt.pairs.weight.shape[1]]
    # What an item speaks against makes no difference to who is ranked first, and a signal is never negative.
    table = table_of(learnt.pairs.source, learnt.pairs.target, weight, learnt.items, width)
    return TableSignal(name, table, parameters.decay, parameters.newest)
