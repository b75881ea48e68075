"""What is known of each unit before it becomes sums: who was exposed when, and which orders it placed.

These are columns of NumPy, a row a unit or an order; a million units take about 200 MB. The lake and PostgreSQL fill
them, `app.core.experiments.fold` turns them into a reading, and nobody keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from app.core.experiments.interleave import Team

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

UNKNOWN_ARM: Final = -1
"""The place of an arm that the experiment does not have."""
NOBODY: Final = -1
"""The place of a unit that was not exposed."""


COVARIATE_DAYS: Final = 90
"""How long before its first exposure a unit's orders tell something about what it would have bought anyway."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - EPOCH) // MICROSECOND


@dataclass(frozen=True, slots=True)
class Period:
    """The time over which an experiment is read: [since, until) without its windows, which are half open too."""

    since: datetime
    until: datetime
    windows: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to be read."""
        reached = self.since
        for since, until in sorted(self.windows):
            if since > reached:
                break
            reached = max(reached, until)
        return reached >= self.until

    def left_out(self, since: datetime) -> timedelta:
        """How much of the time from `since` on lies in windows; what lies in two of them counts once."""
        reached, total = max(since, self.since), timedelta()
        for begin, end in sorted(self.windows):
            inside = max(begin, reached), min(end, self.until)
            if inside[1] > inside[0]:
                total, reached = total + (inside[1] - inside[0]), inside[1]
        return total

    def holds(self, at: Ints) -> Bools:
        """Which of these moments count."""
        inside: Bools = (at >= microseconds(self.since)) & (at < microseconds(self.until))
        for since, until in self.windows:
            inside &= (at < microseconds(since)) | (at >= microseconds(until))
        return inside


@dataclass(frozen=True, slots=True)
class Exposed:
    """Everybody who was exposed, as columns of the same length, ordered by unit. Moments are microseconds since 1970.

    What happened within an excluded window stands in no column but those of behaviour (`events`, `busiest_hour`).
    """

    unit: npt.NDArray[Any]
    """Texts, in order, each once."""
    arm: Ints
    """The place of the unit's arm in the experiment."""
    first_at: Ints
    arms: Ints
    """1, or 2 where it was exposed in more arms than one: then `arm` is any of them."""
    exposures: Ints
    """Cards in view, ghosts included."""
    clicks: Ints
    events: Ints
    """What the unit's browsers reported but for cards in view and clicks on them: they tell of the arm, too."""
    busiest_hour: Ints
    """The most such events in any one hour of the clock."""
    known_before: Ints
    """1 where its browsers had reported anything before the visit of its first exposure, else 0."""
    only_in_windows: int = 0
    """How many units more were exposed within excluded windows only."""

    def places(self, units: npt.ArrayLike) -> Ints:
        """Where these units stand in the columns; `NOBODY` for those that don't."""
        wanted = np.asarray(units, dtype=object)
        if not len(self.unit):
            return np.full(len(wanted), NOBODY, dtype=np.int64)
        found = np.minimum(np.searchsorted(self.unit, wanted), len(self.unit) - 1)
        return np.where(self.unit[found] == wanted, found, NOBODY).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders, as columns of the same length, each once; only such of which anything was kept.

    `at` is microseconds since 1970, amounts are minor units of the order's currency, after refunds and edits as of now.
    """

    unit: Ints
    """The place of the unit that ordered, or `NOBODY`."""
    at: Ints
    net: Ints
    clicked: Ints
    """The part of `net` that follows a click on one of our rails."""
    foreign: Bools
    """In another currency than the shop's."""
    staff: Bools
    """Placed by a customer who is marked as staff."""

    def only(self, keep: Bools) -> Orders:
        return Orders(
            self.unit[keep], self.at[keep], self.net[keep], self.clicked[keep], self.foreign[keep], self.staff[keep]
        )


@dataclass(frozen=True, slots=True)
class Steps:
    """Parts of a ratio, in any order: at a moment a unit's numerator and denominator grew by so much."""

    unit: Ints
    at: Ints
    numerator: Ints
    denominator: Ints

    def of(self, places: Ints) -> Steps:
        """The same with each unit's number replaced by what stands at it in `places`."""
        return Steps(places[self.unit], self.at, self.numerator, self.denominator)

    def only(self, keep: Bools) -> Steps:
        return Steps(self.unit[keep], self.at[keep], self.numerator[keep], self.denominator[keep])


def no_steps() -> Steps:
    nothing = np.empty(0, dtype=np.int64)
    return Steps(nothing, nothing, nothing, nothing)


@dataclass(frozen=True, slots=True)
class Counted:
    """All that was found out about an experiment in a period. Every `unit` is a place in `exposed`, or `NOBODY`."""

    exposed: Exposed
    orders: Orders
    """Those of the covariate's days before the first exposure included."""
    carts: Steps | None = None
    """A cart that was left is a denominator of 1, at the moment at which something was put into it last; None where
    carts are not looked at."""
    shown: Steps | None = None
    """Clicks on cards in view, in their course in time; None where only their number is asked for."""
    visits: tuple[tuple[int, tuple[Team, ...]], ...] = ()
    """The unit of every visit in which cards of an interleaved rail were clicked, and whose they were."""
