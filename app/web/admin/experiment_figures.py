"""An experiment's figures as pages show them: a row for each metric of an arm, with its interval as a bar around zero.

Where too little was counted for a statement the row says so instead of showing a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from app.core.experiments import words
from app.core.experiments.lift import Lift
from app.core.experiments.reading import ArmReading, Excluded, Reading
from app.core.experiments.sums import NOTHING
from app.core.experiments.types import Arm, Metric
from app.core.experiments.verdict import ArmVerdict, Incremental
from app.core.money import written
from app.services.review_experiments import Review
from app.web.admin.experiment_words import EXCLUDED, METRICS
from app.web.admin.writing import count

LEAST_SCALE, WIDEST_SCALE = 0.05, 1.0
"""A bar shows at least ±5 % and at most ±100 %; what lies beyond is cut off at the edge."""
GOOD, BAD, OPEN = "#0c7a43", "#c5221f", "#5c6670"
DASH = "–"


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval on a line from 0 to 100, with zero in the middle."""

    start: float
    end: float
    middle: float
    colour: str
    label: str

    @classmethod
    def of(cls, lift: Lift, scale: float) -> Bar:
        def place(part: float) -> float:
            return round(50 + 50 * max(-1.0, min(1.0, part / scale)), 1)

        colour = GOOD if lift.low > 0 else BAD if lift.high < 0 else OPEN
        return cls(place(lift.low), place(lift.high), place(lift.relative), colour, interval(lift.low, lift.high))


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric of one arm against the control's."""

    title: str
    is_primary: bool
    control: str
    value: str
    lift: str
    interval: str
    bar: Bar | None
    chance: str
    loss: str


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """One arm against the control."""

    key: str
    name: str
    visitors: str
    orders: str
    rows: Sequence[MetricRow]
    always: str
    """The range by which it is decided; empty where there is none."""
    covariate: str
    """What knowing visitors from before has done for the main figure; empty where nothing can be said."""
    model: str
    """The second opinion on revenue, which takes its heavy tail into account; empty where there is none."""


def arms(review: Review) -> Sequence[ArmFigures]:
    """Every arm but the control; empty before anything was counted."""
    reading, verdict = review.reading, review.verdict
    if reading is None or verdict is None:
        return ()
    counted = {arm.arm: arm for arm in reading.arms}
    control = counted.get(review.experiment.control.key)
    return [
        _arm(review, arm, verdict.arm(arm.key), counted.get(arm.key), control) for arm in review.experiment.arms[1:]
    ]


def sizes(review: Review) -> Sequence[tuple[str, str, str]]:
    """Every arm with its visitors and orders, the control first."""
    counted = {arm.arm: arm for arm in review.reading.arms} if review.reading else {}
    return [
        (arm.name, count(counted[arm.key].units), count(counted[arm.key].orders))
        for arm in review.experiment.arms
        if arm.key in counted
    ]


def excluded(counted: Excluded) -> Sequence[tuple[str, str]]:
    """What was left out and why; reasons without anybody are not told."""
    found = [(field.name, getattr(counted, field.name)) for field in fields(counted)]
    return [(EXCLUDED[name], count(number)) for name, number in found if number]


def earned(gain: Incremental | None, reading: Reading, arm: Arm) -> str:
    """What a click claims beside what the comparison shows, in a sentence; empty where one of them is missing."""
    clicked = reading.clicked_revenue.get(arm.key)
    if gain is None or clicked is None:
        return ""
    total = amounts(gain.total, gain.total_low, gain.total_high, reading.currency)
    return (
        f"In “{arm.name}”, orders after a click came to {written(clicked, reading.currency)}: that is attribution. "
        f"The difference in revenue, which the comparison shows, is {total} over the same {count(gain.units)} visitors."
    )


def amounts(middle: float, low: float, high: float, currency: str) -> str:
    """An estimated amount with its interval."""
    return (
        f"{written(round(middle), currency)} (95 % interval {written(round(low), currency)} to "
        f"{written(round(high), currency)})"
    )


def interval(low: float, high: float) -> str:
    return f"{_signed(low)} to {_signed(high)}"


def chance(part: float) -> str:
    """Never called certain."""
    return "> 99.9 %" if part > 0.999 else "< 0.1 %" if part < 0.001 else f"{part:.1%}".replace("%", " %")


def _arm(
    review: Review, arm: Arm, verdict: ArmVerdict | None, counted: ArmReading | None, control: ArmReading | None
) -> ArmFigures:
    assert review.reading is not None
    lifts = verdict.lifts if verdict else {}
    scale = _scale([lift for lift in lifts.values() if lift is not None])
    primary = review.experiment.primary
    order = sorted(lifts, key=lambda metric: (metric is not primary, list(Metric).index(metric)))
    rows = [
        _row(metric, lifts[metric], counted, control, review.reading.currency, scale, is_primary=metric is primary)
        for metric in order
    ]
    lift = lifts.get(primary)
    return ArmFigures(
        key=arm.key,
        name=arm.name,
        visitors=count(counted.units if counted else 0),
        orders=count(counted.orders if counted else 0),
        rows=rows,
        always=_always(primary, verdict),
        covariate=_covariate(lift, (control, counted)),
        model=_model(verdict),
    )


def _row(
    metric: Metric,
    lift: Lift | None,
    counted: ArmReading | None,
    control: ArmReading | None,
    currency: str,
    scale: float,
    *,
    is_primary: bool,
) -> MetricRow:
    def value(of: ArmReading | None) -> str:
        sums = of.metrics.get(metric, NOTHING) if of else NOTHING
        return _figure(metric, sums.value, currency) if sums.d else DASH

    if lift is None:
        dashes = {"lift": DASH, "interval": "Too few for a statement", "chance": DASH, "loss": DASH}
        return MetricRow(METRICS[metric], is_primary, value(control), value(counted), bar=None, **dashes)
    return MetricRow(
        title=METRICS[metric],
        is_primary=is_primary,
        control=_figure(metric, lift.control_value, currency),
        value=_figure(metric, lift.value, currency),
        lift=_signed(lift.relative),
        interval=interval(lift.low, lift.high),
        bar=Bar.of(lift, scale),
        chance=chance(lift.chance_to_win),
        loss=words.small(lift.expected_loss),
    )


def _scale(lifts: Sequence[Lift]) -> float:
    """How far the bars of one table reach to each side: all of them alike, so that they compare."""
    furthest = max((max(abs(lift.low), abs(lift.high)) for lift in lifts), default=LEAST_SCALE)
    return min(max(furthest, LEAST_SCALE), WIDEST_SCALE)


def _always(primary: Metric, verdict: ArmVerdict | None) -> str:
    if verdict is None or verdict.sequence is None:
        return ""
    return f"Range at every look, by which it is decided: {words.METRICS[primary]} {interval(*verdict.sequence)}."


def _covariate(lift: Lift | None, pair: Sequence[ArmReading | None]) -> str:
    if lift is None:
        return ""
    units = sum(arm.units for arm in pair if arm)
    new = sum(arm.new_units for arm in pair if arm)
    return words.covariate(lift, known=units - new, new=new)


def _model(verdict: ArmVerdict | None) -> str:
    if verdict is None or verdict.heavy is None:
        return ""
    heavy = verdict.heavy
    return (
        f"If what buyers spend is log-normal, revenue per visitor differs by {_signed(heavy.revenue.relative)} "
        f"({interval(heavy.revenue.low, heavy.revenue.high)}): buyers {_signed(heavy.buyers.relative)}, spending per "
        f"buyer {_signed(heavy.spending.relative)}. A second opinion; nothing is decided by it."
    )


def _figure(metric: Metric, value: float, currency: str) -> str:
    return written(round(value), currency) if metric in words.MONEY else words.percent(value)


def _signed(part: float) -> str:
    return words.percent(part, signed=True)
