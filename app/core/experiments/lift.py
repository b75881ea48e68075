"""How much more one arm has than the control, with everything that may be said about its uncertainty.

Works on sums alone. The estimate and its variance (delta method) and the normal posterior follow what GrowthBook
publishes and does in gbstats, with which the figures agree; CUPED is Deng et al. (2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from app.core.errors import DomainError
from app.core.experiments.normal import below, expected_excess, quantile
from app.core.experiments.priors import FLAT, Prior
from app.core.experiments.sums import Sums

LEVEL = 0.95
"""The probability that intervals hold."""


class Why(StrEnum):
    """Why sums don't allow a comparison."""

    ARM_EMPTY = "arm_empty"
    CONTROL_NOTHING = "control_nothing"
    """The control's figure is 0 or less: nothing can be relative to it."""
    NO_VARIANCE = "no_variance"
    """All units of an arm have the same value, or there is only one: how sure the figure is can't be known."""
    FEW_BUYERS = "few_buyers"
    """Fewer units with a value above 0 than the method asks for."""
    DIFFERENT_METRICS = "different_metrics"
    """One side is a ratio and the other one a mean."""


class Unreadable(DomainError):
    """The sums of two arms can't be compared; `code` says why."""

    def __init__(self, code: Why) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the data alone say, before any prior."""

    control_value: float
    value: float
    difference: float
    """Of the two figures, after what the covariate explains is taken out."""
    control_variance: float
    variance: float
    """Of each arm's figure: the squares of their standard errors."""
    variance_removed: float
    n_control: int
    n: int

    @property
    def relative(self) -> float:
        return self.difference / self.control_value

    @property
    def relative_variance(self) -> float:
        """By the delta method."""
        base = self.control_value**2
        return self.variance / base + self.control_variance * self.value**2 / base**2

    @property
    def difference_variance(self) -> float:
        return self.control_variance + self.variance


@dataclass(frozen=True, slots=True)
class Lift:
    """The posterior of one arm's lift over the control's figure; all intervals hold with 95 % probability."""

    control_value: float
    value: float
    """Both as counted: neither the prior nor the covariate has changed them."""
    relative: float
    """0.15 for 15 % more than the control."""
    low: float
    high: float
    difference: float
    """In the metric's own unit."""
    difference_low: float
    difference_high: float
    chance_to_win: float
    expected_loss: float
    """What choosing the arm costs on average, as a part of the control's figure: the chance that it is worse times how
    much worse it is then."""
    expected_loss_of_control: float
    """The same for staying with the control."""
    variance_removed: float
    """The part of the difference's variance that the covariate explains, 0 without one."""
    n_control: int
    n: int


def lift(control: Sums, treatment: Sums, *, prior: Prior = FLAT, adjust: bool = False) -> Lift:
    """The posterior of the relative lift of `treatment` over `control`.

    Args:
        prior: on the relative lift.
        adjust: take out of a mean what the covariate explains (CUPED, one coefficient over both arms). Ratios are
            never adjusted.

    Raises:
        Unreadable: the sums allow no comparison.
    """
    return posterior(estimate(control, treatment, adjust=adjust), prior)


def estimate(control: Sums, treatment: Sums, *, adjust: bool = False) -> Estimate:
    """The lift by the delta method; the arguments and errors are those of `lift`."""
    _check(control, treatment)
    theta = _theta(control, treatment) if adjust and not control.is_ratio else 0.0
    shift = theta * (treatment.c / treatment.n - control.c / control.n)
    of_control, of_treatment = _squared_error(control, theta), _squared_error(treatment, theta)
    if min(of_control, of_treatment) <= 0:
        raise Unreadable(Why.NO_VARIANCE)
    plain = _squared_error(control, 0.0) + _squared_error(treatment, 0.0)
    return Estimate(
        control_value=control.value,
        value=treatment.value,
        difference=treatment.value - control.value - shift,
        control_variance=of_control,
        variance=of_treatment,
        variance_removed=1 - (of_control + of_treatment) / plain if theta else 0.0,
        n_control=control.n,
        n=treatment.n,
    )


def posterior(found: Estimate, prior: Prior = FLAT) -> Lift:
    """What is to be believed once the prior and the data are weighed by their precision."""
    scale = found.control_value
    relative, sd = _weighed(found.relative, found.relative_variance, prior, 1.0)
    difference, difference_sd = _weighed(found.difference, found.difference_variance, prior, scale)
    reach = quantile(0.5 + LEVEL / 2)
    return Lift(
        control_value=scale,
        value=found.value,
        relative=relative,
        low=relative - reach * sd,
        high=relative + reach * sd,
        difference=difference,
        difference_low=difference - reach * difference_sd,
        difference_high=difference + reach * difference_sd,
        chance_to_win=below(relative / sd),
        expected_loss=expected_excess(-relative, sd),
        expected_loss_of_control=expected_excess(relative, sd),
        variance_removed=found.variance_removed,
        n_control=found.n_control,
        n=found.n,
    )


def _check(control: Sums, treatment: Sums) -> None:
    if control.is_ratio is not treatment.is_ratio:
        raise Unreadable(Why.DIFFERENT_METRICS)
    if not control.n or not treatment.n or control.d <= 0 or treatment.d <= 0:
        raise Unreadable(Why.ARM_EMPTY)
    if control.x <= 0:
        raise Unreadable(Why.CONTROL_NOTHING)


def _theta(control: Sums, treatment: Sums) -> float:
    """How much of the value goes along with one unit of the covariate, over both arms together."""
    n, c = control.n + treatment.n, control.c + treatment.c
    spread = control.cc + treatment.cc - c**2 / n
    return (control.xc + treatment.xc - (control.x + treatment.x) * c / n) / spread if spread > 0 else 0.0


def _squared_error(sums: Sums, theta: float) -> float:
    """The variance of an arm's figure."""
    return sums.variance_of(theta) / sums.n


def _weighed(measured: float, variance: float, prior: Prior, scale: float) -> tuple[float, float]:
    """Mean and standard deviation of the posterior; a prior on a relative lift is scaled to the metric's unit."""
    if prior.sd is None:
        return measured, sqrt(variance)
    believed, spread = prior.mean * scale, (prior.sd * scale) ** 2
    precision = 1 / variance + 1 / spread
    return (measured / variance + believed / spread) / precision, sqrt(1 / precision)
