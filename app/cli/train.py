"""`attune train SHOP`: trains in this process, prints every rail's exam beside its floor, and publishes the lists."""

from __future__ import annotations

from collections.abc import Mapping
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
    if "rails" in training.metrics:
        console.print(exam_table(training.metrics["rails"]))
    for note in filter(None, training.note.split(". ")):
        console.print(f"[yellow]Note:[/yellow] {note}.")
    if training.version is not None:
        console.print(f"In use: [bold]{training.version}[/bold]")
    return training.version is not None


def exam_table(rails: Mapping[str, Any]) -> Table:
    """Every rail's model beside its floor, and how sure the difference is."""
    table = Table(
        title="Exams on the newest part of the history, which no model had seen",
        caption="HR@10: how often ten suggestions held what the shopper went for. The floor is what is popular.",
    )
    table.add_column("rail", no_wrap=True)
    table.add_column("model")
    for name in ("questions", "HR@10", "trending (floor)", "difference, 95 %"):
        table.add_column(name, justify="right")
    table.add_column("")
    for name, exam in rails.items():
        table.add_row(
            name.replace("_", " "), exam["strategy"], *_figures(exam), "passed" if exam["passed"] else "not used"
        )
    return table


def _figures(exam: Mapping[str, Any]) -> tuple[str, ...]:
    asked, sure = exam["questions"], exam["difference"]
    if not asked:
        return ("0", "", "", "")
    difference = f"{sure['low']:+.3f} to {sure['high']:+.3f}"
    return (f"{asked:,}", f"{exam['model']['hr@10']:.4f}", f"{exam['floor']['hr@10']:.4f}", difference)


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
        + ("; the home page's list is new." if published.home_changed else ".")
    )
