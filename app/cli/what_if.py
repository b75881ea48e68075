"""`attune report SHOP --what-if STRATEGY --rail R`: what another strategy would have earned, without showing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.core.experiments.what_if import NOTES, PER, WhatIf, named, written
from app.core.recommend.types import Rail, Strategy
from app.core.shops import Shop
from app.services.estimate_strategy import ASKABLE, DEFAULT_DAYS, estimate_strategy
from app.wiring.worker import Worker

MOST_DAYS = 366
STRATEGIES = sorted({str(strategy) for strategies in ASKABLE.values() for strategy in strategies})

Command = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Asked:
    strategy: Strategy
    rail: Rail
    days: int


def options(command: Command) -> Command:
    """Add the question's options to a command; it gets them as one argument `asked`, None where nothing is asked."""

    @wraps(command)
    def with_question(strategy: str | None, rail: str | None, days: int | None, **others: Any) -> None:
        if strategy is None and (rail or days):
            raise click.UsageError("--rail and --days belong to --what-if")
        if strategy is not None and rail is None:
            raise click.UsageError("--what-if needs --rail")
        asked = Asked(Strategy(strategy), Rail(rail), days or DEFAULT_DAYS) if strategy and rail else None
        command(asked=asked, **others)

    rails, days = [str(rail) for rail in ASKABLE], f"With --what-if: how far back (default: {DEFAULT_DAYS})."
    for option in (
        click.option("--days", type=click.IntRange(1, MOST_DAYS), help=days),
        click.option("--rail", type=click.Choice(rails), help="With --what-if: on which rail."),
        click.option(
            "--what-if", "strategy", type=click.Choice(STRATEGIES), help="What this would have earned instead."
        ),
    ):
        with_question = option(with_question)
    return with_question


def answer(shop: Shop, wiring: Worker, asked: Asked, json_file: Path | None) -> None:
    """Print the answer in a sentence, a table and what it rests on; write it as JSON if asked for."""
    found = estimate_strategy(shop, asked.rail, asked.strategy, wiring.estimating, days=asked.days)
    console = Console(highlight=False, soft_wrap=True)
    console.print(escape(found.sentence))
    for line in found.cautions:
        console.print(escape(line))
    if found.clicks is not None:
        console.print(_table(found))
        for line in (_based_on(found), *NOTES):
            console.print(f"  {escape(line)}")
    for reason, number in found.left_out.items():
        console.print(f"  Left out: {number:,} answers ({escape(reason)}).")
    if json_file:
        json_file.write_bytes(orjson.dumps(document(shop, found), option=orjson.OPT_INDENT_2))


def _table(found: WhatIf) -> Table:
    table = Table(title=f"{named(found.strategy)} on {named(found.rail)}, per {PER:,} answers")
    for name in ("What", "Reckoned by"):
        table.add_column(name)
    for name in ("Estimate", "95 % from", "to"):
        table.add_column(name, justify="right")
    for what, how, one in found.rows():
        if one is not None:
            figures = [written(what, value, found.currency) for value in (one.value, one.low, one.high)]
            table.add_row(what, how, *figures)
    return table


def _based_on(found: WhatIf) -> str:
    clicks = found.clicks
    assert clicks is not None
    covered = min(clicks.covered.value, 1.0) * 100
    return (
        f"Based on {found.answers:,} answers of {found.places:.1f} places on average. For {named(found.strategy)} they "
        f"are worth {clicks.effective_sample_size:,.0f} places, and show {covered:.0f} % of what it would do. "
        f"{clicks.clipping.rows:,} weights were above {clicks.clipping.level:,.0f} and cut to it."
    )


def document(shop: Shop, found: WhatIf) -> dict[str, Any]:
    """The answer for programs. Estimates are per place, `per_thousand` per 1,000 answers; revenue in minor units."""
    return {
        "shop": shop.domain,
        "rail": found.rail,
        "strategy": found.strategy,
        "days": found.days,
        "sentence": found.sentence,
        "cautions": list(found.cautions),
        "answers": found.answers,
        "places_an_answer": found.places,
        "left_out": {reason.name.lower(): number for reason, number in found.left_out.items()},
        "currency": found.currency,
        "per_thousand": [
            {"what": what, "by": how, "value": one.value, "low": one.low, "high": one.high}
            for what, how, one in found.rows()
            if one is not None
        ],
        "clicks": None if found.clicks is None else asdict(found.clicks),
        "revenue": None if found.revenue is None else asdict(found.revenue),
        "warnings": [] if found.clicks is None else list(found.clicks.warnings),
        "notes": list(NOTES),
    }
