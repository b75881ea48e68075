"""Item-item neighbours from people's histories: items that the same people have, more than their popularity explains.

The weighted cosine of `models.item_item`, with people in the place of orders and what is old weighing less (Deshpande
and Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004). `implicit` finds the neighbours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from implicit.nearest_neighbours import ItemItemRecommender
from scipy.sparse import csr_matrix, diags
from threadpoolctl import threadpool_limits

from app.core.recommend.histories import Histories
from app.core.recommend.models.choosing import LEAST_TO_CHOOSE, choose
from app.core.recommend.models.people import newest_people, people_by_items
from app.core.recommend.models.validation import MOST_QUESTIONS, ndcg, validation_part
from app.core.recommend.signals.tables import TableSignal, table_of
from app.core.recommend.tasks import Task

WIDTH = 100
"""K, the most neighbours of an item."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """With w the weight of a person's item by its age, n_i the sum of w over the people who have item i, and s how many
    items a person has::

        together(i, j)   = sum over people of sqrt(w_i w_j) / s ** size
        similarity(i, j) = together(i, j) / ((n_i + shrinkage) (n_j + shrinkage)) ** exponent

    Args:
        recency: the share of the whole time over which a weight falls to 1/e; 0: never.
        decay, newest: how the history is read (`TableSignal`).
    """

    exponent: float = 0.35
    shrinkage: float = 10.0
    size: float = 0.5
    recency: float = 0.0
    decay: float = 0.7
    newest: int = 20

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


DEFAULT = Parameters()
CHOICES: dict[str, tuple[Any, ...]] = {
    "decay": (0.5, 0.7, 0.85, 1.0),
    "exponent": (0.2, 0.35, 0.5),
    "shrinkage": (1.0, 3.0, 10.0, 30.0),
    "size": (0.0, 0.5, 1.0),
    "recency": (0.0, 0.5),
}


def fit(
    histories: Histories,
    parameters: Parameters = DEFAULT,
    *,
    name: str = "similar",
    width: int = WIDTH,
    threads: int = 2,
) -> TableSignal:
    """Every item's neighbours, from all histories; the same for the same input."""
    items = len(histories.items)
    if not len(histories.item):
        none = np.empty(0, dtype=np.int32)
        return TableSignal(name, table_of(none, none, none, items, width))
    # implicit runs its own threads and warns of OpenBLAS's beside them; none of this work is BLAS's.
    with threadpool_limits(limits=1, user_api="blas"):
        recommender = ItemItemRecommender(K=width + 1, num_threads=threads)
        recommender.fit(weighted(histories, parameters), show_progress=False)
    found = recommender.similarity.tocoo()
    other = found.row != found.col
    table = table_of(found.row[other], found.col[other], found.data[other], items, width)
    return TableSignal(name, table, parameters.decay, parameters.newest)


def chosen(histories: Histories, task: Task, *, most: int = MOST_QUESTIONS) -> Parameters:
    """The parameters that answer the validation part best; the defaults where there are too few questions."""
    part = validation_part(histories, task, most)
    if len(part.asked) < LEAST_TO_CHOOSE or not len(part.before):
        return DEFAULT
    before = newest_people(part.before)

    @cache
    def fitted(parameters: Parameters) -> TableSignal:
        return fit(before, parameters)

    def quality(parameters: Parameters) -> float:
        signal = replace(fitted(replace(parameters, decay=DEFAULT.decay)), decay=parameters.decay)
        return ndcg(signal, part.asked, repeats=task.repeats)

    return choose(DEFAULT, CHOICES, quality, rounds=1)


def weighted(histories: Histories, parameters: Parameters) -> csr_matrix:
    """People as rows, items as columns, float64 [P, N], so that the product of two columns is their similarity."""
    has = people_by_items(histories, recency=parameters.recency).astype(np.float64)
    mass = np.asarray(has.sum(axis=0)).ravel() + parameters.shrinkage
    size = np.maximum(np.diff(has.indptr), 1) ** (-parameters.size / 2)
    # Nobody has an item without mass, so what stands for it is never read.
    return csr_matrix(diags(size) @ has.sqrt() @ diags(np.maximum(mass, 1e-12) ** -parameters.exponent))
