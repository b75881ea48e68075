"""What the ranker knows of each candidate: what every signal says of it, how the shopper stands to it, what it is.

Every column has a name that merchants can be told and, where only one direction makes sense, that direction: the more
a signal speaks for an item, the higher it may stand, never the lower.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import History
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.item_statistics import ItemStatistics
from app.core.recommend.signals.intervals import Intervals
from app.core.recommend.signals.own import own_features

Rows = npt.NDArray[np.float32]
Indexes = npt.NDArray[np.intp]
RELATIVE = "_of_best"
"""Ends the name of a signal's score as a share of the best one of this request."""
WANTED = "wanted"
OF_ITEMS = (WANTED, "lately", "again", "age")
OF_SHOPPER = ("known", "steps")
"""How many different items the shopper knows, and in how many steps: what else is known may count more or less then."""
OF_OWN = ("own_times", "own_decayed", "own_share", "own_steps", "own_days", "own_interval", "own_due")
"""How the shopper stands to an item known to them (`signals.own.own_features`)."""
OF_FIT = ("price_fit", "kind_share", "margin", "cover")
RISING = frozenset({"cover"})
"""Beside the signals, columns of which more is never worse."""


def names_of(signals: Sequence[str]) -> tuple[str, ...]:
    """The columns in their order, for signals of these names."""
    shares = [f"{name}{RELATIVE}" for name in signals]
    return (*signals, *shares, *OF_ITEMS, *OF_SHOPPER, *OF_OWN, *OF_FIT)


def directions_of(signals: Sequence[str]) -> tuple[int, ...]:
    """For every column 1 where more of it must not lower the rank, 0 where the data decide."""
    voices = {*signals, *(f"{name}{RELATIVE}" for name in signals)}
    return tuple(1 if name in voices or name in RISING else 0 for name in names_of(signals))


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What of the rows does not depend on the shopper, and the code that adds what does."""

    statistics: ItemStatistics
    facts: ItemFacts
    intervals: Intervals
    scales: npt.NDArray[np.float32]
    """Of every signal, the best score that a request typically sees; float32 [S]."""

    def rows(
        self, history: History, scores: npt.NDArray[np.float32], best: npt.NDArray[np.float32], at: Indexes
    ) -> Rows:
        """One row for each candidate, float32 [C, F] in the order of `names_of`; NaN where something is not known.

        Args:
            scores: of every signal, its scores of the candidates, float32 [S, C].
            best: of every signal, its best score of this request, float32 [S].
            at: the candidates' positions in the catalogue, intp [C].
        """
        signals = len(scores)
        columns = 2 * signals + len(OF_ITEMS) + len(OF_SHOPPER) + len(OF_OWN) + len(OF_FIT)
        rows = np.empty((columns, len(at)), dtype=np.float32)
        np.divide(scores, self.scales[:, None], out=rows[:signals])
        np.divide(scores, np.maximum(best, np.float32(1e-12))[:, None], out=rows[signals : 2 * signals])
        column = 2 * signals
        for name in OF_ITEMS:
            rows[column] = getattr(self.statistics, name)[at]
            column += 1
        items, own = own_features(history, self.intervals)
        rows[column], rows[column + 1] = len(items), history.back[0] + 1 if len(history) else 0
        column += len(OF_SHOPPER)
        self._put_own(rows[column : column + len(OF_OWN)], items, own, at)
        self._put_fit(rows[column + len(OF_OWN) :], items, at)
        return np.ascontiguousarray(rows.T)

    def _put_own(
        self, rows: Rows, items: npt.NDArray[np.int32], own: dict[str, npt.NDArray[np.float32]], at: Indexes
    ) -> None:
        rows[:] = np.nan
        if not len(items):
            return
        slot = np.full(len(self.facts.price), -1, dtype=np.int32)
        slot[items] = np.arange(len(items), dtype=np.int32)
        place = slot[at]
        known = np.flatnonzero(place >= 0)
        place = place[known]
        for row, name in zip(rows, OF_OWN, strict=True):
            row[known] = own[name][place]

    def _put_fit(self, rows: Rows, items: npt.NDArray[np.int32], at: Indexes) -> None:
        rows[:] = np.nan
        facts = self.facts
        rows[2], rows[3] = facts.margin[at], facts.cover[at]
        if not len(items):
            return
        rows[0] = self._price_fit(items, at)
        group = facts.group[items]
        group = group[group >= 0]
        if len(group):
            share = np.bincount(group, minlength=int(facts.group.max()) + 1) / np.float32(len(group))
            kind = facts.group[at]
            rows[1] = np.where(kind >= 0, share[kind], np.nan)

    def _price_fit(self, items: npt.NDArray[np.int32], at: Indexes) -> Rows | float:
        """How far the price is from the shopper's usual one, in logarithms, at most 0: 0 is just as usual."""
        with np.errstate(invalid="ignore", divide="ignore"):
            usual = np.log(self.facts.price[items])
            usual = usual[np.isfinite(usual)]
            if not len(usual):
                return float("nan")
            return np.asarray(-np.abs(np.log(self.facts.price[at]) - usual.mean()), dtype=np.float32)
