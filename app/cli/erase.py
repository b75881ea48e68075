"""``attune erase SHOP --customer ID``: erase one customer everywhere, and print the receipt."""

from __future__ import annotations

import secrets

import click

from app.cli.shop_argument import find_shop
from app.core.ids import CustomerId
from app.services.erase_customer import erase_customer
from app.wiring.worker import current


@click.command()
@click.argument("shop")
@click.option("--customer", type=click.IntRange(min=1), required=True, help="Shopify's number of the customer.")
def command(shop: str, customer: int) -> None:
    """Erase one customer everywhere; the receipt says what, where and when."""
    wiring = current()
    found = find_shop(wiring.shops, shop)
    request = f"command-{secrets.token_hex(8)}"
    said = erase_customer(found.id, CustomerId(customer), request_id=request, ports=wiring.erasing_customer)
    training = said.pop("aggregates")["dropped_by_training_at"]
    for place, result in said.items():
        if result["records"]:
            click.echo(f"{place}: {result['records']} records at {result['at']}")
    click.echo("Every place was read again and holds nothing of the customer.")
    click.echo(f"Sums over orders are learnt anew without them at {training}." if training else "No model is in use.")
    click.echo(f"Receipt {request}")
