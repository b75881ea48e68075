"""Who came back for what, and after how long: what the trainers of repeat purchases count, as parallel arrays.

A purchase is a distinct (person, item, visit): what stands in one visit twice counts once. Every purchase ends in
the next one of the same item by the same person, or stays open until that person's last visit or the end of the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import Histories, Ids

MOST_EACH = 1000
"""Newest events of one person that count, so that a bot is one person among others."""


@dataclass(frozen=True, slots=True, eq=False)
class Purchases:
    """Ordered by person, item and visit; all arrays are [R].

    `event`: where each stands in the histories. `visit`: 0 for the person's first one. `visits`: how many the person
    made. `times`: 1 for the first purchase of this item. `came_back`: whether another one follows, which then is the
    next row; `visits_to` counts the visits until then, or until the person's last one.
    """

    event: Ids
    person: Ids
    item: Ids
    visit: Ids
    visits: Ids
    times: Ids
    came_back: npt.NDArray[np.bool_]
    visits_to: Ids


def newest_of_each(histories: Histories, most: int = MOST_EACH) -> Histories:
    """The last so many events of every person."""
    lengths = histories.lengths
    if not len(lengths) or int(lengths.max()) <= most:
        return histories
    return histories.keep(np.arange(len(histories.item)) >= np.repeat(histories.starts[1:] - most, lengths))


def visit_of(histories: Histories) -> Ids:
    """The number of each event's visit among those of its person, from 0, int64 [E]."""
    starts, lengths = histories.starts[:-1], histories.lengths
    changed = np.zeros(len(histories.item), dtype=np.int64)
    changed[1:] = histories.step[1:] != histories.step[:-1]
    changed[starts[lengths > 0]] = 0
    total = np.cumsum(changed)
    base = np.zeros(len(lengths), dtype=np.int64)
    base[lengths > 0] = total[starts[lengths > 0]]
    return np.asarray(total - np.repeat(base, lengths), dtype=np.int64)


def purchases_of(histories: Histories) -> Purchases:
    """Count the histories; O(E log E) for E events."""
    person, visit = histories.person, visit_of(histories)
    made = _visits_made(histories, visit)
    pair = person * max(len(histories.items), 1) + histories.item
    # Visits never fall within a person, so a stable sort by person and item leaves them in order.
    order = np.argsort(pair, kind="stable")
    order = order[_starts_of_runs(pair[order]) | _starts_of_runs(visit[order])]
    pair, person, visit = pair[order], person[order], visit[order]
    first = _starts_of_runs(pair)
    came_back = np.append(~first[1:], np.zeros(min(len(first), 1), dtype=np.bool_))
    until = np.where(came_back, np.roll(visit, -1), made[person] - 1)
    place = np.arange(len(pair))
    times = place - np.maximum.accumulate(np.where(first, place, 0)) + 1
    item = histories.item[order].astype(np.int64)
    return Purchases(order, person, item, visit, made[person], times, came_back, until - visit)


def _starts_of_runs(values: Ids) -> npt.NDArray[np.bool_]:
    """Whether each value differs from the one before it."""
    starts = np.ones(len(values), dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=starts[1:])
    return starts


def _visits_made(histories: Histories, visit: Ids) -> Ids:
    """How many visits each person made, int64 [P]."""
    made = np.zeros(len(histories), dtype=np.int64)
    some = histories.lengths > 0
    made[some] = visit[histories.starts[1:][some] - 1] + 1
    return made
