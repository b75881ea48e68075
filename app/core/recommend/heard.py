"""What all signals of a blend say to one history, kept small: a row for each signal, a column for each item named.

Signals name some thousand items of a catalogue of any size, so what a request costs grows with what is said and not
with the catalogue; only what every item has (what sells, say) is added up over all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import History
from app.core.recommend.signals.roster import OF_KNOWN, SPARSE, STEADY
from app.core.recommend.signals.types import NOTHING_SAID, Said, Scores, Signal

Indexes = npt.NDArray[np.intp]
Table = npt.NDArray[np.float32]
LEAST = np.float32(1e-12)
"""A signal's best score is taken to be so much at least: nobody's share is infinite."""


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What every item has beside what is said of it.

    `of_all`: by the row of its signal, float32 [N]; `best`: the highest of each. `steady`: the rows of those that say
    the same to everybody.
    """

    items: int
    of_all: Mapping[int, Scores]
    best: Mapping[int, float]
    steady: frozenset[int]

    @classmethod
    def of(cls, signals: Sequence[Signal], items: int) -> Beside:
        found = {row: one.everywhere for row, one in enumerate(signals) if isinstance(one, SPARSE)}
        of_all = {row: scores for row, scores in found.items() if scores is not None}
        best = {row: float(scores.max(initial=0.0)) for row, scores in of_all.items()}
        steady = frozenset(row for row in of_all if isinstance(signals[row], STEADY))
        return cls(items, of_all, best, steady)

    def floor(self, weights: Table, floor: Scores) -> Scores:
        """What is the same for everybody of a weighted sum on top of a floor, float32 [N]."""
        for row in sorted(self.steady):
            floor = floor + np.float32(weights[row] / max(self.best[row], LEAST)) * self.of_all[row]
        return floor


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What S signals say of the M items that any of them names.

    `at` intp [M], ascending. `column` int32 [N]: the column of every item, M for those that nobody names. `said`
    float32 [S, M + 1], its last column 0. `level`: the signals' multiples of what they have `beside`, by their rows.
    `best` float32 [S]: the best score that each signal gives to any item.
    """

    at: Indexes
    column: npt.NDArray[np.int32]
    said: Table
    level: Mapping[int, float]
    best: Table
    beside: Beside

    def total(self, weights: Table, floor: Scores) -> Scores:
        """The weighted sum of what the signals say, each as a share of its best, float32 [N].

        Args:
            floor: `Beside.floor` with the same weights.
        """
        shares = weights / np.maximum(self.best, LEAST)
        own = shares @ self.said
        total = floor
        for row, level in self.level.items():
            if row not in self.beside.steady:
                total = total + (shares[row] * np.float32(level)) * self.beside.of_all[row]
        total = floor.copy() if total is floor else total
        total[self.at] += own[:-1]
        return total

    def among(self, at: Indexes) -> Table:
        """What every signal says of the items at these positions, float32 [S, C]."""
        found = self.said.take(self.column[at], axis=1)
        for row, level in self.level.items():
            found[row] += np.float32(level) * self.beside.of_all[row][at]
        return found


def hear(signals: Sequence[Signal], history: History, beside: Beside, *, only_new: bool = False) -> Heard:
    """Ask all signals.

    Args:
        only_new: items of the history are not asked for, and what speaks for nothing else is not either.
    """
    said = [NOTHING_SAID if only_new and isinstance(one, OF_KNOWN) else said_by(one, history) for one in signals]
    at = np.concatenate([NOTHING_SAID.at, *(one.at for one in said)], dtype=np.intp, casting="same_kind")
    score = np.concatenate([NOTHING_SAID.score, *(one.score for one in said)])
    is_named = np.zeros(beside.items, dtype=np.bool_)
    is_named[at] = True
    named = np.flatnonzero(is_named)
    width = len(named) + 1
    column = np.full(beside.items, len(named), dtype=np.int32)
    column[named] = np.arange(len(named), dtype=np.int32)
    cell = column[at]
    end = 0
    for row, one in enumerate(said):
        start, end = end, end + len(one.at)
        cell[start:end] += row * width
    table = np.bincount(cell, score, minlength=len(said) * width).astype(np.float32).reshape(len(said), width)
    level = {row: said[row].level for row in beside.of_all}
    best = table.max(axis=1, initial=0.0)
    for row, times in level.items():
        # Where nothing is said the signal's best is that of its scores of all items.
        best[row] = np.float32(times * beside.best[row])
        if len(said[row].at):
            together = table[row, :-1] + np.float32(times) * beside.of_all[row][named]
            best[row] = max(best[row], together.max())
    return Heard(named, column, table, level, best, beside)


def said_by(signal: Signal, history: History) -> Said:
    """What a signal says; one that cannot tell the items that it speaks for is asked about all of them."""
    if isinstance(signal, SPARSE):
        return signal.said(history)
    scores = signal.scores(history)
    at = np.flatnonzero(scores)
    return Said(at, scores[at])
