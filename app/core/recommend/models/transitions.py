"""What comes after what: directional tables from the order of people's steps, and the choice of their parameters.

Sequential rules as in Kamehkhosh, Jannach and Ludewig, "A comparison of frequent pattern techniques and a deep
learning method for session-based recommendation", RecTemp at RecSys 2017, with decay over the distance, forgetting of
old people, and a shrunk conditional probability that may be divided by the popularity of what comes after (lift).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from app.core.recommend.histories import Histories
from app.core.recommend.models.ageing import weight_of_people
from app.core.recommend.models.choosing import LEAST_TO_CHOOSE, choose
from app.core.recommend.models.validation import MOST_QUESTIONS, ndcg, validation_part
from app.core.recommend.signals.tables import TableSignal, table_of
from app.core.recommend.tasks import Task

WIDTH = 80
"""K, the most successors that an item keeps."""
MOST_PAIRS = 20_000_000
"""Pairs of events that are counted; with more events than that allows, only nearer steps are."""
PAIRS_TO_CHOOSE = 4_000_000
"""As many, for each of the tables that are only compared."""
OF_A_STEP = 20
"""Items of a later step that an earlier item is paired with: else large orders would cost the square of their size."""
BLOCK = 4_000_000
"""Pairs that are added up at a time; bounds the memory."""
LONGEST = 500
"""Events of a person that are read, the newest: a bot must not drown what people do."""
Pairs = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Parameters:
    """With d the steps from an item i to a later item j of the same person, and w the person's weight::

        count(i, j) = sum of w * away ** (d - 1) over the pairs with 1 <= d <= reach
        score(i, j) = count(i, j) / (count(i) + shrinkage) / popularity(j) ** lift

    Args:
        backward: what came before an item speaks too, with this share of the weight of what came after it.
        recency: the share of the time over which a person's weight falls to 1/e; 0: never.
        decay, newest: how the history is read (`TableSignal`).
    """

    reach: int = 10
    away: float = 0.6
    backward: float = 0.3
    shrinkage: float = 5.0
    lift: float = 0.1
    recency: float = 1.0
    decay: float = 0.6
    newest: int = 20

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


CHOICES: dict[str, tuple[Any, ...]] = {
    "decay": (0.4, 0.6, 0.8, 0.95),
    "newest": (20, 60),
    "backward": (0.0, 0.3, 1.0),
    "lift": (0.0, 0.1, 0.3),
    "away": (0.4, 0.6, 0.8),
    "shrinkage": (1.0, 5.0, 20.0),
    "recency": (0.0, 0.3, 1.0),
}
DEFAULT = Parameters()


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """How often what comes after what, float64 [N, N], and how often anything comes before each item, [N]."""

    pairs: csr_matrix
    mass: npt.NDArray[np.float64]


def fit(
    histories: Histories, parameters: Parameters = DEFAULT, *, name: str = "transitions", width: int = WIDTH
) -> TableSignal:
    """The table of what comes after every item, from all histories; linear in events × reach."""
    return _table(counted(histories, parameters), parameters, name=name, width=width)


def chosen(histories: Histories, task: Task, *, most: int = MOST_QUESTIONS) -> Parameters:
    """The parameters that answer the validation part best; the defaults where there are too few questions."""
    part = validation_part(histories, task, most)
    if len(part.asked) < LEAST_TO_CHOOSE or not len(part.before):
        return DEFAULT
    asked = np.unique(np.concatenate([one.history.newest(max(CHOICES["newest"])).item for one in part.asked]))

    @lru_cache(maxsize=2)
    def counts(parameters: Parameters) -> Counted:
        return counted(part.before, parameters, PAIRS_TO_CHOOSE)

    @lru_cache(maxsize=2)
    def table(parameters: Parameters) -> TableSignal:
        pairs = counts(Parameters(away=parameters.away, recency=parameters.recency))
        return _table(pairs, parameters, only=asked)

    def quality(parameters: Parameters) -> float:
        fitted = table(replace(parameters, decay=DEFAULT.decay, newest=DEFAULT.newest))
        signal = replace(fitted, decay=parameters.decay, newest=parameters.newest)
        return ndcg(signal, part.asked, repeats=task.repeats)

    return choose(DEFAULT, CHOICES, quality, rounds=1)


def counted(histories: Histories, parameters: Parameters, most: int = MOST_PAIRS) -> Counted:
    """count(i, j) of all pairs that are near enough, added up block by block."""
    items = len(histories.items)
    pairs = csr_matrix((items, items), dtype=np.float64)
    waiting: list[Pairs] = []
    for found in _pairs(histories, parameters, most):
        waiting.append(found)
        if sum(len(weight) for *_, weight in waiting) >= BLOCK:
            pairs, waiting = pairs + _added(waiting, items), []
    pairs = pairs + _added(waiting, items)
    return Counted(pairs, np.asarray(pairs.sum(axis=0)).ravel())


def _added(found: list[Pairs], items: int) -> csr_matrix:
    if not found:
        return csr_matrix((items, items), dtype=np.float64)
    source, target, weight = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return csr_matrix((weight, (source, target)), shape=(items, items))


def _pairs(histories: Histories, parameters: Parameters, most: int) -> Iterator[Pairs]:
    """The pairs, one distance after the other: the earlier items, the later ones, and the pairs' weights.

    Of a step that holds more than `OF_A_STEP` items every earlier item meets so many, in turn, which count for all.
    """
    steps, weight = _steps(histories), weight_of_people(histories, parameters.recency)
    of_a_step = max(min(OF_A_STEP, most // max(len(histories.item), 1)), 1)
    left = most
    for distance in range(1, parameters.reach + 1):
        first, step = steps.after(distance)
        size = steps.size[step]
        met = np.minimum(size, of_a_step)
        left -= int(met.sum())
        if not len(first) or (left < 0 and distance > 1):
            return
        speaks = weight[steps.person[step]] * parameters.away ** (distance - 1) * size / met
        for turn in range(int(met.max())):
            there = met > turn
            begins = steps.start[step[there]]
            second = begins + (steps.place[first[there]] * met[there] + turn) % size[there]
            yield histories.item[first[there]], histories.item[second], speaks[there]


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """The steps of all people [T]: their first event, their size, whose they are; and of every event [E] its step and
    its place in it. `read`: the events that are read."""

    start: npt.NDArray[np.int64]
    size: npt.NDArray[np.int64]
    person: npt.NDArray[np.int64]
    step: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    read: npt.NDArray[np.bool_]

    def after(self, distance: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The events after which the same person made so many steps more, and the last of those."""
        event = np.flatnonzero(self.read & (self.step + distance < len(self.start)))
        step = self.step[event]
        same = self.person[step] == self.person[step + distance]
        return event[same], step[same] + distance


def _steps(histories: Histories) -> _Steps:
    person, events = histories.person, np.arange(len(histories.item))
    begins = np.ones(len(events), dtype=np.bool_)
    begins[1:] = (histories.step[1:] != histories.step[:-1]) | (person[1:] != person[:-1])
    start, step = np.flatnonzero(begins), np.cumsum(begins) - 1
    size = np.diff(np.append(start, len(events)))
    read = events >= np.repeat(histories.starts[1:], histories.lengths) - LONGEST
    return _Steps(start, size, person[start], step, events - start[step], read)


def _table(
    counts: Counted,
    parameters: Parameters,
    *,
    name: str = "transitions",
    width: int = WIDTH,
    only: npt.NDArray[np.int32] | None = None,
) -> TableSignal:
    """The signal of these counts.

    Args:
        only: the items whose rows are asked for; None for all.
    """
    items = counts.pairs.shape[0]
    chosen = np.arange(items) if only is None else only
    pairs = counts.pairs[chosen]
    if parameters.backward > 0:
        pairs = pairs + parameters.backward * counts.pairs[:, chosen].T.tocsr()
    row = np.repeat(np.arange(len(chosen)), np.diff(pairs.indptr))
    whole = np.bincount(row, pairs.data, minlength=len(chosen)) + parameters.shrinkage
    score = pairs.data / whole[row] / (1.0 + counts.mass[pairs.indices]) ** parameters.lift
    table = table_of(chosen[row], pairs.indices, score, items, width)
    return TableSignal(name, table, parameters.decay, parameters.newest)
