"""Experiments and readings for tests of the statistics: what two arms counted, in a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from app.core.experiments.reading import ArmReading, Caution, DayOfArm, Excluded, Preference, Reading
from app.core.experiments.sums import Floats, Sums, sums_of
from app.core.experiments.types import Arm, ArmKey, Experiment, ExperimentId, Kind, Metric, Status

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
CONTROL, B, C = ArmKey("control"), ArmKey("b"), ArmKey("c")
NAMES = {CONTROL: "Control", B: "B", C: "C"}
RPV = Metric.REVENUE_PER_VISITOR


def rate(units: int, counted: int) -> Sums:
    """A metric that so many of the units have."""
    return Sums(units, counted, counted, units, units, counted, positive=counted)


def spent(random: np.random.Generator, units: int, share: float, *, factor: float = 1.0, spread: float = 1.0) -> Floats:
    """Revenue of units of which so many buy, for about 50.00, log-normal; minor units."""
    buys = random.random(units) < share
    amounts: Floats = np.where(buys, np.round(factor * np.exp(random.normal(np.log(5_000), spread, units))), 0.0)
    return amounts


def experiment(
    arms: Sequence[ArmKey] = (CONTROL, B),
    *,
    kind: Kind = Kind.AB,
    status: Status = Status.RUNNING,
    primary: Metric = Metric.CONVERSION,
    loss_threshold: float = 0.002,
) -> Experiment:
    made = tuple(Arm(key, NAMES[key], 1) for key in arms)
    return Experiment(
        ExperimentId(7), "Test", kind, status, "rails", "s", made, (), primary=primary, loss_threshold=loss_threshold
    )


def counted(arm: ArmKey, sums: Mapping[Metric, Sums], *, winsorised: Mapping[Metric, Sums] | None = None) -> ArmReading:
    first = next(iter(sums.values()))
    return ArmReading(arm, first.n, first.n, first.positive, sums, winsorised or {})


def converted(*arms: tuple[int, int]) -> tuple[ArmReading, ...]:
    """Arms by their (units, buyers), the control first."""
    return tuple(counted(key, {Metric.CONVERSION: rate(*arm)}) for key, arm in zip((CONTROL, B, C), arms, strict=False))


def revenue(control: Floats, treatment: Floats) -> tuple[ArmReading, ...]:
    return tuple(
        counted(key, {RPV: sums_of(values), Metric.CONVERSION: rate(len(values), int((values > 0).sum()))})
        for key, values in ((CONTROL, control), (B, treatment))
    )


def reading(
    arms: tuple[ArmReading, ...],
    *,
    days: float = 20,
    cautions: tuple[Caution, ...] = (),
    course: tuple[DayOfArm, ...] = (),
    excluded: Excluded | None = None,
    preference: Preference | None = None,
) -> Reading:
    until = SINCE + timedelta(days=days)
    return Reading(
        ExperimentId(7),
        until,
        SINCE,
        until,
        "GBP",
        arms,
        days=course,
        cautions=cautions,
        excluded=excluded or Excluded(),
        preference=preference,
    )
