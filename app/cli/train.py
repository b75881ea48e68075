"""`attune train SHOP`: trains in this process, prints every rail's exam beside its floor, and publishes the lists.

With options, it goes back to the version before, or prints a version's model card.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from app import config
from app.cli.shop_argument import find_shop
from app.core.errors import Busy, NotEnoughData
from app.core.ids import ModelVersion
from app.core.shops import Shop
from app.services.introduce_model import Introduced
from app.services.publish_lists import Published, publish_lists
from app.services.roll_back_models import roll_back
from app.services.tell_model import card_as_markdown
from app.wiring.worker import Worker

if TYPE_CHECKING:
    from app.services.train_models import Training

IN_USE = "in use"
"""No version is called so: they hold no blanks."""


@click.command()
@click.argument("shop")
@click.option("--roll-back", "back", is_flag=True, help="Use the model before the present one again.")
@click.option("--at-once", is_flag=True, help="Everybody gets the new model, without a canary before.")
@click.option(
    "--card",
    "carded",
    is_flag=False,
    flag_value=IN_USE,
    default=None,
    metavar="[VERSION]",
    help="Only print the model card of VERSION, or of the one in use.",
)
def command(shop: str, back: bool, at_once: bool, carded: str | None) -> None:
    """Train, examine and introduce the models of SHOP; or roll back to the version before."""
    wiring = Worker(config.load())
    try:
        found = find_shop(wiring.shops, shop)
        console = Console()
        if carded is not None:
            console.print(Markdown(_card(found, wiring, carded)))
            return
        if back:
            version = roll_back(found, wiring.rolling_back)
            console.print(f"Rolled back: {found.domain} uses [bold]{version}[/bold] again.")
        elif not _train(found, wiring, console, at_once=at_once):
            return
        _publish(found, wiring, console)
    finally:
        wiring.close()


def _train(shop: Shop, wiring: Worker, console: Console, *, at_once: bool) -> bool:
    """Train and show what came of it; whether there is a version whose lists can be published."""
    from app.services.train_models import train_models

    with console.status(f"Training {shop.domain}"):
        training = train_models(shop, wiring.training, at_once=at_once)
    console.print(f"{training.orders:,} orders, {training.products:,} products.")
    if "rails" in training.metrics:
        console.print(exam_table(training.metrics["rails"]))
    for note in filter(None, training.note.split(". ")):
        console.print(f"[yellow]Note:[/yellow] {note}.")
    if training.version is not None:
        console.print(_served(training, wiring))
    return training.version is not None


def _served(training: Training, wiring: Worker) -> str:
    match training.introduced:
        case Introduced.CANARY:
            share, hours = wiring.settings.canary_share, wiring.settings.canary_hours
            said = f"for {share:.0%} of visitors, everybody's after {hours:g} hours if nothing speaks against it"
            return f"On trial: [bold]{training.version}[/bold] {said} (--at-once for everybody now)."
        case Introduced.NOBODY:
            return f"[bold]{training.version}[/bold] was taken back before, and is not used (--at-once uses it)."
    return f"In use: [bold]{training.version}[/bold]"


def _card(shop: Shop, wiring: Worker, version: str) -> str:
    models = wiring.models
    found = models.in_use(shop.id) if version == IN_USE else models.one(shop.id, ModelVersion(version))
    if found is None:
        raise NotEnoughData(f"{shop.domain} has no model {version}; `attune train {shop.domain}` makes one")
    return card_as_markdown(found, wiring.trials.one(shop.id, found.version))


def exam_table(rails: Mapping[str, Any]) -> Table:
    """Every rail's model beside its floor, and how sure the difference is."""
    table = Table(
        title="Exams on the newest part of the history, which no model had seen",
        caption="HR@10: how often ten suggestions held what the shopper went for. The floor is what is popular. Of buy "
        "again MRR@10, how far in front it stood; the floor is what customers had bought most often.",
    )
    table.add_column("rail", no_wrap=True)
    table.add_column("model")
    for name in ("questions", "HR@10", "floor", "difference, 95 %"):
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
    by = exam.get("by", "hr@10")
    return (f"{asked:,}", f"{exam['model'][by]:.4f}", f"{exam['floor'][by]:.4f}", difference)


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
