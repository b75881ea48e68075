"""`attune sync SHOP`: imports the store's data in this process, with a bar per resource fed from the register."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from app.cli.shop_argument import find_shop
from app.core.shops import Shop
from app.core.syncs import RECORDS
from app.services.fetch_refunds import ask_for_refunds
from app.services.sync_store import Outcome, request_sync, sync_store
from app.wiring.worker import Worker, current

REFRESH_S = 0.25


@click.command()
@click.argument("shop")
def command(shop: str) -> None:
    """Import the data of SHOP: products, stock, collections, customers and orders."""
    wiring, console = current(), Console()
    try:
        found = find_shop(wiring.shops, shop)
        if not wiring.sync_runs.unfinished(found.id):
            request_sync(found, wiring.syncing)
        with _bars(found, wiring, console):
            outcome = sync_store(found, wiring.syncing)
        ask_for_refunds(found.id, wiring.due_work, wiring.jobs)
        _report(outcome, console)
    finally:
        wiring.close()
    sys.exit(1 if outcome.failed else 0)


@contextmanager
def _bars(shop: Shop, wiring: Worker, console: Console) -> Iterator[None]:
    """Bars that follow the register for the length of the block."""
    columns = (
        TextColumn("{task.description:12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
    )
    over = threading.Event()
    with Progress(*columns, console=console) as progress:
        bars = {str(name): progress.add_task(name, total=None, state="requested") for name in RECORDS}

        def follow() -> None:
            while not over.wait(REFRESH_S):
                _show(wiring, shop, progress, bars)

        following = threading.Thread(target=follow, daemon=True)
        following.start()
        try:
            yield
        finally:
            over.set()
            following.join()
            _show(wiring, shop, progress, bars)


def _show(wiring: Worker, shop: Shop, progress: Progress, bars: dict[str, TaskID]) -> None:
    for run in wiring.progress.runs(shop.id):
        if run.resource in bars:
            progress.update(
                bars[run.resource], total=run.objects or None, completed=run.lines, state=run.error or run.state
            )


def _report(outcome: Outcome, console: Console) -> None:
    console.print(f"{outcome.lines:,} lines imported.")
    if outcome.problems:
        console.print(f"[yellow]{outcome.problems:,} lines could not be used as they are[/yellow]; see sync_problems.")
    for resource in outcome.failed:
        console.print(f"[red]{resource} could not be imported[/red]; `attune doctor` says why.")
