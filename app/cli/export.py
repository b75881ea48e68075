"""``attune export SHOP --customer ID``: print what is held about one customer, as JSON."""

from __future__ import annotations

import getpass
import secrets

import click
import orjson

from app.cli.shop_argument import find_shop
from app.core.ids import CustomerId
from app.ports import Access
from app.services.export_customer import export_customer
from app.wiring.worker import current


@click.command()
@click.argument("shop")
@click.option("--customer", type=click.IntRange(min=1), required=True, help="Shopify's number of the customer.")
@click.option("--by", default=getpass.getuser, help="Who reads it, for the access log; otherwise who runs this.")
def command(shop: str, customer: int, by: str) -> None:
    """Print what is held about one customer by place, personal fields opened; a receipt is kept."""
    wiring = current()
    found = find_shop(wiring.shops, shop)
    request = f"command-{secrets.token_hex(8)}"
    access = Access(by, "attune export")
    held = export_customer(
        found.id, CustomerId(customer), request_id=request, access=access, ports=wiring.exporting_customer
    )
    click.echo(orjson.dumps(held, default=str, option=orjson.OPT_INDENT_2).decode())
