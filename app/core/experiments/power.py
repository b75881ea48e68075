"""How many visitors an experiment needs before it can show a lift, and what it can show after so many days.

The plan is for the decisions that are really made: those of the always-valid sequence, which may be looked at every
day. Beside it stands what a single look at the end would need, as other calculators tell it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log1p, sqrt

from app.core.errors import DomainError
from app.core.experiments.normal import quantile
from app.core.experiments.sequence import ALPHA, reach
from app.core.experiments.sums import Sums

POWER = 0.8
"""The chance that an experiment of the planned size shows the lift if it is there."""
MOST_UNITS = 10**10
LARGEST_LIFT = 10.0


class NoPlan(DomainError):
    """The figures allow no plan; the message says which one."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A metric as it is today: the mean of a unit's value, and its standard deviation."""

    mean: float
    sd: float
    is_rate: bool = False

    @classmethod
    def rate(cls, rate: float) -> Baseline:
        """Of a metric that a unit has or has not, such as conversion.

        Raises:
            NoPlan: it is not between 0 and 1.
        """
        if not 0 < rate < 1:
            raise NoPlan("The rate must lie between 0 and 100 %.")
        return cls(rate, sqrt(rate * (1 - rate)), is_rate=True)

    @classmethod
    def of(cls, sums: Sums) -> Baseline:
        """As counted, e.g. by the control of an earlier experiment.

        Raises:
            NoPlan: it counts nobody, or the same value for everybody.
        """
        variance = sums.variance_of()
        if sums.value <= 0 or variance <= 0:
            raise NoPlan("Nothing was counted yet that a plan could start from.")
        return cls(sums.value, sqrt(variance), is_rate=sums.is_proportion)

    def sd_after(self, lift: float) -> float:
        """The standard deviation with the lift: a rate has its own, amounts grow with their mean."""
        raised = self.mean * (1 + lift)
        return sqrt(raised * (1 - raised)) if self.is_rate else self.sd * (1 + lift)


@dataclass(frozen=True, slots=True)
class Plan:
    units: int
    """In each arm, for decisions that may be taken on any day."""
    days: int
    units_once: int
    """In each arm, were the figures looked at once, at the end."""
    lift: float


def plan(
    baseline: Baseline,
    lift: float,
    *,
    daily: float,
    arms: int = 2,
    variance_removed: float = 0.0,
    power: float = POWER,
) -> Plan:
    """The size at which a lift shows.

    Args:
        lift: the smallest relative lift that matters, e.g. 0.05; negative for a loss.
        daily: new visitors a day in all arms together, which share them equally.
        arms: the control included; with more than one other arm each is held to a stricter level.
        variance_removed: the part of the variance that a covariate takes away (CUPED), from 0 to below 1.
        power: the chance that the lift shows.

    Raises:
        NoPlan: a figure is out of its bounds, or no store will ever have so many visitors.
    """
    _check(baseline, daily, arms, variance_removed, power)
    if not -1 < lift <= LARGEST_LIFT or not lift or (baseline.is_rate and baseline.mean * (1 + lift) >= 1):
        raise NoPlan("The lift must be above −100 %, not 0, and leave a rate below 100 %.")
    noise, alpha, sure = _noise(baseline, lift, variance_removed), ALPHA / (arms - 1), quantile(power)

    def shows(units: int) -> bool:
        return abs(log1p(lift)) * sqrt(units) / noise >= reach(2 * units, alpha=alpha) + sure

    units = _least(shows)
    once = ceil((noise * (quantile(1 - alpha / 2) + sure) / log1p(lift)) ** 2)
    return Plan(units, ceil(units * arms / daily), once, lift)


def detectable(
    baseline: Baseline,
    *,
    days: int,
    daily: float,
    arms: int = 2,
    variance_removed: float = 0.0,
    power: float = POWER,
) -> float | None:
    """The smallest lift above 0 that shows after so many days; the arguments are those of `plan`.

    Returns:
        None where even the largest one would not.

    Raises:
        NoPlan: a figure is out of its bounds.
    """
    _check(baseline, daily, arms, variance_removed, power)
    units, alpha, sure = int(days * daily / arms), ALPHA / (arms - 1), quantile(power)
    if units < 1:
        return None
    far = reach(2 * units, alpha=alpha) + sure
    low, high = 0.0, min(LARGEST_LIFT, (1 - 1e-9) / baseline.mean - 1) if baseline.is_rate else LARGEST_LIFT
    if log1p(high) * sqrt(units) < far * _noise(baseline, high, variance_removed):
        return None
    while high - low > 1e-6:
        middle = (low + high) / 2
        shown = log1p(middle) * sqrt(units) >= far * _noise(baseline, middle, variance_removed)
        low, high = (low, middle) if shown else (middle, high)
    return high


def _noise(baseline: Baseline, lift: float, variance_removed: float) -> float:
    """The standard error of the logarithm of the arms' ratio, times the root of the units in each arm."""
    control, treatment = baseline.sd / baseline.mean, baseline.sd_after(lift) / (baseline.mean * (1 + lift))
    return sqrt((control**2 + treatment**2) * (1 - variance_removed))


def _least(shows: Callable[[int], bool]) -> int:
    """The least number of units that shows it; more units always do, too, once the sequence has narrowed."""
    high = 2
    while not shows(high):
        high *= 2
        if high > MOST_UNITS:
            raise NoPlan("So small a lift would take more visitors than any store has.")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if shows(middle) else (middle, high)
    return high


def _check(baseline: Baseline, daily: float, arms: int, variance_removed: float, power: float) -> None:
    if not (baseline.mean > 0 and baseline.sd > 0):
        raise NoPlan("The figure as it is today, and its standard deviation, must be above 0.")
    if daily <= 0:
        raise NoPlan("The visitors of a day must be above 0.")
    if arms < 2:
        raise NoPlan("An experiment has at least two arms.")
    if not 0 <= variance_removed < 1:
        raise NoPlan("The part of the variance that is taken away must be from 0 to below 1.")
    if not 0.5 <= power < 1:
        raise NoPlan("The chance to show the lift must be from 50 % to below 100 %.")
