"""An estimate and its interval, from how much each row of a log moves it.

The normal interval is corrected for skew: where few rows carry most of the weight, it is too low and too short, and
misses the truth on the upper side two or three times as often as it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

Z: Final = NormalDist().inv_cdf(0.975)
LEAST_SKEW: Final = 1e-6
"""Below it the transformation is the normal interval, and would divide by nothing."""


@dataclass(frozen=True, slots=True)
class Estimate:
    value: float
    low: float
    high: float
    """Of the 95 % interval."""
    standard_error: float


@dataclass(frozen=True, slots=True)
class Groups:
    """Which rows belong together (a visitor's): only groups are independent of each other."""

    of_row: npt.NDArray[np.intp]
    """Shape (n,), numbered from 0."""
    number: int

    @classmethod
    def of(cls, names: npt.NDArray[Any]) -> Groups:
        known, of_row = np.unique(names, return_inverse=True)
        return cls(of_row, len(known))


@dataclass(frozen=True, slots=True)
class Value:
    """An estimate, and for each row n times how much of it the row makes up; the influences add up to 0."""

    value: float
    influence: Floats

    @classmethod
    def mean(cls, values: Floats) -> Value:
        middle = float(values.mean())
        return cls(middle, values - middle)

    @classmethod
    def mean_of_some(cls, values: Floats, some: npt.NDArray[np.bool_]) -> Value:
        """The mean over the rows in `some`."""
        middle = float(values[some].mean())
        return cls(middle, some * (values - middle) / some.mean())

    @classmethod
    def ratio(cls, values: Floats, weights: Floats) -> Value:
        """The mean of `values` with these weights."""
        middle = float(weights @ values / weights.sum())
        return cls(middle, weights * (values - middle) / weights.mean())

    def __sub__(self, other: Value) -> Value:
        return Value(self.value - other.value, self.influence - other.influence)

    def estimate(self, groups: Groups, *, least: float = -np.inf) -> Estimate:
        """With the 95 % interval; two groups at least.

        Args:
            least: no true value is smaller, so that neither the estimate nor its interval is.
        """
        size = groups.number / len(self.influence)
        sums = np.bincount(groups.of_row, self.influence, groups.number).astype(np.float64) * size
        spread = float(np.sqrt((sums @ sums) / (groups.number - 1)))
        below, above = _reach(sums, spread)
        value, low, high = (max(each, least) for each in (self.value, self.value - below, self.value + above))
        return Estimate(value, low, high, spread / float(np.sqrt(groups.number)))


def _reach(sums: Floats, spread: float) -> tuple[float, float]:
    """How far the interval reaches below and above the mean of `sums`, whose mean is 0.

    The cubic transformation of the studentised mean by Hall, "On the removal of skewness by transformation", JRSS B 54,
    1992, turned round.
    """
    n = len(sums)
    skew = 0.0 if spread == 0.0 else float((sums**3).mean()) / spread**3
    if abs(skew) < LEAST_SKEW:
        return Z * spread / n**0.5, Z * spread / n**0.5
    ends = np.array([Z, -Z]) / n**0.5 - skew / (6 * n)
    below, above = spread * 3 / skew * (np.cbrt(1 + skew * ends) - 1)
    return float(below), -float(above)
