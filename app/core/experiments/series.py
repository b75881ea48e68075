"""An experiment's primary metric as it stood at the end of each of the shop's days, arm by arm.

A day changes the sums by what its units' values were before and are after it, so that the whole course costs one pass
over what happened, however many days and units there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from app.core.experiments.counted import Ints, Period, microseconds
from app.core.experiments.reading import DayOfArm
from app.core.experiments.sums import Floats, Sums
from app.core.experiments.types import Arm
from app.core.experiments.units import Grown
from app.core.shop_days import bounds

EVERY_DAY: Final = 91
"""So many of the last days are told one by one, earlier ones by the week."""
WEEK: Final = 7
FIELDS: Final = ("x", "xx", "d", "dd", "xd", "xc", "positive", "log", "log2")
"""What a step of a unit changes in an arm's sums; its covariate is there from the start."""


class ShopDays:
    """The shop's days of a period, numbered from 0."""

    def __init__(self, period: Period, zone: ZoneInfo) -> None:
        first = period.since.astimezone(zone).date()
        last = max((period.until - timedelta(microseconds=1)).astimezone(zone).date(), first)
        self.days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        # A shop's day may have 23 or 25 hours: each begins where its calendar says.
        self._begins = np.array([microseconds(bounds(day, zone)[0]) for day in self.days], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.days)

    def of(self, at: Ints) -> Ints:
        """The number of the day in which each moment lies; what is before the first day counts as it."""
        return np.maximum(np.searchsorted(self._begins, at, side="right") - 1, 0).astype(np.int64)


def series(
    arms: Sequence[Arm], arm: Ints, entered: Ints, course: Grown, covariate: Floats | None, days: ShopDays
) -> tuple[DayOfArm, ...]:
    """The arms on every day of the last quarter, and at the end of every week before.

    Args:
        arm, entered: each unit's arm as its place in `arms`, and the day of its first exposure.
        course: of the units' values.
        covariate: each unit's; None for a metric without one.
    """
    size = len(arms) * len(days)
    known = np.zeros(len(arm)) if covariate is None else covariate
    entry = arm * len(days) + entered
    new = np.bincount(entry, minlength=size)
    totals: dict[str, Floats] = {name: np.zeros(size) for name in FIELDS}
    totals["c"] = np.bincount(entry, weights=known, minlength=size).astype(np.float64)
    totals["cc"] = np.bincount(entry, weights=known * known, minlength=size).astype(np.float64)
    if course.d is None:
        totals["d"] = totals["dd"] = new.astype(np.float64)
    place = arm[course.unit] * len(days) + np.maximum(course.day, entered[course.unit])
    for name, change in _changes(course, known).items():
        totals[name] = totals[name] + np.bincount(place, weights=change, minlength=size)
    grid = {name: np.cumsum(values.reshape(len(arms), len(days)), axis=1) for name, values in totals.items()}
    units = np.cumsum(new.reshape(len(arms), len(days)), axis=1)
    return tuple(
        DayOfArm(
            day=days.days[number],
            arm=each.key,
            units=int(units[row, number]),
            new_exposures=int(new[row * len(days) + number]),
            primary=_sums(grid, row, number, int(units[row, number]), is_ratio=course.d is not None),
        )
        for number in _told(len(days))
        for row, each in enumerate(arms)
    )


def _told(days: int) -> list[int]:
    weeks = range((days - EVERY_DAY) % WEEK - 1, days - EVERY_DAY, WEEK)
    return [number for number in weeks if number >= 0] + list(range(max(days - EVERY_DAY, 0), days))


def _changes(course: Grown, known: Floats) -> dict[str, Floats]:
    """By how much each step changes every sum: what it is after the step, less what it was."""
    mean = course.d is None
    d = np.ones_like(course.x) if course.d is None else course.d
    after = _parts(course.x, d, known[course.unit])
    first = np.concatenate([[True], course.unit[1:] != course.unit[:-1]])[: len(course.unit)]
    changes = {}
    for name, values in after.items():
        before = np.concatenate([[0.0], values[:-1]])[: len(values)]
        # Of a mean, the denominator of 1 has stood there since the unit's exposure.
        before[first] = 1.0 if mean and name in ("d", "dd") else 0.0
        changes[name] = values - before
    return changes


def _parts(x: Floats, d: Floats, c: Floats) -> dict[str, Floats]:
    positive = x > 0
    log = np.log(x, where=positive, out=np.zeros_like(x))
    parts = (x, x * x, d, d * d, x * d, x * c, positive.astype(np.float64), log, log * log)
    return dict(zip(FIELDS, parts, strict=True))


def _sums(grid: dict[str, Floats], row: int, number: int, n: int, *, is_ratio: bool) -> Sums:
    at = {name: float(values[row, number]) for name, values in grid.items()}
    positive = round(at.pop("positive"))
    return Sums(n=n, positive=positive, is_ratio=is_ratio, **at)
