"""An interval that stays true however often it is looked at: what decisions are made by.

The 95 % interval of a lift is right for one look at a time fixed beforehand. This one holds at all times at once, so an
experiment may be read every day and stopped on any of them; the price is that it is about half as wide again.
"""

from __future__ import annotations

from math import expm1, inf, log, log1p, sqrt

from app.core.experiments.lift import Estimate

TUNED_FOR = 5_000
"""Visitors (all arms) at which the interval is narrowest; GrowthBook's default."""
ALPHA = 0.05
"""The chance that the interval ever fails to hold the truth, over the whole life of an experiment."""


def sequence(found: Estimate, *, alpha: float = ALPHA) -> tuple[float, float]:
    """Lower and upper bound of the relative lift, valid at every look (asymptotically).

    The confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform central limit theory and
    asymptotic confidence sequences" (2023), equation 9, two-sided, around the logarithm of the ratio of the two
    figures (delta method). GrowthBook puts it around the relative lift itself, whose error is skewed: read daily, that
    says of 2,000 equal arms of heavy-tailed revenue that one is worse in 10 to 13 % instead of 5 %. The logarithm's
    error is the same whichever arm is called the control. It asks for enough events to be about normal, which the
    caller looks after.

    Returns:
        (-1, infinity), that is nothing, where the arm's figure, or what the covariate leaves of it, is not above 0.
    """
    if found.relative <= -1 or found.value <= 0:
        return -1.0, inf
    middle = log1p(found.relative)
    error = sqrt(found.control_variance / found.control_value**2 + found.variance / found.value**2)
    width = reach(found.n_control + found.n, alpha=alpha) * error
    return expm1(middle - width), expm1(middle + width)


def reach(units: int, *, alpha: float = ALPHA) -> float:
    """How many standard errors the interval reaches to each side at so many units in both arms together."""
    grown = units * _rho_squared(alpha)
    return sqrt(2 * (grown + 1) / grown * log(sqrt(grown + 1) / alpha))


def _rho_squared(alpha: float) -> float:
    """The parameter that makes the interval narrowest at `TUNED_FOR` (equation 161)."""
    twice = -2 * log(alpha)
    return (twice + log(twice + 1)) / TUNED_FOR
