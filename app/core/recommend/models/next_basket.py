"""Learns the next basket: how likely people come back for what they know, and what they take up next.

TIFU-KNN (Hu, He, Gao and Zhang, "Modeling personalized item frequency information for next-basket recommendation",
SIGIR 2020) finds neighbours among people, so it has to keep a row of every person. Here both of its parts are learnt
from counts over items alone: fading personal frequency becomes a table of chances with a lift for every item, and the
neighbours' part a map from items to those that people took up later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from app.core.recommend.histories import Histories, Ids
from app.core.recommend.models.choosing import LEAST_TO_CHOOSE, choose
from app.core.recommend.models.repeats import Purchases, newest_of_each, purchases_of
from app.core.recommend.models.validation import ndcg, validation_part
from app.core.recommend.signals.intervals import Floats
from app.core.recommend.signals.next_basket import ExploreSignal, NextBasketSignal
from app.core.recommend.signals.own import MOST_BACK, MOST_TIMES, OwnSignal
from app.core.recommend.tasks import Task

Counts = npt.NDArray[np.float64]

PRIOR = 20.0
"""Visits for which the mean chance of the table counts in each of its cells."""
TIMES_FROM = np.array([1, 2, 3, 4, 6, MOST_TIMES])
BACK_FROM = np.array([0, 1, 2, 3, 5, 9, MOST_BACK - 1])
"""Where the cells of the table begin that share one chance; those between two are counted together."""
MOST_VISITS = 20
"""Visits above which a person does not count more in what is taken up lately."""
BLOCK = 1024
"""Items whose followers are counted at a time; bounds the memory of large catalogues."""
MOST_EVENTS = 2_000_000
"""Newest events that the map of followers is learnt from; bounds the memory of large shops."""
MOST_TO_CHOOSE = 200_000
"""Events that parameters are chosen on."""
SEED = 20100301
CHOICES: Mapping[str, tuple[float, ...]] = {
    "lately": (0.0, 0.5, 1.0),
    "half_life": (14.0, 28.0, 56.0),
    "column": (0.25, 0.5),
    "trend_weight": (0.3, 0.5, 0.7, 0.85),
}
"""The values that the validation part chooses from."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """`shrinkage`: visits for which a lift of 1 counts in every item's lift.

    The map: from the last `window` events before a visit to what the person takes up in it, counted together c times::

        weight(i, j) = c(i, j) / ((n_i + 10) ** row * (m_j + 10) ** column) * (share of j lately / share of j) ** lately

    with n_i the visits that had i before them and m_j how often j was taken up; the best `width` of every item stay.
    The trend: how often an item was taken up, a take-up `back` visits before the person's last one weighing
    `fading` ** back times the square of the person's visits where days are not known, for who comes often was here
    lately; else 2 ** (-age / `half_life`), days. `trend_weight` is its share of a score, and `explore` by how much
    what is new counts beyond the number of new items in a visit.
    """

    shrinkage: float = 10.0
    window: int = 30
    width: int = 100
    row: float = 0.5
    column: float = 0.25
    lately: float = 0.5
    fading: float = 0.6
    half_life: float = 28.0
    trend_weight: float = 0.7
    explore: float = 1.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def fit(histories: Histories, parameters: Parameters | None = None) -> NextBasketSignal:
    """Learn from all histories; deterministic, and O(E log E + E window) for E events."""
    parameters = parameters or Parameters()
    newest = newest_of_each(histories)
    bought = purchases_of(newest)
    explore, new_each = _explore(newest, bought, parameters)
    return NextBasketSignal(_own(bought, len(histories.items), parameters), explore, parameters.explore * new_each)


def chosen(histories: Histories, task: Task) -> Parameters:
    """The parameters of what is new, those with the highest NDCG on a validation part cut from these histories.

    Of large histories people are drawn by chance. The rest of the parameters hardly matters on any set seen so far.
    """
    part = validation_part(_drawn(histories), task)
    start = Parameters()
    asked = [one for one in part.asked if not np.isin(one.answers, one.history.item).all()]
    if len(asked) < LEAST_TO_CHOOSE:
        return start

    @cache
    def learnt(parameters: Parameters) -> ExploreSignal:
        return fit(part.before, parameters).explore

    def score(parameters: Parameters) -> float:
        signal = learnt(replace(parameters, trend_weight=start.trend_weight))
        return ndcg(replace(signal, trend_weight=parameters.trend_weight), asked, repeats=False)

    choices = CHOICES if histories.day is not None else {**CHOICES, "half_life": ()}
    return choose(start, choices, score, rounds=1)


def _drawn(histories: Histories) -> Histories:
    """About `MOST_TO_CHOOSE` events of people drawn with a fixed seed."""
    share = MOST_TO_CHOOSE / max(len(histories.item), 1)
    if share >= 1.0:
        return histories
    people = np.random.default_rng(SEED).random(len(histories)) < share
    return histories.keep(people[histories.person])


def fit_own(histories: Histories, parameters: Parameters | None = None) -> OwnSignal:
    """Only what is known, for callers that need no more."""
    return _own(purchases_of(newest_of_each(histories)), len(histories.items), parameters or Parameters())


# -- what the shopper knows ------------------------------------------------------------------------------------------


def _own(bought: Purchases, items: int, parameters: Parameters) -> OwnSignal:
    """The table over all items, then every item's lift beyond it.

    Fitting the two in turn until neither changes would make the likeliest product of them, but ranked no better on any
    set seen so far, and worse on orders of a gift shop.
    """
    asked, came = _counted(bought)
    mean = came.sum() / max(asked.sum(), 1.0)
    chance = (came + PRIOR * mean) / (asked + PRIOR)
    expected = np.zeros(items)
    for cell, times in _exposures(bought):
        expected += np.bincount(bought.item, times * chance.ravel()[cell], minlength=items)
    found = np.bincount(bought.item, bought.came_back, minlength=items)
    prior = max(parameters.shrinkage * mean, 1e-9)
    table = chance[np.repeat(np.arange(len(TIMES_FROM)), np.diff(TIMES_FROM, append=MOST_TIMES + 1))]
    table = table[:, np.repeat(np.arange(len(BACK_FROM)), np.diff(BACK_FROM, append=MOST_BACK))]
    return OwnSignal(table.astype(np.float32), ((found + prior) / (expected + prior)).astype(np.float32))


def _exposures(bought: Purchases) -> Iterator[tuple[Ids, Ids]]:
    """For every range of `BACK_FROM`, the cell of each purchase and at how many visits it was in it.

    At every visit after a purchase the person could have come back for the item: `visits_to` visits, the first of
    them 0 visits back. So all those visits are counted without being listed one by one.
    """
    row = np.searchsorted(TIMES_FROM, bought.times, side="right") - 1
    width = len(BACK_FROM)
    for column, begin in enumerate(BACK_FROM.tolist()):
        end = BACK_FROM[column + 1] if column + 1 < width else np.iinfo(np.int64).max
        yield row * width + column, np.maximum(np.minimum(bought.visits_to, end) - begin, 0)


def _counted(bought: Purchases) -> tuple[Counts, Counts]:
    """At how many visits people could have come back, and at how many they did, by cell of the table."""
    shape = (len(TIMES_FROM), len(BACK_FROM))
    size = shape[0] * shape[1]
    asked = np.zeros(size)
    for cell, times in _exposures(bought):
        asked += np.bincount(cell, times, minlength=size)
    row = np.searchsorted(TIMES_FROM, bought.times, side="right") - 1
    column = np.searchsorted(BACK_FROM, np.maximum(bought.visits_to - 1, 0), side="right") - 1
    came = np.bincount(row * shape[1] + column, bought.came_back, minlength=size)
    return asked.reshape(shape), came.astype(np.float64).reshape(shape)


# -- what is new to the shopper --------------------------------------------------------------------------------------


def _explore(histories: Histories, bought: Purchases, parameters: Parameters) -> tuple[ExploreSignal, float]:
    """The signal, and how many new items people take up in a visit, their first one apart."""
    taken_up = bought.times == 1
    later = taken_up & (bought.visit > 0)
    _, last = np.unique(bought.person, return_index=True)
    visits = float((bought.visits[last] - 1).sum())
    before, after = _before_and_after(histories, bought, later, parameters.window)
    trend = _trend(histories, bought, taken_up, parameters)
    following, weight = _map(before, after, trend, parameters)
    return ExploreSignal(following, weight, trend, parameters.trend_weight), float(later.sum() / max(visits, 1.0))


def _trend(histories: Histories, bought: Purchases, taken_up: npt.NDArray[np.bool_], parameters: Parameters) -> Floats:
    if histories.day is not None:
        age = histories.end - histories.day[bought.event].astype(np.float64)
        weight = np.exp2(-age / parameters.half_life)
    else:
        back = np.minimum(bought.visits - 1 - bought.visit, 200)
        weight = parameters.fading**back * np.minimum(bought.visits, MOST_VISITS) ** 2.0
    sums = np.bincount(bought.item, weight * taken_up, minlength=len(histories.items))
    return (sums / max(float(sums.sum()), 1e-12)).astype(np.float32)


def _before_and_after(
    histories: Histories, bought: Purchases, later: npt.NDArray[np.bool_], window: int
) -> tuple[csr_matrix, csr_matrix]:
    """Visits as rows, items as columns: what stood in the person's last `window` events before, and what was new.

    Both bool-like float32 [V, N], one row for every visit that has something new and something before it.
    """
    items = len(histories.items)
    event, item = bought.event[later], bought.item[later]
    newest = event >= len(histories.item) - MOST_EVENTS
    event, item = event[newest], item[newest]
    # A visit is known by its first event: all that the person did before that came earlier.
    begins = _begins(histories)
    _, first, row = np.unique(begins[event], return_index=True, return_inverse=True)
    low = np.maximum(begins[event[first]] - window, histories.starts[histories.person[event[first]]])
    lengths = begins[event[first]] - low
    starts = np.append(0, np.cumsum(lengths)).astype(np.int64)
    at = np.arange(starts[-1]) - np.repeat(starts[:-1] - low, lengths)
    before = csr_matrix((np.ones(len(at), dtype=np.float32), histories.item[at], starts), shape=(len(first), items))
    before.sum_duplicates()
    before.data[:] = 1.0
    ones = np.ones(len(row), dtype=np.float32)
    return before, csr_matrix((ones, (row.ravel(), item)), shape=(len(first), items))


def _begins(histories: Histories) -> Ids:
    """Where the visit of each event begins, int64 [E]."""
    first = np.ones(len(histories.item), dtype=np.bool_)
    first[1:] = histories.step[1:] != histories.step[:-1]
    first[histories.starts[:-1][histories.lengths > 0]] = True
    place = np.arange(len(first))
    return np.asarray(np.maximum.accumulate(np.where(first, place, 0)), dtype=np.int64)


def _map(
    before: csr_matrix, after: csr_matrix, trend: Floats, parameters: Parameters
) -> tuple[npt.NDArray[np.int32], Floats]:
    """For every item the best that follow it, int32 and float32 [N, K], best first; equal ones by position."""
    items = before.shape[1]
    width = min(parameters.width, items)
    following, weight = np.zeros((items, width), dtype=np.int32), np.zeros((items, width), dtype=np.float32)
    columns = before.tocsc()
    from_item = (np.diff(columns.indptr) + 10.0) ** -parameters.row
    taken_up = np.bincount(after.indices, minlength=items).astype(np.float64)
    rising = (trend * max(float(taken_up.sum()), 1.0) + 1.0) / (taken_up + 1.0)
    to_item = (taken_up + 10.0) ** -parameters.column * rising**parameters.lately
    for start in range(0, items, BLOCK):
        found = columns[:, start : start + BLOCK].T.tocsr() @ after
        found.sort_indices()
        row = np.repeat(np.arange(found.shape[0], dtype=np.uint16), np.diff(found.indptr))
        column = found.indices
        # Rows are counted within the block: a catalogue has more items than their type can number.
        value = (found.data * from_item[start : start + BLOCK][row] * to_item[column]).astype(np.float32)
        keep = (row.astype(np.int64) + start != column) & (value > 0)
        row, column, value = row[keep], column[keep], value[keep]
        # Two stable sorts, of which the one of small whole numbers is fast.
        order = np.argsort(-value, kind="stable")
        order = order[np.argsort(row[order], kind="stable")]
        row, column, value = row[order], column[order], value[order]
        lengths = np.bincount(row, minlength=1)
        rank = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        short = rank < width
        following[start : start + BLOCK][row[short], rank[short]] = column[short]
        weight[start : start + BLOCK][row[short], rank[short]] = value[short]
    return following, weight
