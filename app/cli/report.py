"""`attune report SHOP`: the metrics table in the terminal or as JSON, with the definitions under it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table

from app import config
from app.cli import report_lift, report_mails, what_if
from app.cli.shop_argument import find_shop
from app.core.money import written
from app.core.shops import Shop
from app.ports import ReportRow
from app.services.report import DEFINITIONS, Report, ctr, report
from app.services.report_lift import report_lift as measure
from app.services.report_mails import report_mails as earned
from app.wiring.worker import Worker

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.argument("shop")
@click.option("--from", "first", type=DAY, help="First day (default: 28 days up to the last).")
@click.option("--to", "last", type=DAY, help="Last day (default: today).")
@what_if.options
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the table as JSON.")
def command(
    shop: str, first: datetime | None, last: datetime | None, asked: what_if.Asked | None, json_file: Path | None
) -> None:
    """The metrics table of a shop; or what another strategy would have earned."""
    if asked and (first or last):
        raise click.UsageError("--what-if looks back over --days; it takes no --from and --to")
    days = {"first": first.date() if first else None, "last": last.date() if last else None}
    wiring = Worker(config.load())
    try:
        found = find_shop(wiring.shops, shop)
        if asked:
            what_if.answer(found, wiring, asked, json_file)
            return
        made = report(found, wiring.reports, wiring.clock, **days)
        measured = measure(found, wiring.reading, first=made.first, last=made.last)
        mails = earned(found, wiring.mail_outcomes, wiring.clock)
    finally:
        wiring.close()
    if made.is_empty:
        click.echo(f"{found.domain} has nothing to report from {made.first} to {made.last}: no visitors, no orders.")
    else:
        Console().print(_table(found, made))
        Console().print(_visits(made))
    for name, meaning in DEFINITIONS.items():
        click.echo(f"  {name}: {meaning}")
    simulated = wiring.settings.is_test
    report_lift.show(found, measured, simulated=simulated)
    report_mails.show(found, mails, made.currency, simulated=simulated)
    if json_file:
        parts = (_document(found, made), report_lift.document(measured, simulated=simulated))
        whole = {**parts[0], **parts[1], **report_mails.document(mails, simulated=simulated)}
        json_file.write_bytes(orjson.dumps(whole, option=orjson.OPT_INDENT_2))


def _table(shop: Shop, made: Report) -> Table:
    table = Table(title=f"{shop.domain}, {made.first} to {made.last}")
    for name in ("Day", "Placement", "Rail"):
        table.add_column(name)
    for name in ("Exposures", "Clicks", "CTR", "Orders after a click", "Revenue after a click"):
        table.add_column(name, justify="right")
    for row in made.rows:
        table.add_row(str(row.day), *_cells(row, made.currency))
    table.add_section()
    for row in made.totals:
        table.add_row("all", *_cells(row, made.currency))
    return table


def _visits(made: Report) -> Table:
    table = Table(title="Who was there")
    table.add_column("Day")
    for name in ("Visitors", "Sessions"):
        table.add_column(name, justify="right")
    for row in made.visits:
        table.add_row(str(row.day), f"{row.visitors:,}", f"{row.sessions:,}")
    return table


def _cells(row: ReportRow, currency: str) -> list[str]:
    share = ctr(row)
    return [
        row.placement,
        row.rail,
        f"{row.exposures:,}",
        f"{row.clicks:,}",
        "–" if share is None else f"{share:.2%}",
        f"{row.orders:,}",
        written(row.revenue, currency),
    ]


def _document(shop: Shop, made: Report) -> dict[str, Any]:
    return {
        "shop": shop.domain,
        "from": made.first,
        "to": made.last,
        "currency": made.currency,
        "rows": [_json(row, day=True) for row in made.rows],
        "totals": [_json(row, day=False) for row in made.totals],
        "visits": [{"day": row.day, "visitors": row.visitors, "sessions": row.sessions} for row in made.visits],
        "definitions": DEFINITIONS,
    }


def _json(row: ReportRow, *, day: bool) -> dict[str, Any]:
    numbers = {
        "placement": row.placement,
        "rail": row.rail,
        "exposures": row.exposures,
        "clicks": row.clicks,
        "ctr": ctr(row),
        "orders": row.orders,
        "revenue": row.revenue,
    }
    return {"day": row.day, **numbers} if day else numbers
