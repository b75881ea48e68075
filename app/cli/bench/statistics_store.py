"""A store on paper for `attune bench statistics`: visitors who come, buy or don't, in two arms, read day after day.

Visitors fall into arms by themselves, so that arms differ in size as they do in a store; each buys with the arm's
chance, some days after she was exposed, and spends what an order of the log was worth. What comes out are readings as
the read-out service makes them, without lake or database.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from app.core.experiments.reading import ArmReading, DayOfArm, Reading, cap_of
from app.core.experiments.sums import Sums, sums_of
from app.core.experiments.types import CONTROL, Arm, ArmKey, Experiment, ExperimentId, Kind, Metric, Status
from app.core.recommend.types import Rail

START = datetime(2026, 3, 2, tzinfo=UTC)
LATER = 0.6
"""The chance that a buyer orders on the day of her exposure, and then on each further day."""
ARMS = (Arm(CONTROL, "Control", 1), Arm(ArmKey("b"), "B", 1))

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Life:
    """One experiment from start to end. `exposed` [2, D]: visitors newly exposed by arm and day; of the buyers columns
    of the arm, the day of the order and its minor units."""

    exposed: Ints
    arm: Ints
    day: Ints
    value: Floats


def experiment_on(primary: Metric) -> Experiment:
    """Two equal arms."""
    rails = (Rail.BOUGHT_TOGETHER,)
    return Experiment(ExperimentId(1), "Bench", Kind.AB, Status.RUNNING, "bench", "bench", ARMS, rails, primary=primary)


def live(
    random: np.random.Generator, values: Ints, *, days: int, visitors: int, chances: tuple[float, float], dearer: float
) -> Life:
    """Draw an experiment.

    Args:
        values: what orders are worth, to draw from.
        visitors: a day, both arms together, on average.
        chances: that a visitor of the arm buys.
        dearer: by how much orders of the second arm are worth more, 1 for nothing.
    """
    exposed = random.poisson(visitors / 2, (2, days))
    arm, day = (np.repeat(part, exposed.ravel()) for part in np.indices(exposed.shape).reshape(2, -1))
    buys = random.random(len(arm)) < np.array(chances)[arm]
    arm, day = arm[buys], day[buys] + random.geometric(LATER, int(buys.sum())) - 1
    return Life(exposed, arm, day, random.choice(values, len(arm)) * np.where(arm == 1, dearer, 1.0))


def readings(life: Life, primary: Metric) -> Iterator[Reading]:
    """The reading of every day, as a merchant would look at it who looks every day."""
    series: list[DayOfArm] = []
    for day in range(life.exposed.shape[1]):
        units = life.exposed[:, : day + 1].sum(axis=1).tolist()
        bought = life.day <= day
        values = [life.value[bought & (life.arm == arm)] for arm in range(2)]
        cap = cap_of(np.concatenate(values))
        arms = [_arm(ARMS[arm].key, units[arm], values[arm], cap) for arm in range(2)]
        for number, arm in enumerate(arms):
            main = arm.winsorised.get(primary) or arm.metrics[primary]
            fresh = int(life.exposed[number, day])
            series.append(DayOfArm((START + timedelta(days=day)).date(), arm.arm, arm.units, fresh, main))
        until = START + timedelta(days=day + 1)
        yield Reading(ExperimentId(1), until, START, until, "GBP", tuple(arms), days=tuple(series), cap=cap)


def over(units: int, values: Floats) -> Sums:
    """The sums over so many units of which all but these have nothing."""
    return replace(sums_of(values), n=units, d=float(units), dd=float(units))


def _arm(key: ArmKey, units: int, values: Floats, cap: int | None) -> ArmReading:
    revenue = over(units, values)
    return ArmReading(
        key,
        units=units,
        new_units=units,
        orders=len(values),
        metrics={Metric.CONVERSION: over(units, np.ones(len(values))), Metric.REVENUE_PER_VISITOR: revenue},
        winsorised={Metric.REVENUE_PER_VISITOR: revenue if cap is None else over(units, np.minimum(values, cap))},
    )
