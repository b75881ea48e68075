"""The normal and the chi-squared distribution, as far as experiments need them: the web process carries no SciPy.

Each function is exact to the precision of a float; none of them estimates anything.
"""

from __future__ import annotations

from math import erfc, exp, pi, sqrt
from statistics import NormalDist

_STANDARD = NormalDist()


def below(z: float) -> float:
    """The chance that a standard normal variable is below z; precise in both tails."""
    return erfc(-z / sqrt(2)) / 2


def density(z: float) -> float:
    """The standard normal density at z."""
    return exp(-z * z / 2) / sqrt(2 * pi)


def quantile(probability: float) -> float:
    """The z below which a standard normal variable falls with this probability, which is above 0 and below 1."""
    return _STANDARD.inv_cdf(probability)


def expected_excess(mean: float, sd: float) -> float:
    """The mean of max(X, 0) for a normal X: the chance that it is above 0, times what it is then on average."""
    z = mean / sd
    return max(mean * below(z) + sd * density(z), 0.0)


def chi_squared_above(value: float, degrees: int) -> float:
    """The chance that a chi-squared variable exceeds `value` (0 or more); `degrees` of freedom is 1 or more.

    For whole degrees of freedom the tail is a finite sum: Abramowitz & Stegun, 26.4.4 and 26.4.5.
    """
    half = value / 2
    if degrees % 2:
        tail, term, power = erfc(sqrt(half)), exp(-half) * 2 * sqrt(half / pi), 1.5
    else:
        tail, term, power = exp(-half), exp(-half) * half, 2.0
    for _ in range((degrees - 1) // 2):
        tail += term
        term *= half / power
        power += 1
    return min(tail, 1.0)
