"""Revenue per visitor as a model of its own: most visitors buy nothing, and those who buy spend very unequally.

A second opinion beside the lift of the cut mean. It says what is likely if what buyers spend is log-normal, and tells
apart whether more visitors buy or buyers spend more. Nothing is decided by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

from app.core.experiments.lift import LEVEL, Unreadable, Why
from app.core.experiments.normal import below, quantile
from app.core.experiments.sums import Sums

RATE_SD = 0.3
SIZE_SD = 0.3
SPREAD_SD = 0.1
"""How far arms of one store are believed to be apart, as standard deviations of the difference in the logarithm: of the
share of visitors who buy, of what a typical buyer spends, and of what unequal spending adds to the mean. The last one
is what few buyers tell least about."""
LEAST_BUYERS = 25


@dataclass(frozen=True, slots=True)
class Ratio:
    """How an arm's figure relates to the control's: 0.1 for 10 % more; the middle and the 95 % interval."""

    relative: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Heavy:
    revenue: Ratio
    buyers: Ratio
    """Of the share of visitors who buy."""
    spending: Ratio
    """Of what a buyer spends on average."""
    chance_to_win: float
    expected_loss: float
    """As a part of the control's revenue per visitor."""


def heavy(control: Sums, treatment: Sums) -> Heavy:
    """The posterior of the lift in revenue per visitor under Bernoulli × log-normal, in closed form.

    The mean of such revenue is p · exp(μ + σ²/2). Each arm's three parts are the store's own, of which nothing is
    assumed, plus a difference of the arms that is normal around 0 with the stated spread; so the posterior of each
    difference is the measured one, pulled towards 0 by its uncertainty. The errors of ln p, μ and σ²/2 are their
    large-sample ones (the last two as in Cox's method, Land 1972), hence at least `LEAST_BUYERS` in each arm.

    Args:
        control, treatment: sums of the uncut revenue of each unit, with the sums of logarithms.

    Raises:
        Unreadable: an arm is empty or has too few buyers.
    """
    _check(control, treatment)
    rate = _pulled(_log_rate(treatment), _log_rate(control), RATE_SD)
    size = _pulled(_log_size(treatment), _log_size(control), SIZE_SD)
    spread = _pulled(_half_variance(treatment), _half_variance(control), SPREAD_SD)
    spending = (size[0] + spread[0], size[1] + spread[1])
    mean, variance = rate[0] + spending[0], rate[1] + spending[1]
    sd = sqrt(variance)
    return Heavy(
        revenue=_ratio(mean, variance),
        buyers=_ratio(*rate),
        spending=_ratio(*spending),
        chance_to_win=below(mean / sd),
        expected_loss=max(below(-mean / sd) - exp(mean + variance / 2) * below(-mean / sd - sd), 0.0),
    )


def _check(*arms: Sums) -> None:
    if any(not arm.n for arm in arms):
        raise Unreadable(Why.ARM_EMPTY)
    if any(arm.positive < LEAST_BUYERS for arm in arms):
        raise Unreadable(Why.FEW_BUYERS)
    if any(_variance_of_logs(arm) <= 0 for arm in arms):
        raise Unreadable(Why.NO_VARIANCE)


def _variance_of_logs(arm: Sums) -> float:
    """Rounding leaves up to about 1e-12 where all buyers spent the same."""
    found = (arm.log2 - arm.log**2 / arm.positive) / (arm.positive - 1)
    return found if found > 1e-10 * max(arm.log2 / arm.positive, 1.0) else 0.0


def _log_rate(arm: Sums) -> tuple[float, float]:
    rate = arm.positive / arm.n
    return log(rate), (1 - rate) / arm.positive


def _log_size(arm: Sums) -> tuple[float, float]:
    return arm.log / arm.positive, _variance_of_logs(arm) / arm.positive


def _half_variance(arm: Sums) -> tuple[float, float]:
    found = _variance_of_logs(arm)
    return found / 2, found**2 / (2 * (arm.positive - 1))


def _pulled(arm: tuple[float, float], control: tuple[float, float], sd: float) -> tuple[float, float]:
    """Mean and variance of the posterior of a difference, measured with an error and believed to be near 0."""
    difference, variance = arm[0] - control[0], arm[1] + control[1]
    kept = sd**2 / (sd**2 + variance)
    return difference * kept, variance * kept


def _ratio(mean: float, variance: float) -> Ratio:
    far = quantile(0.5 + LEVEL / 2) * sqrt(variance)
    return Ratio(exp(mean) - 1, exp(mean - far) - 1, exp(mean + far) - 1)
