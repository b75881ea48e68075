"""`attune train SHOP`: trains in this process, prints the exam beside the floor, and publishes the lists."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console
from rich.table import Table

from app import config
from app.cli.shop_argument import find_shop
from app.core.errors import Busy
from app.core.shops import Shop
from app.services.publish_lists import Published, publish_lists
from app.services.roll_back_models import roll_back
from app.wiring.worker import Worker

METRICS = {"hr@5": "HR@5", "hr@10": "HR@10", "hr@20": "HR@20", "mrr@10": "MRR@10"}


@click.command()
@click.argument("shop")
@click.option("--roll-back", "back", is_flag=True, help="Use the model before the present one again.")
def command(shop: str, back: bool) -> None:
    """Train, examine and publish the models of SHOP; or roll back to the version before."""
    wiring = Worker(config.load())
    try:
        found = find_shop(wiring.shops, shop)
        console = Console()
        if back:
            version = roll_back(found, wiring.rolling_back)
            console.print(f"Rolled back: {found.domain} uses [bold]{version}[/bold] again.")
        elif not _train(found, wiring, console):
            return
        _publish(found, wiring, console)
    finally:
        wiring.close()


def _train(shop: Shop, wiring: Worker, console: Console) -> bool:
    """Train and show what came of it; whether there is a version whose lists can be published."""
    from app.services.train_models import train_models

    with console.status(f"Training {shop.domain}"):
        training = train_models(shop, wiring.training)
    console.print(f"{training.orders:,} orders, {training.products:,} products.")
    if "exam" in training.metrics:
        console.print(exam_table(training.metrics["exam"]))
    if training.note:
        console.print(f"[yellow]Note:[/yellow] {training.note}.")
    if training.version is not None:
        console.print(f"In use: [bold]{training.version}[/bold]")
    return training.version is not None


def exam_table(exam: dict[str, Any]) -> Table:
    """The exam's figures: the model beside its floor, and how sure the difference in HR@10 is."""
    low, high = exam["difference"]["low"], exam["difference"]["high"]
    table = Table(
        title=f"Exam: {exam['questions']:,} orders of the last 28 days, another product found from one given",
        caption=f"HR@10, item-item less trending: {low:+.3f} to {high:+.3f} with 95 % confidence",
    )
    table.add_column("metric")
    table.add_column("item-item", justify="right")
    table.add_column("trending (floor)", justify="right")
    for name, title in METRICS.items():
        table.add_row(title, f"{exam['item_item'][name]:.4f}", f"{exam['trending'][name]:.4f}")
    return table


def _publish(shop: Shop, wiring: Worker, console: Console) -> None:
    try:
        with console.status("Writing the lists into the store"):
            published: Published = publish_lists(shop, wiring.publishing)
    except Busy as reason:
        console.print(f"Lists: {reason}; what is missing follows by itself.")
        return
    console.print(
        f"Lists: {published.written:,} written, {published.unchanged:,} unchanged, {published.removed:,} removed"
        + (f", [red]{published.refused:,} refused[/red]" if published.refused else "")
    )
