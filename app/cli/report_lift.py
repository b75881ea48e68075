"""How `attune report` shows what was measured: the hold-out's table and sentences, and each experiment's sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from app.core.experiments.lift import Lift
from app.core.experiments.reading import ArmReading
from app.core.experiments.types import Metric
from app.core.experiments.words import CAUTIONS, METRICS, figure, money, percent
from app.core.shops import Shop
from app.services.report_lift import DEFINITIONS, LiftReport, Measured

SIMULATED = "simulated"
NOTHING = "–"


def show(shop: Shop, made: LiftReport, *, simulated: bool) -> None:
    """Print it.

    Args:
        simulated: whether the shop's visitors are.
    """
    label = f" ({SIMULATED})" if simulated else ""
    if made.hold_out is None:
        click.echo(made.missing)
    else:
        Console().print(_table(shop, made, made.hold_out, label))
        for sentence in _sentences(made.hold_out, label):
            click.echo(sentence)
    for each in made.experiments:
        click.echo(f"{each.experiment.name}{label}: {each.verdict.decision.sentence}")
    for name, meaning in DEFINITIONS.items():
        click.echo(f"  {name}: {meaning}")


def document(made: LiftReport, *, simulated: bool) -> dict[str, Any]:
    """As JSON; amounts are minor units, lifts are fractions."""
    return {
        "simulated": simulated,
        "hold_out": None if made.hold_out is None else _json(made.hold_out),
        "hold_out_missing": made.missing,
        "experiments": [_json(each) for each in made.experiments],
        "lift_definitions": DEFINITIONS,
    }


def _table(shop: Shop, made: LiftReport, found: Measured, label: str) -> Table:
    table = Table(title=f"{shop.domain} against its hold-out{label}, {made.first} to {made.last}")
    table.add_column("Figure")
    control, treated = (arm.name for arm in found.experiment.arms[:2])
    for name in (control, treated, "Lift", "95 % interval", "Chance to win"):
        table.add_column(name, justify="right")
    table.add_row("visitors", f"{found.control.units:,}", f"{found.treated.units:,}", *[NOTHING] * 3)
    for metric in Metric:
        if metric in found.treated.metrics:
            table.add_row(METRICS[metric], *_cells(found, metric))
    return table


def _cells(found: Measured, metric: Metric) -> list[str]:
    lift = found.verdict.arms[0].lifts.get(metric)
    counted = [_figure(arm, metric, found.reading.currency) for arm in (found.control, found.treated)]
    if lift is None:
        return [*counted, NOTHING, "too few" if NOTHING not in counted else NOTHING, NOTHING]
    within = f"{percent(lift.low, signed=True)} to {percent(lift.high, signed=True)}"
    return [*counted, percent(lift.relative, signed=True), within, percent(lift.chance_to_win)]


def _figure(arm: ArmReading, metric: Metric, currency: str) -> str:
    sums = arm.winsorised.get(metric) or arm.metrics.get(metric)
    return NOTHING if sums is None or not sums.d else figure(metric, sums.x / sums.d, currency)


def _sentences(found: Measured, label: str) -> Iterator[str]:
    yield f"Hold-out{label}: {found.verdict.decision.sentence}"
    currency, gain = found.reading.currency, found.verdict.incremental
    clicked = money(found.reading.clicked_revenue.get(found.treated.arm, 0), currency)
    if gain is None:
        yield f"Attributed after a click: {clicked}; measured lift{label}: too few orders to tell."
    else:
        within = f"{money(gain.total_low, currency)} to {money(gain.total_high, currency)}"
        yield (
            f"Attributed after a click: {clicked}; measured lift{label}: {money(gain.total, currency)}"
            f" (95 % interval {within}), over the same {gain.units:,} visitors."
        )
        yield (
            f"Incremental revenue{label}: {money(gain.per_thousand, currency)} per 1,000 visitors (95 % interval"
            f" {money(gain.per_thousand_low, currency)} to {money(gain.per_thousand_high, currency)})."
        )
    yield from (CAUTIONS[caution] for caution in found.verdict.cautions)
    left_out = {name: number for name, number in asdict(found.reading.excluded).items() if number}
    if left_out:
        yield "Left out: " + ", ".join(f"{number:,} {LEFT_OUT[name]}" for name, number in left_out.items()) + "."


LEFT_OUT = {
    "two_arms": "visitors seen in two arms",
    "bots": "programs",
    "staff": "staff",
    "window": "visitors of excluded days",
    "foreign_orders": "orders in another currency",
}


def _json(found: Measured) -> dict[str, Any]:
    reading, verdict = found.reading, found.verdict
    return {
        "id": found.experiment.id,
        "name": found.experiment.name,
        "kind": found.experiment.kind,
        "since": reading.since,
        "until": reading.until,
        "currency": reading.currency,
        "units": {arm.arm: arm.units for arm in reading.arms},
        "orders": {arm.arm: arm.orders for arm in reading.arms},
        "excluded": asdict(reading.excluded),
        "lifts": {arm.arm: {metric.value: _lift(lift) for metric, lift in arm.lifts.items()} for arm in verdict.arms},
        "sequence": {arm.arm: arm.sequence for arm in verdict.arms},
        "incremental": None if verdict.incremental is None else asdict(verdict.incremental),
        "attributed_after_a_click": dict(reading.clicked_revenue),
        "sample_ratio_p": verdict.sample_ratio_p,
        "cautions": list(verdict.cautions),
        "decision": {"kind": verdict.decision.kind, "arm": verdict.decision.arm, "sentence": verdict.decision.sentence},
    }


def _lift(lift: Lift | None) -> dict[str, Any] | None:
    return None if lift is None else asdict(lift)
