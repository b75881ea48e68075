"""How the range of an arm's lift narrowed, day by day: the range that holds at every look, as points of a drawing.

Drawn by the server, because Polaris has no chart and a page's script shall not build one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.core.experiments.lift import Unreadable, estimate
from app.core.experiments.reading import DayOfArm, Reading
from app.core.experiments.sequence import ALPHA, sequence
from app.core.experiments.types import ArmKey, Experiment, Kind
from app.core.experiments.verdict import LEAST_POSITIVE

WIDTH, HEIGHT = 600, 160
LEAST_SCALE, WIDEST_SCALE = 0.1, 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """The lift of one arm at the end of a day, with its range."""

    day: date
    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Points for SVG in a box of `WIDTH` × `HEIGHT`; zero lies half-way up."""

    arm: str
    looks: Sequence[Look]
    scale: float
    """The lift at the upper edge."""
    band: str
    line: str


def charts(experiment: Experiment, reading: Reading | None) -> Sequence[Chart]:
    """One for each arm but the control that had enough on two days at least."""
    if reading is None or experiment.kind is Kind.INTERLEAVING:
        return ()
    by_arm: dict[ArmKey, dict[date, DayOfArm]] = defaultdict(dict)
    for day in reading.days:
        by_arm[day.arm][day.day] = day
    alpha = ALPHA / max(len(experiment.arms) - 1, 1)
    control = by_arm[experiment.control.key]
    found = [(arm.name, _looks(control, by_arm[arm.key], alpha)) for arm in experiment.arms[1:]]
    return [_chart(name, looks) for name, looks in found if len(looks) > 1]


def _looks(control: Mapping[date, DayOfArm], arm: Mapping[date, DayOfArm], alpha: float) -> list[Look]:
    looks = []
    for day in sorted(control.keys() & arm.keys()):
        pair = control[day].primary, arm[day].primary
        if min(sums.positive for sums in pair) < LEAST_POSITIVE:
            continue
        try:
            found = estimate(*pair, adjust=True)
        except Unreadable:
            continue
        low, high = sequence(found, alpha=alpha)
        looks.append(Look(day, low, found.relative, high))
    return looks


def _chart(name: str, looks: Sequence[Look]) -> Chart:
    # The first days know little; they may reach over the edge so that the last ones can be told apart.
    newest = max(abs(looks[-1].low), abs(looks[-1].high)) * 2
    scale = min(max(newest, LEAST_SCALE), WIDEST_SCALE)
    first, days = looks[0].day, max((looks[-1].day - looks[0].day).days, 1)

    def point(day: date, lift: float) -> str:
        up = max(-1.0, min(1.0, lift / scale))
        return f"{WIDTH * (day - first).days / days:.1f},{HEIGHT / 2 * (1 - up):.1f}"

    above = [point(look.day, look.high) for look in looks]
    below = [point(look.day, look.low) for look in reversed(looks)]
    return Chart(name, looks, scale, " ".join(above + below), " ".join(point(look.day, look.middle) for look in looks))
