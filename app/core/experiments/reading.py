"""What was counted of an experiment up to a moment, without anybody's name: the sums of every metric in every arm.

`app.services.read_experiment` fills it from the lake and the orders, `app.core.experiments.verdict` judges it. It is
stored as JSON, one a day, so that the page shows how the figures came about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

import numpy as np

from app.core.experiments.sums import NOTHING, Floats, Sums
from app.core.experiments.types import ArmKey, ExperimentId, Metric

QUANTILE = 0.995
"""Revenue of a unit above this quantile of what all exposed buyers (units with any revenue, all arms together) spent
counts as the quantile; `cap_of` computes it. Set beforehand, for every experiment alike: a few orders as large as
thousands of others would otherwise decide. It is taken over buyers, not over all visitors, so that it cuts one buyer in
200 whatever the conversion: over all visitors it would cut one buyer in six at 3 %, and every one of them at 0.5 %."""


def cap_of(amounts: Floats) -> int | None:
    """What revenue is cut at.

    Args:
        amounts: each unit's revenue in minor units, or only that of those who bought; shape (n,).

    Returns:
        None where nobody bought anything.
    """
    spent = amounts[amounts > 0]
    return int(np.ceil(np.quantile(spent, QUANTILE))) if len(spent) else None


class Caution(StrEnum):
    """What a reader of the figures must know; `app.core.experiments.words` has the sentences."""

    NO_EXPOSURES = "no_exposures"
    ARM_EMPTY = "arm_empty"
    FEW_ORDERS = "few_orders"
    SAMPLE_RATIO = "sample_ratio"
    """The arms' sizes can't have come about by chance: something counts one arm differently. Nothing is read out."""
    ARM_SILENT = "arm_silent"
    """For a whole day one arm had no exposures while another had many."""
    TWO_ARMS = "two_arms"
    """More than one unit in a hundred was exposed in two arms; these are left out."""
    FEW_BUYERS = "few_buyers"
    """Fewer buyers in an arm than intervals of revenue, whose tail is heavy, need to hold as often as they say."""
    CURRENCY_MIX = "currency_mix"
    """Orders in another currency than the shop's are left out."""
    YOUNG = "young"
    """Less than two whole weeks: weekdays are not balanced yet."""
    NO_DATES = "no_dates"
    """It stopped before it started, or an excluded window covers all of it."""


@dataclass(frozen=True, slots=True)
class ArmReading:
    """One arm. `metrics` are over exposed units, intent to treat, revenue net and in minor units of the currency."""

    arm: ArmKey
    units: int
    new_units: int
    """Units of which nothing was known before their exposure: a covariate tells nothing about these."""
    orders: int
    metrics: Mapping[Metric, Sums]
    winsorised: Mapping[Metric, Sums] = field(default_factory=dict)
    """The same with revenue cut at `Reading.cap`; only for metrics of revenue."""

    def compared(self, metric: Metric) -> Sums:
        """What arms are compared by: revenue is cut; nothing where the metric was not counted."""
        return self.winsorised.get(metric) or self.metrics.get(metric, NOTHING)


@dataclass(frozen=True, slots=True)
class Excluded:
    """Units that were exposed and are not in the figures, by reason."""

    two_arms: int = 0
    bots: int = 0
    staff: int = 0
    window: int = 0
    foreign_orders: int = 0
    """Orders (not units) in another currency."""


@dataclass(frozen=True, slots=True)
class DayOfArm:
    """One arm as it stood at the end of a day, all days before included: for the always-valid sequence."""

    day: date
    arm: ArmKey
    units: int
    """Exposed for the first time up to then."""
    new_exposures: int
    """Units first exposed on that very day."""
    primary: Sums
    """The primary metric up to then (winsorised where it is revenue)."""


@dataclass(frozen=True, slots=True)
class Preference:
    """What an interleaving experiment counts: visits in which one side got more clicks than the other."""

    first: int
    second: int
    ties: int
    spread: float = 1.0
    """How many times as far from each other visits with a winner are as tosses of a coin, in variance; at least 1.
    Visits of one visitor go together, so that they tell less than as many visits of different people."""


@dataclass(frozen=True, slots=True)
class Reading:
    experiment: ExperimentId
    at: datetime
    since: datetime
    until: datetime
    currency: str
    arms: tuple[ArmReading, ...]
    """In the experiment's own order, the control first; every arm is there, also an empty one."""
    days: tuple[DayOfArm, ...] = ()
    excluded: Excluded = Excluded()
    left_out: timedelta = timedelta()
    """How much of the time from `since` to `until` lies in excluded windows."""
    cap: int | None = None
    """Revenue of a unit above this (minor units; `cap_of` over all arms) counts as this."""
    cautions: tuple[Caution, ...] = ()
    """What the counting noticed; the verdict adds what the statistics notice."""
    preference: Preference | None = None
    clicked_revenue: Mapping[ArmKey, int] = field(default_factory=dict)
    """Revenue after a click, as the report attributes it: shown beside what the arms' difference says."""
