"""The Beta distribution with the standard library alone, for chances that are learnt from counted wins.

The web judges experiments too, and must not load SciPy for two functions.
"""

from __future__ import annotations

from math import exp, lgamma, log, log1p

MOST_STEPS = 10_000
CLOSE = 1e-15
TINY = 1e-300
HALVINGS = 80


def cdf(x: float, a: float, b: float) -> float:
    """The chance that a Beta(a, b) variable is at most x; a and b above 0.

    The regularised incomplete beta function by its continued fraction, evaluated as Lentz does: NIST Digital Library
    of Mathematical Functions, 8.17.22 and 3.10(iii).
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    # The fraction converges fast on this side of the mean; the other side is its mirror.
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - cdf(1.0 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    return front / _fraction(x, a, b)


def quantile(chance: float, a: float, b: float) -> float:
    """The x with ``cdf(x, a, b) == chance``, to about 1e-15; 0 < chance < 1."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        if cdf(middle, a, b) < chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d1/(1 + d2/(1 + …)) with the coefficients of 8.17.23."""
    value = numerator = 1.0
    denominator = 0.0
    for step in range(1, MOST_STEPS):
        coefficient = _coefficient(step, x, a, b)
        denominator = 1.0 / _kept_off_zero(1.0 + coefficient * denominator)
        numerator = _kept_off_zero(1.0 + coefficient / numerator)
        value *= numerator * denominator
        if abs(numerator * denominator - 1.0) < CLOSE:
            break
    return value


def _coefficient(step: int, x: float, a: float, b: float) -> float:
    half, odd = divmod(step, 2)
    if odd:
        return -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
    return half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))


def _kept_off_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY
