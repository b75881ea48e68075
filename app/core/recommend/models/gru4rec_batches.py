"""Histories as the batches that a recurrent network learns from, all of one shape, so that it is compiled once.

Short histories are packed one behind the other into rows of equal length, with a mark where each begins, so that no
state leaks from one person to the next and little room is lost. The items against which a target is told apart are
drawn here too, with the probability that each had of being drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import Histories, Ids

Floats = npt.NDArray[np.float32]
ROWS, LENGTH = 32, 32
"""The shape of a batch: so many rows of so many events."""
EVENTS = ROWS * LENGTH
MOST_OF_ONE = 200
"""Newest events of one person that are read: a bot with 100,000 views has no more say than a keen shopper."""


class Batch(NamedTuple):
    """What one step of the training reads. C is the number of candidates.

    `rows` int32 [C]: distinct items, among them all inputs and targets. `input`, `target` int32 [ROWS, LENGTH]: places
    in `rows`. `fresh` float32 [ROWS, LENGTH]: 0 where a history begins, else 1. `weight` float32 [ROWS, LENGTH]: 0 for
    empty places. `log_chance` float32 [C]: the logarithm of the probability with which each item is a candidate.
    """

    rows: npt.NDArray[np.int32]
    input: npt.NDArray[np.int32]
    target: npt.NDArray[np.int32]
    fresh: Floats
    weight: Floats
    log_chance: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Every event that has a next step. The events of a person stand together, oldest first.

    `item` int32 [E]. `group` int64 [E]: running number of the visit. `low`, `high` int64 [E]: the events of the next
    visit are [low, high); equal where there is none. `begin`, `length` int64 [W]: windows of at most `LENGTH` events of
    one person, all with a next step, in the order of people.
    """

    item: npt.NDArray[np.int32]
    group: Ids
    low: Ids
    high: Ids
    begin: Ids
    length: Ids

    @property
    def events(self) -> int:
        """How many events have a next step."""
        return int(self.length.sum())


def lately(histories: Histories, events: int) -> Histories:
    """The newest people whose newest events are together at most so many."""
    end = histories.starts[1:][histories.person] if len(histories) else np.empty(0, dtype=np.int64)
    kept = histories.keep(end - np.arange(len(histories.item)) <= MOST_OF_ONE)
    total = int(kept.starts[-1]) if len(kept) else 0
    return kept.part(int(np.searchsorted(kept.starts, total - events)), len(kept))


def lessons_of(histories: Histories) -> Lessons:
    """The lessons in these histories; whose step follows another's within one person's history."""
    person, step = histories.person, histories.step
    changed = np.ones(len(step), dtype=bool)
    changed[1:] = (person[1:] != person[:-1]) | (step[1:] != step[:-1])
    group = np.cumsum(changed) - 1
    starts = np.append(np.flatnonzero(changed), [len(step)] * 2)
    owner = np.append(person[changed], [-1, -1])
    follows = owner[group + 1] == person
    low = np.where(follows, starts[group + 1], 0)
    high = np.where(follows, starts[np.minimum(group + 2, len(starts) - 1)], 0)
    many = np.bincount(person[follows], minlength=len(histories)).astype(np.int64)
    begin, length = _windows(histories.starts[:-1], many)
    return Lessons(histories.item, group.astype(np.int64), low, high, begin, length)


def _windows(starts: Ids, many: Ids) -> tuple[Ids, Ids]:
    """Each person's events cut into windows; the newest is full, because it is the one that requests look like."""
    count = -(-many // LENGTH)
    owner = np.repeat(np.arange(len(many)), count)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    end = many[owner] - (count[owner] - 1 - nth) * LENGTH
    begin = np.maximum(end - LENGTH, 0)
    return starts[owner] + begin, end - begin


def packed(length: Ids) -> tuple[Ids, Ids]:
    """The row and the place in it where each window begins: one behind the other while the row has room."""
    rows, places = np.empty(len(length), dtype=np.int64), np.empty(len(length), dtype=np.int64)
    row = used = 0
    for number, own in enumerate(length.tolist()):
        if used + own > LENGTH:
            row, used = row + 1, 0
        rows[number], places[number] = row, used
        used += own
    return rows, places


class Candidates:
    """Draws the items among which a batch's targets must be found.

    Beside the batch's own items come others, drawn without replacement in proportion to popularity ** alpha: those
    whose exponential clock of that rate rings first. The time when the next one would ring gives every item's
    probability to be among them (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006), and with
    the items' own frequency in batches the probability to be a candidate at all.
    """

    def __init__(self, counts: Ids, slots: int, many: int, alpha: float) -> None:
        """`counts` int64 [N]: events of every item, all above 0, of which `slots` have a next step; `many`: how many
        candidates, at least 2 * EVENTS so that a batch's own items find room; all items where there are fewer."""
        self.many = min(many, len(counts))
        share = counts.astype(np.float64) ** alpha
        self._rate = share / max(share.sum(), 1e-12)
        self._own = counts * (EVENTS / max(slots, 1))

    def __len__(self) -> int:
        """N, the number of items."""
        return len(self._rate)

    def draw(self, own: Ids, random: np.random.Generator) -> tuple[npt.NDArray[np.int32], Floats]:
        """Candidates int32 [C], all of `own` (distinct items) among them, and their log-probability float32 [C]."""
        if self.many == len(self):
            return np.arange(self.many, dtype=np.int32), np.zeros(self.many, dtype=np.float32)
        rings = random.standard_exponential(len(self._rate)) / self._rate
        rings[own] = np.inf
        others = self.many - len(own)
        first = np.argpartition(rings, others)
        last = float(rings[first[others]])
        rows = np.concatenate([own, first[:others]])
        expected = self._own[rows] + last * self._rate[rows]
        return rows.astype(np.int32), np.log(-np.expm1(-expected)).astype(np.float32)


def batches(lessons: Lessons, candidates: Candidates, random: np.random.Generator) -> Iterator[Batch]:
    """All lessons once, shuffled, in batches of one shape.

    A visit with several items has no order among them: they are shuffled anew, and each learns one item of the next
    visit, drawn at random.
    """
    order = random.permutation(len(lessons.begin))
    begin, length = lessons.begin[order], lessons.length[order]
    row, place = packed(length)
    shuffled = np.argsort(lessons.group + random.random(len(lessons.item)), kind="stable")
    within = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
    event = np.repeat(begin, length) + within
    drawn = lessons.low[event] + (random.random(len(event)) * (lessons.high - lessons.low)[event]).astype(np.int64)
    at = np.repeat(row * LENGTH + place, length) + within
    source, target = lessons.item[shuffled[event]], lessons.item[drawn]
    edges = np.searchsorted(at, np.arange(0, (int(row.max(initial=-1)) // ROWS + 1) * EVENTS + 1, EVENTS))
    where = np.zeros(len(candidates), dtype=np.int32)
    for low, high in pairwise(edges):
        yield _batch(
            at[low:high] % EVENTS, source[low:high], target[low:high], within[low:high], candidates, where, random
        )


def _batch(
    at: Ids,
    source: npt.NDArray[np.int32],
    target: npt.NDArray[np.int32],
    within: Ids,
    candidates: Candidates,
    where: npt.NDArray[np.int32],
    random: np.random.Generator,
) -> Batch:
    own = np.unique(np.concatenate([source, target])).astype(np.int64)
    rows, log_chance = candidates.draw(own, random)
    where[rows] = np.arange(len(rows), dtype=np.int32)
    inputs, targets = np.zeros(EVENTS, dtype=np.int32), np.zeros(EVENTS, dtype=np.int32)
    fresh, weight = np.zeros(EVENTS, dtype=np.float32), np.zeros(EVENTS, dtype=np.float32)
    inputs[at], targets[at], fresh[at], weight[at] = where[source], where[target], within > 0, 1.0
    grid = (ROWS, LENGTH)
    return Batch(
        rows, inputs.reshape(grid), targets.reshape(grid), fresh.reshape(grid), weight.reshape(grid), log_chance
    )
