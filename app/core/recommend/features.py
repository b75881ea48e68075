"""What the ranker knows of each candidate: what every signal says of it, how the shopper stands to it, what it is.

Every column has a name that merchants can be told and, where only one direction makes sense, that direction: the more
a signal speaks for an item, the higher it may stand, never the lower.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from app.core.recommend.crowd import Crowd
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
    _of_items: Rows = field(init=False, repr=False)
    """`OF_ITEMS`, margin and cover: float32 [6, N]."""
    _log_price: Rows = field(init=False, repr=False)
    _groups: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        facts, counted = self.facts, [getattr(self.statistics, name) for name in OF_ITEMS]
        object.__setattr__(self, "_of_items", np.array([*counted, facts.margin, facts.cover], dtype=np.float32))
        with np.errstate(invalid="ignore", divide="ignore"):
            object.__setattr__(self, "_log_price", np.log(facts.price))
        object.__setattr__(self, "_groups", int(facts.group.max(initial=-1)) + 1)

    def rows(
        self, history: History, scores: npt.NDArray[np.float32], best: npt.NDArray[np.float32], at: Indexes
    ) -> Rows:
        """One row for each candidate, float32 [C, F] in the order of `names_of`; NaN where something is not known.

        Args:
            scores: of every signal, its scores of the candidates, float32 [S, C].
            best: of every signal, its best score of this request, float32 [S].
            at: the candidates' positions in the catalogue, intp [C].
        """
        rows, shopper = self._of_signals(scores, np.maximum(best, np.float32(1e-12))[:, None], at)
        own, fit = shopper + len(OF_SHOPPER), shopper + len(OF_SHOPPER) + len(OF_OWN)
        slot, items = self._slots(history)
        rows[shopper] = len(items)
        rows[shopper + 1] = history.back[0] + 1 if len(history) else 0
        self._put_own(rows[own:fit], history, slot[at])
        self._put_fit(rows[fit:], items, at)
        # A column stands in one piece: the ranker reads column after column.
        return rows.T

    def rows_of_all(
        self,
        crowd: Crowd,
        scores: npt.NDArray[np.float32],
        best: npt.NDArray[np.float32],
        owner: npt.NDArray[np.intp],
        at: Indexes,
    ) -> Rows:
        """As `rows`, for candidates of a crowd, none of which their `owner` knows; `best` float32 [S, B]."""
        rows, shopper = self._of_signals(scores, np.maximum(best, np.float32(1e-12))[:, owner], at)
        own, fit = shopper + len(OF_SHOPPER), shopper + len(OF_SHOPPER) + len(OF_OWN)
        knows, item = np.divmod(
            np.unique(crowd.owner * self._of_items.shape[1] + crowd.item), max(self._of_items.shape[1], 1)
        )
        steps = np.zeros(len(crowd), dtype=np.int32)
        np.maximum.at(steps, crowd.owner, crowd.back + 1)
        rows[shopper] = np.bincount(knows, minlength=len(crowd))[owner]
        rows[shopper + 1] = steps[owner]
        rows[own:fit] = np.nan
        rows[fit] = -np.abs(self._log_price[at] - self._usual_prices(knows, item, len(crowd))[owner])
        rows[fit + 1] = self._kind_shares(knows, item, len(crowd), owner, at)
        rows[fit + 2 :] = self._of_items[len(OF_ITEMS) :, at]
        return rows.T

    def _of_signals(
        self, scores: npt.NDArray[np.float32], best: npt.NDArray[np.float32], at: Indexes
    ) -> tuple[Rows, int]:
        """All columns [F, C], of which those before the number returned are filled: of the signals and of the items.

        Args:
            best: float32 [S, 1], or [S, C] where candidates have different owners; above 0.
        """
        signals, shopper = len(scores), 2 * len(scores) + len(OF_ITEMS)
        columns = shopper + len(OF_SHOPPER) + len(OF_OWN) + len(OF_FIT)
        rows = np.empty((columns, len(at)), dtype=np.float32)
        np.divide(scores, self.scales[:, None], out=rows[:signals])
        np.divide(scores, best, out=rows[signals : 2 * signals])
        rows[2 * signals : shopper] = self._of_items[: len(OF_ITEMS), at]
        return rows, shopper

    def _usual_prices(self, knows: Indexes, item: Indexes, crowd: int) -> Rows:
        """The mean logarithm of the prices of what each knows, float32 [B]; NaN where no price is known."""
        price = self._log_price[item]
        there = np.isfinite(price)
        number = np.bincount(knows[there], minlength=crowd)
        usual = np.full(crowd, np.nan, dtype=np.float32)
        np.divide(np.bincount(knows[there], price[there], minlength=crowd), number, out=usual, where=number > 0)
        return usual

    def _kind_shares(self, knows: Indexes, item: Indexes, crowd: int, owner: Indexes, at: Indexes) -> Rows:
        """Which share of what its owner knows is of each candidate's kind, float32 [C]; NaN where it is not known."""
        group = self.facts.group[item]
        there = group >= 0
        cells = np.bincount(knows[there] * self._groups + group[there], minlength=crowd * self._groups)
        counts = cells.reshape(crowd, self._groups).astype(np.float32)
        whole = counts.sum(axis=1)
        kind = self.facts.group[at]
        known = (kind >= 0) & (whole[owner] > 0)
        share = np.full(len(at), np.nan, dtype=np.float32)
        share[known] = counts[owner[known], kind[known]] / whole[owner[known]]
        return share

    def _slots(self, history: History) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]:
        """Of every item its number among those of the history, -1 for others, int32 [N]; and those, ascending."""
        slot = np.full(self._of_items.shape[1], -1, dtype=np.int32)
        slot[history.item] = 0
        items = np.flatnonzero(slot == 0)
        slot[items] = np.arange(len(items), dtype=np.int32)
        return slot, items

    def _put_own(self, rows: Rows, history: History, place: npt.NDArray[np.int32]) -> None:
        """Where none of the candidates is known to the shopper, nothing is counted."""
        rows[:] = np.nan
        known = np.flatnonzero(place >= 0)
        if not len(known):
            return
        _, own = own_features(history, self.intervals)
        for row, name in zip(rows, OF_OWN, strict=True):
            row[known] = own[name][place[known]]

    def _put_fit(self, rows: Rows, items: npt.NDArray[np.intp], at: Indexes) -> None:
        rows[2:] = self._of_items[len(OF_ITEMS) :, at]
        rows[0] = self._price_fit(items, at)
        group = self.facts.group[items]
        group = group[group >= 0]
        if not len(group):
            rows[1] = np.nan
            return
        share = np.bincount(group, minlength=self._groups) / np.float32(len(group))
        kind = self.facts.group[at]
        rows[1] = np.where(kind >= 0, share[kind], np.nan)

    def _price_fit(self, items: npt.NDArray[np.intp], at: Indexes) -> Rows | float:
        """How far the price is from the shopper's usual one, in logarithms, at most 0: 0 is just as usual."""
        usual = self._log_price[items]
        usual = usual[np.isfinite(usual)]
        if not len(usual):
            return float("nan")
        return np.asarray(-np.abs(self._log_price[at] - usual.mean()), dtype=np.float32)
