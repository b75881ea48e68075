"""`attune segments SHOP`: counts all segments in this process and prints their sizes and what has changed."""

from __future__ import annotations

from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table

from app import config
from app.cli.shop_argument import find_shop
from app.core.shops import Shop
from app.services.segment_customers import segment_customers
from app.wiring.worker import Worker


@click.command()
@click.argument("shop")
@click.option("--show", is_flag=True, help="Only print the sizes of the last count.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the sizes as JSON.")
def command(shop: str, show: bool, json_file: Path | None) -> None:
    """Put the customers of SHOP into its segments, as every night does."""
    wiring = Worker(config.load())
    try:
        found, console = find_shop(wiring.shops, shop), Console()
        if not show:
            with console.status(f"Segmenting the customers of {found.domain}"):
                done = segment_customers(found, wiring.segmenting)
            console.print(f"{done.members:,} memberships; {done.entered:,} entered, {done.left:,} left.")
        console.print(_table(found, wiring))
        if json_file:
            sizes = {one.name: one.size for one in wiring.segments.all(found.id)}
            json_file.write_bytes(orjson.dumps({"shop": found.domain, "segments": sizes}, option=orjson.OPT_INDENT_2))
    finally:
        wiring.close()


def _table(shop: Shop, wiring: Worker) -> Table:
    days = wiring.segments.last_days(shop.id)
    table = Table("segment", "whoever")
    for name in ("customers", "entered", "left"):
        table.add_column(name, justify="right")
    for one in wiring.segments.all(shop.id):
        day = days.get(one.id)
        figures = ("", "", "") if day is None else (f"{day.size:,}", f"{day.entered:,}", f"{day.left:,}")
        table.add_row(one.name, one.sentence, *figures)
    return table
