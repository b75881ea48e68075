"""When orders happen: growth, the seasons of the year, the days of the week and the hours of the day.

Times are seconds since the first day of the history. A day's weight says how many more orders it sees than another.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from devstore.worlds.generated.arrays import Floats, Ints
from devstore.worlds.generated.parameters import Parameters
from devstore.worlds.generated.words import COLLECTIONS

DAY, WEEK = 86_400, 7 * 86_400
_USUAL = ord("e")
_PER_LETTER = 0.25


def day_weights(params: Parameters) -> Floats:
    """Relative order rate of each day."""
    days = [params.start + timedelta(days=day) for day in range(params.days)]
    months = np.array([params.month_weights[day.month - 1] for day in days])
    weekdays = np.array([params.weekday_weights[day.weekday()] for day in days])
    return np.asarray(months * weekdays * (1 + params.growth) ** (np.arange(params.days) / 365))


def seasons(params: Parameters, weeks: int) -> Floats:
    """(weeks, collections): the utility that the time of the year gives each collection."""
    letters = [table[1] for table in COLLECTIONS.values()]
    months = [(params.start + timedelta(weeks=week, days=3)).month - 1 for week in range(weeks)]
    steps = np.array([[ord(row[month]) - _USUAL for row in letters] for month in months], np.float64)
    return steps * _PER_LETTER * params.season_strength


class Clock:
    """Turns the day weights into random times."""

    def __init__(self, params: Parameters, random: np.random.Generator) -> None:
        self._random = random
        self._cumulative = np.concatenate([[0.0], np.cumsum(day_weights(params))])
        hours = np.array(params.hour_weights, np.float64)
        self._hours = hours / hours.sum()

    def exposure(self, start: Ints, end: Ints) -> Floats:
        """How many orders of an average shopper fall between two days."""
        return np.asarray(self._cumulative[end] - self._cumulative[start])

    def between(self, start: Ints, end: Ints) -> Ints:
        """One time for each pair of days, busy days more often."""
        low, high = self._cumulative[start], self._cumulative[end]
        point = low + self._random.random(len(start)) * (high - low)
        day = np.searchsorted(self._cumulative, point, side="right") - 1
        return self.at_some_hour(np.clip(day, start, np.maximum(end - 1, start)))

    def at_some_hour(self, day: Ints) -> Ints:
        hour = self._random.choice(24, len(day), p=self._hours)
        return day * DAY + hour * 3600 + self._random.integers(0, 3600, len(day))
