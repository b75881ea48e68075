"""A shop's own peak seasons, found in how many orders it had on each day.

A week is a peak when it has clearly more orders than the weeks around it; the year's growth is not one, because each
week is compared with the level of its own time. A peak of last year is expected again in the same weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

WEEK = 7
YEAR_WEEKS = 52
AROUND = 26
"""Weeks before and after a week whose median is the level of its time; a season shorter than half of it moves none."""
CLEAR = 1.5
"""Times the level: what a week must reach to be a peak."""
LEAST_ORDERS = 20
"""Orders of a peak week; in a smaller shop a week of three instead of two would be one."""
AHEAD = 3
"""Weeks before a peak of last year in which it is prepared for: what sells changes before how much does."""
LASTING = 10
"""Weeks after a peak in which its sales still weigh too much. On the real log of a gift shop the twenty best sellers by
a half-life of 28 days held 73 % of what the best twenty could of the weeks after Christmas, by one of 7 days 88 %."""

Days = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]


class Season(StrEnum):
    QUIET = "quiet"
    BEFORE = "before"
    """Last year's same weeks, or those that come next, were a peak."""
    PEAK = "peak"
    """The newest week is one."""
    AFTER = "after"
    """A peak has ended within the last weeks."""


@dataclass(frozen=True, slots=True)
class Weeks:
    """Orders by week, the newest last; a week ends with the day before `today`. float64 [W], only whole weeks."""

    orders: Floats

    @classmethod
    def of(cls, day: Days, today: int) -> Weeks:
        """From the day of every order, days since 1970-01-01, in any order; today's own are not counted yet."""
        before = day[day < today]
        if not len(before):
            return cls(np.empty(0))
        number = (today - int(before.min())) // WEEK
        back = (today - 1 - before) // WEEK
        counted = np.bincount(back[back < number], minlength=number)
        return cls(counted[::-1].astype(np.float64))

    @property
    def ratios(self) -> Floats:
        """Each week by the level of its time, float64 [W].

        The level is the median of the weeks around it, corrected for growth where they lie to one side: that is how
        far the weeks of the middle one are from the week itself. Where the median is nothing it is their mean.
        """
        growth = self._weekly_growth
        return np.array([self._ratio(week, growth) for week in range(len(self.orders))])

    @property
    def peaks(self) -> npt.NDArray[np.bool_]:
        """Which weeks are peaks, bool [W]."""
        return np.asarray((self.ratios >= CLEAR) & (self.orders >= LEAST_ORDERS))

    def _ratio(self, week: int, growth: float) -> float:
        low, high = max(week - AROUND, 0), min(week + AROUND + 1, len(self.orders))
        shift = week - (low + high - 1) / 2
        around = self.orders[low:high]
        # Where most weeks sell nothing the median is nothing; a shop for Christmas alone has a season all the same.
        level = float(np.median(around)) * growth**shift or float(np.mean(around))
        return float(self.orders[week]) / level if level > 0 else 0.0

    @property
    def _weekly_growth(self) -> float:
        """From the median of the half year before to that of the newest one; 1 where there are not two of them."""
        if len(self.orders) < 2 * AROUND:
            return 1.0
        newest, before = self.orders[-AROUND:], self.orders[-2 * AROUND : -AROUND]
        ratio = (float(np.median(newest)) + 1.0) / (float(np.median(before)) + 1.0)
        return float(np.clip(ratio, 0.25, 4.0) ** (1 / AROUND))


def season_of(day: Days, today: int) -> Season:
    """The shop's season on `today`, as the orders before it tell.

    Args:
        day: of every order, days since 1970-01-01.

    Returns:
        Quiet, where there is less than a year.
    """
    weeks = Weeks.of(day, today)
    if len(weeks.orders) < YEAR_WEEKS:
        return Season.QUIET
    peaks = weeks.peaks
    if peaks[-1]:
        return Season.PEAK
    # The week that begins today was the one at -YEAR_WEEKS a year ago; those after it come next.
    start = len(peaks) - YEAR_WEEKS
    if peaks[start : start + AHEAD + 1].any():
        return Season.BEFORE
    return Season.AFTER if peaks[-LASTING:].any() else Season.QUIET


AFTER_PEAK = 7.0
"""Days: the longest half-life of sales after a peak. Five times the usual sales are forgotten in 16 days then."""


def settled_half_life(half_life: float, day: Days, today: int) -> float:
    """How fast sales should be forgotten today: faster as soon as a peak is over, whose sales say little of what comes.

    Args:
        half_life: days, as it was chosen from what came before.
    """
    return min(half_life, AFTER_PEAK) if season_of(day, today) is Season.AFTER else half_life
