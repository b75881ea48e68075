"""`attune consent SHOP grant|withdraw --by NAME`: the merchant's decision on training, recorded from the terminal."""

from __future__ import annotations

import click
from rich.console import Console

from app import config
from app.cli.shop_argument import find_shop
from app.core.training_consent import CURRENT
from app.services.record_consent import record_consent
from app.wiring.worker import Worker


@click.command()
@click.argument("shop")
@click.argument("decision", type=click.Choice(["grant", "withdraw"]))
@click.option("--by", required=True, help="Who decides: the name that goes on record.")
def command(shop: str, decision: str, by: str) -> None:
    """Record the consent of SHOP's owner to training, or its withdrawal, which deletes all that was learnt."""
    if not by.strip():
        raise click.BadParameter("a decision needs the name of who made it", param_hint="--by")
    wiring = Worker(config.load())
    try:
        found = find_shop(wiring.shops, shop)
        granted = decision == "grant"
        console = Console()
        if granted:
            _show_text(console)
        ports, text = wiring.recording_consent, CURRENT.version
        recorded = record_consent(found, granted=granted, by=by.strip(), text_version=text, ports=ports)
        what = "granted; a training follows" if granted else "withdrawn; models and lists are being deleted"
        console.print(f"{found.domain}: {what}. Recorded for {recorded.by}, text {recorded.text_version}.")
    finally:
        wiring.close()


def _show_text(console: Console) -> None:
    """Whoever decides has read what they agree to."""
    console.print(f"[bold]{CURRENT.question}[/bold]")
    for paragraph in (*CURRENT.covers, *CURRENT.never):
        console.print(f"  {paragraph}")
