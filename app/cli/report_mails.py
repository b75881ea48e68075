"""How `attune report` shows what mails earned: each series, what was bought after a click, and what is lift of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from app.core.experiments.judgement import LEAST_POSITIVE
from app.core.experiments.lift import Lift
from app.core.experiments.words import money, percent
from app.core.shops import Shop
from app.services.report_mails import DEFINITIONS, NAMES, MailReport, Measured

SIMULATED: Final = "simulated"


def show(shop: Shop, made: MailReport, currency: str, *, simulated: bool) -> None:
    """Print it.

    Args:
        currency: of the shop; amounts are in its minor units.
        simulated: whether the shop's shoppers are.
    """
    label = f" ({SIMULATED})" if simulated else ""
    if not made.flows and not made.measured:
        click.echo("Mails: nothing has come back from Klaviyo in the last 28 days.")
        return
    Console().print(_series(shop, made, label))
    click.echo(
        f"Attributed after a click in a mail{label}: {money(made.revenue, currency)} in {made.orders:,} "
        f"{'order' if made.orders == 1 else 'orders'}."
    )
    if made.measured:
        Console().print(_lifts(made, label))
        for one in made.measured:
            if one.value is not None:
                each = f"{money(one.value.value, currency)} against {money(one.value.control_value, currency)}"
                click.echo(f"{_occasion(one)}{label}: each customer spent {each}.")
        if made.caution:
            click.echo(made.caution)
    else:
        click.echo("Mails against their hold-out: not enough yet, no occasion is a week old.")
    for name, meaning in DEFINITIONS.items():
        click.echo(f"  {name}: {meaning}")


def document(made: MailReport, *, simulated: bool) -> dict[str, Any]:
    """As JSON; amounts are minor units, lifts are fractions, and null where there is not enough to tell."""
    return {
        "mails": {
            "simulated": simulated,
            "since": made.since,
            "counted_at": made.counted_at,
            "series": {key: asdict(count) for key, count in sorted(made.flows.items())},
            "attributed_after_a_click": {"orders": made.orders, "revenue": made.revenue},
            "hold_out": [_json(one) for one in made.measured],
            "definitions": DEFINITIONS,
        }
    }


def _series(shop: Shop, made: MailReport, label: str) -> Table:
    table = Table(title=f"{shop.domain}: mails of the 28 days since {made.since:%Y-%m-%d}{label}")
    table.add_column("Series")
    for name in ("Received", "People who opened", "People who clicked"):
        table.add_column(name, justify="right")
    for key, count in sorted(made.flows.items()):
        table.add_row(NAMES.get(key, key), f"{count.received:,}", f"{count.opened:,}", f"{count.clicked:,}")
    return table


def _lifts(made: MailReport, label: str) -> Table:
    table = Table(title=f"Mails against their hold-out{label}")
    table.add_column("Occasion")
    for name in ("With Attune", "Held out", "More buyers", "95 % interval", "More spent", "95 % interval"):
        table.add_column(name, justify="right")
    for one in made.measured:
        bought = (f"{one.attune_bought:,} of {one.attune:,}", f"{one.control_bought:,} of {one.control:,}")
        table.add_row(_occasion(one), *bought, *_cells(one.buyers, one), *_cells(one.value, one))
    return table


def _occasion(one: Measured) -> str:
    return one.trigger.removeprefix("Attune ")


def _cells(found: Lift | None, one: Measured) -> tuple[str, str]:
    if found is None:
        few = one.fewest < LEAST_POSITIVE
        return "–", f"not enough yet ({one.fewest} of {LEAST_POSITIVE} buyers)" if few else "can't be told"
    within = f"{percent(found.low, signed=True)} to {percent(found.high, signed=True)}"
    return percent(found.relative, signed=True), within


def _json(one: Measured) -> dict[str, Any]:
    return {
        "trigger": one.trigger,
        "customers": {"attune": one.attune, "control": one.control},
        "bought": {"attune": one.attune_bought, "control": one.control_bought},
        "buyers": None if one.buyers is None else asdict(one.buyers),
        "spent": None if one.value is None else asdict(one.value),
    }
