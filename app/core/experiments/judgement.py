"""What a verdict is made of; `app.core.experiments.verdict` gives it, the page and the command line show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.core.experiments.heavy import Heavy
from app.core.experiments.lift import Lift
from app.core.experiments.priors import Prior
from app.core.experiments.reading import ArmReading, Caution, Reading
from app.core.experiments.types import ArmKey, Experiment, Metric

LEAST_POSITIVE = 25
"""Units with a value above 0 that an arm needs before anything is said of it: below, estimates are not normal."""


class DecisionKind(StrEnum):
    KEEP_RUNNING = "keep_running"
    SHIP = "ship"
    STOP = "stop"
    NO_DIFFERENCE = "no_difference"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Decision:
    kind: DecisionKind
    arm: ArmKey | None
    """The arm to ship or to stop, or the one that the sentence is about."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Incremental:
    """Revenue that came about because of an arm, in minor units of the currency, with 95 % intervals.

    From revenue as it was paid, nothing cut, and without a prior: an estimate of the truth, not a decision. The
    interval is that of the difference, in which the tails of two equal arms balance: it holds as often as it says even
    where a few orders are as large as thousands of others, as ``attune bench statistics`` measures. One of the lift
    would not, and with arms of one to nine parts it holds in 91 of 100 on such orders.
    """

    per_thousand: float
    """For each 1,000 visitors."""
    per_thousand_low: float
    per_thousand_high: float
    total: float
    """Over all the arm's exposed units."""
    total_low: float
    total_high: float
    units: int


@dataclass(frozen=True, slots=True)
class ArmVerdict:
    """One arm against the control. A None stands where too little was counted for a statement."""

    arm: ArmKey
    lifts: Mapping[Metric, Lift | None]
    """Of every metric that was counted; revenue is cut where the reading has a cap."""
    sequence: tuple[float, float] | None
    """The primary metric's relative lift, low and high, valid however often it is looked at."""
    chance_to_win: float | None
    expected_loss: float | None
    """Both of the primary metric."""
    heavy: Heavy | None
    incremental: Incremental | None


@dataclass(frozen=True, slots=True)
class Verdict:
    arms: tuple[ArmVerdict, ...]
    """One for each arm but the control, in the experiment's order."""
    sample_ratio_p: float
    cautions: tuple[Caution, ...]
    decision: Decision
    incremental: Incremental | None
    """Of the arm that the decision is about, or of the only one."""
    prior: Prior
    whole_days: int

    def arm(self, key: ArmKey) -> ArmVerdict | None:
        return next((one for one in self.arms if one.arm == key), None)


@dataclass(frozen=True, slots=True)
class Case:
    """All that a decision looks at. `arms` are all of the experiment, the control first; `verdicts` the others."""

    experiment: Experiment
    reading: Reading
    arms: tuple[ArmReading, ...]
    verdicts: tuple[ArmVerdict, ...]
    cautions: tuple[Caution, ...]
    sample_ratio_p: float
    whole_days: int

    @property
    def metric(self) -> Metric:
        return self.experiment.primary

    def name(self, key: ArmKey) -> str:
        """The arm's name within a sentence: in quotes where it is more than a word."""
        name = self.experiment.arm(key).name
        return f"“{name}”" if " " in name else name

    @property
    def control(self) -> str:
        return self.name(self.experiment.control.key)

    def positive(self, arm: ArmReading) -> int:
        """Units that count for the primary metric, e.g. that bought."""
        return arm.metrics[self.metric].positive if self.metric in arm.metrics else 0
