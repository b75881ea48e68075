"""What is used up by now: for every item that the shopper knows, the chance that it is bought again soon.

An item comes back with some chance, and then after an interval whose logarithm is normal; given how long ago the last
purchase was, that is a chance to come back within the next weeks. It rises towards the usual interval and falls when
an item is long overdue, because then the shopper has probably left it for good. This joins the repeat purchase
probability and the distribution of times of Bhagat, Muralidharan, Lobzhanidze and Vishwanath, "Buy it again: modeling
repeat purchase recommendations", KDD 2018, and shrinks both to the shopper's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import History, Items
from app.core.recommend.signals.intervals import Floats, Intervals
from app.core.recommend.signals.own import LEAST_GAP, OwnItems, expected_log_interval, own_items
from app.core.recommend.signals.types import Arrays, Said, Scores


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """One row for every own item that people come back for, by position; all arrays are [m].

    `chance`: that it is bought within the horizon. `ago`: since the last purchase, and `interval`: after which one the
    next is usual for this shopper, both in units of the clock. `gaps`: the shopper's own intervals that tell so, and
    `evidence`: everybody's.
    """

    item: Items
    chance: Floats
    ago: Floats
    interval: Floats
    gaps: Floats
    evidence: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ReplenishSignal:
    """`horizon`: how far ahead it looks, in units of the intervals' clock, above 0."""

    intervals: Intervals
    horizon: float
    name: ClassVar[str] = "replenish"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.horizon) and self.horizon > 0):
            raise ValueError(f"replenish: the horizon is above 0, not {self.horizon}")

    def due(self, history: History) -> Due:
        """How due each item of the history is; items that nobody ever bought again are left out."""
        own = own_items(history, self.intervals.clock)
        again = own_chance_again(own, self.intervals)
        log_interval = expected_log_interval(own, self.intervals)
        spread = _own_spread(own, self.intervals)
        until = np.maximum(own.ago, np.float32(LEAST_GAP)) + np.array([[0.0], [self.horizon]], dtype=np.float32)
        by_now, by_then = again * normal_share((np.log(until) - log_interval) / spread)
        chance = (by_then - by_now) / (np.float32(1.0) - by_now)
        kept = chance > 0
        item = own.item[kept]
        interval, evidence = np.exp(log_interval[kept]), self.intervals.evidence[item]
        return Due(item, chance[kept], own.ago[kept], interval, own.gaps[kept], evidence)

    def scores(self, history: History) -> Scores:
        """The chance of every item, float32 [N]; 0 for what the shopper does not know or nobody buys again.

        Where the intervals are in days and the history has none, nothing is known to be due.
        """
        return self.said(history).dense(None, len(self.intervals))

    @property
    def everywhere(self) -> None:
        return None

    def said(self, history: History) -> Said:
        """The chances of the history's items."""
        found = self.due(history)
        return Said(found.item, found.chance)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return self.intervals.arrays()

    def meta(self) -> dict[str, Any]:
        return {**self.intervals.meta(), "horizon": self.horizon}

    @classmethod
    def of(cls, arrays: Arrays, meta: Mapping[str, Any]) -> ReplenishSignal:
        """What `arrays` and `meta` gave.

        Raises:
            ValueError: something is missing or does not fit together.
        """
        try:
            return cls(Intervals.of(arrays, meta), float(meta["horizon"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"replenish: the artefact lacks {error}") from error


def own_chance_again(own: OwnItems, intervals: Intervals) -> Floats:
    """The chance that this shopper ever comes back for each own item, float32 [m]: below 1; 0 where nobody does."""
    weight, again = np.float32(intervals.again_weight), intervals.again[own.item]
    return np.where(again > 0, (weight * again + own.gaps) / (weight + own.gaps), np.float32(0.0))


def normal_share(z: Floats) -> Floats:
    """The standard normal distribution function, within 1e-6 or so, float32 [m].

    Formula 7.1.26 of Abramowitz and Stegun, "Handbook of mathematical functions", 1964; NumPy has no error function.
    """
    x = np.abs(z) * np.float32(0.70710678)
    t = 1.0 / (1.0 + np.float32(0.3275911) * x)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    tail = 0.5 * series * np.exp(-x * x)
    return np.asarray(np.where(z > 0, 1.0 - tail, tail), dtype=np.float32)


def _own_spread(own: OwnItems, intervals: Intervals) -> Floats:
    """The spread of this shopper's next log interval: the more own ones are known, the less others' count."""
    within = np.float32(intervals.own_spread**2)
    between = np.maximum(intervals.spread[own.item] ** 2 - within, 0.0)
    weight = np.float32(intervals.weight)
    return np.asarray(np.sqrt(within + between * weight / (weight + own.gaps)), dtype=np.float32)
