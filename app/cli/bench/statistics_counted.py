"""Units and their orders in the form in which the read-out hands them to core."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.experiments.assign import arm_of
from app.core.experiments.counted import Counted, Exposed, Orders
from app.core.experiments.types import Experiment, Unit

Ints = npt.NDArray[np.int64]
Units = npt.NDArray[Any]


def units_of(person: Ints) -> Units:
    """Ids of people with these ascending numbers, in order as texts, too."""
    return np.array([f"person-{number:012d}" for number in person.tolist()], dtype=object)


def arms_of(experiment: Experiment, units: Units) -> Ints:
    """The place of everybody's arm, by core's assignment; of an experiment in which all traffic takes part."""
    arms = [arm_of(experiment, Unit(unit)) for unit in units]
    return np.array([experiment.arms.index(arm) for arm in arms if arm is not None], np.int64)


def counted(units: Units, arm: Ints, first_at: Ints, orders: Orders) -> Counted:
    """Everybody was exposed once, in one arm; whoever had ordered before was known."""
    once = np.ones(len(units), np.int64)
    before = orders.unit[orders.at < first_at[orders.unit]]
    exposed = Exposed(
        unit=units,
        arm=arm,
        first_at=first_at,
        arms=once,
        exposures=once,
        clicks=np.zeros_like(once),
        events=once,
        busiest_hour=once,
        known_before=np.isin(np.arange(len(units)), before).astype(np.int64),
    )
    return Counted(exposed, orders)


def orders_of(unit: Ints, at: Ints, net: Ints, clicked: Ints | None = None) -> Orders:
    """All in the shop's currency and none of the staff's."""
    no = np.zeros(len(unit), np.bool_)
    return Orders(unit, at, net, np.zeros_like(net) if clicked is None else clicked, foreign=no, staff=no)
