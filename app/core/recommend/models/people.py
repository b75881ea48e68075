"""People as the rows of a matrix: what each had, the newest of it, weighing less the older it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from app.core.recommend.histories import Histories
from app.core.recommend.models.ageing import weight_of_people

LONGEST = 200
"""Events of a person that are read, the newest: a bot must not drown what people do."""
MOST_TO_CHOOSE = 200_000
"""Events that parameters are chosen with: more cost time and change no choice."""


def people_by_items(
    histories: Histories, *, recency: float = 0.0, longest: int = LONGEST, once: bool = True
) -> csr_matrix:
    """The weight with which each person had each item, float32 [P, N], positions ascending.

    Args:
        recency: the share of the whole time over which a weight falls to 1/e; 0: what is old weighs as much.
        longest: events of a person that are read, the newest.
        once: what a person had several times weighs as its newest time; otherwise the times are added up.
    """
    read = np.arange(len(histories.item)) >= np.repeat(histories.starts[1:], histories.lengths) - longest
    person, item, weight = histories.person[read], histories.item[read], weight_of_events(histories, recency)[read]
    if once:
        # Of equal cells the last is the newest; `unique` finds the first of the reversed.
        cells = (person * len(histories.items) + item)[::-1]
        _, first = np.unique(cells, return_index=True)
        kept = len(cells) - 1 - first
        person, item, weight = person[kept], item[kept], weight[kept]
    shape = (len(histories), len(histories.items))
    matrix = csr_matrix((weight.astype(np.float32), (person, item)), shape=shape)
    matrix.sort_indices()
    return matrix


def weight_of_events(histories: Histories, recency: float) -> npt.NDArray[np.float64]:
    """What age leaves of every event, float64 [E], 1 for the newest; without days, the order of people is the time."""
    if recency <= 0 or histories.day is None or not len(histories.day):
        return np.repeat(weight_of_people(histories, recency), histories.lengths)
    age = histories.end - histories.day.astype(np.float64)
    return np.asarray(np.exp(-age / max(float(age.max()), 1.0) / recency))


def newest_people(histories: Histories, most: int = MOST_TO_CHOOSE) -> Histories:
    """The newest people with at most so many events in all; the newest one in any case."""
    within = histories.starts[-1] - histories.starts[:-1] <= most
    first = min(int(np.argmax(within)), len(histories) - 1) if within.any() else len(histories) - 1
    return histories if first <= 0 else histories.part(first, len(histories))
