"""`attune import SHOP SOURCE FILE…`: takes in files of other systems, and says what became of every row."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.markup import escape

from app.adapters.sources.opened import OpenedFile
from app.cli.shop_argument import find_shop
from app.core.sources.contract import Source
from app.core.sources.contracts import CONTRACTS, IMPORTED
from app.core.sources.rows import BadFile
from app.core.sources.values import DayOrder
from app.ports.sources import SourceDelivery
from app.services.import_source import import_source
from app.wiring.worker import current

SHOWN = 20
"""Refused rows that are listed; the Data page lists more."""


@click.command()
@click.argument("shop")
@click.argument("source", type=click.Choice([str(source) for source in IMPORTED]))
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dates", type=click.Choice([str(order) for order in DayOrder]), help="How 03/04/2026 is meant.")
@click.option("--json", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write the reports there, too.")
def command(shop: str, source: str, files: tuple[Path, ...], dates: str | None, target: Path | None) -> None:
    """Import FILES of SOURCE into SHOP. What was imported before counts once; refused rows are listed.

    Exits with 1 when a file could not be used, or none of its rows.
    """
    wiring, console = current(), Console(highlight=False, soft_wrap=True)
    reports, failed = [], False
    try:
        found = find_shop(wiring.shops, shop)
        for path in files:
            file = OpenedFile(path, Source(source))
            order = DayOrder(dates) if dates else None
            try:
                done = import_source(
                    found, Source(source), file, by="command line", ports=wiring.importing_source, order=order
                )
            except BadFile as error:
                console.print(f"[red]{escape(path.name)}[/red]: {escape(str(error))}")
                reports.append({"file": path.name, "error": str(error)})
                failed = True
                continue
            _show(done.delivery, path.name, console, known=done.known)
            reports.append(_report(done.delivery, path.name, known=done.known))
            failed = failed or bool(done.delivery.report["refused"] and not _used(done.delivery))
    finally:
        wiring.close()
    if target is not None:
        told = {"source": source, "title": CONTRACTS[Source(source)].title, "files": reports}
        target.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    sys.exit(1 if failed else 0)


def _used(delivery: SourceDelivery) -> bool:
    report = delivery.report
    return bool(report["taken"] or report["again"] or report["let_go"])


def _report(delivery: SourceDelivery, name: str, *, known: bool) -> dict[str, Any]:
    return {"file": name, "delivery": delivery.id, "known": known, **delivery.report}


def _show(delivery: SourceDelivery, name: str, console: Console, *, known: bool) -> None:
    report = delivery.report
    if known:
        console.print(
            f"[bold]{escape(name)}[/bold]: imported already on {delivery.at:%Y-%m-%d %H:%M} UTC as "
            f"{escape(delivery.name)}; nothing is counted twice."
        )
        return
    span = f", from {delivery.first} to {delivery.last}" if delivery.first else ""
    console.print(f"[bold]{escape(name)}[/bold]: {report['rows']:,} rows, {report['taken']:,} taken{span}.")
    if report["changed"]:
        console.print(f"  {report['changed']:,} of them correct an earlier figure.")
    if report["again"]:
        console.print(f"  {report['again']:,} were there already, and count once.")
    for why, count in report["let_go"].items():
        console.print(f"  {count:,} let go: {why}.")
    for what, count in report["unmatched"].items():
        names = f" ({', '.join(map(escape, report['strangers'][:5]))})" if what == "products" else ""
        console.print(f"  {count:,} name {what} that the store does not have{names}; they are kept.")
    if report["shared"]:
        console.print(f"  {report['shared']:,} have an e-mail of several customers; they are kept under the e-mail.")
    for note in report["notes"]:
        console.print(f"  {escape(note)}")
    _refusals(report, console)


def _refusals(report: Any, console: Console) -> None:
    for reason, count in report["refused"].items():
        console.print(f"  [yellow]{count:,} refused[/yellow]: {reason}.")
    for problem in report["problems"][:SHOWN]:
        console.print(f"    row {problem['row']:,}: {escape(problem['reason'])}")
    if sum(report["refused"].values()) > SHOWN:
        console.print("    … the Data page of the app lists the first hundred.")
