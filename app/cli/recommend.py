"""`attune recommend SHOP`: what a rail would show right now, from the same cascade and the same rule as the web."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.console import Console
from rich.markup import escape

from app import config
from app.cli.shop_argument import find_shop
from app.core.errors import NotEnoughData
from app.core.experiments.assign import Plan
from app.core.experiments.types import Show
from app.core.ids import CustomerId, ProductId, VisitorId
from app.core.recommend.rails import Question
from app.core.recommend.sentences import language_of
from app.core.recommend.types import RAILS_OF, Placement, Rail, default_rail
from app.services.explain_rail import Explained, explain_rail
from app.services.preview_rail import Preview, Who, in_use, known_of, plan_for, preview_rail
from app.wiring.worker import Worker

MOST_SIGNALS = 8
"""Of an item, those that added or took away most."""


@click.command()
@click.argument("shop")
@click.option("--placement", type=click.Choice([str(place) for place in Placement]), required=True)
@click.option("--rail", type=click.Choice([str(rail) for rail in Rail]), help="Default: the placement's first rail.")
@click.option("--product", type=int, help="The product looked at.")
@click.option("--cart", default="", help="Product ids in the cart, separated by commas.")
@click.option("--limit", type=click.IntRange(1, 50), default=8, show_default=True)
@click.option("--visitor", help="A consenting visitor's id: what they did lately counts.")
@click.option("--customer", type=int, help="A customer's number: what they bought counts.")
@click.option("--locale", default="en", show_default=True, help="The language of the reasons, as de or fr-CH.")
@click.option(
    "--explain", is_flag=True, help="Add each item's source, what every signal added, what moved it, and its chance."
)
def command(
    shop: str,
    placement: str,
    rail: str | None,
    product: int | None,
    cart: str,
    limit: int,
    visitor: str | None,
    customer: int | None,
    locale: str,
    explain: bool,
) -> None:
    """Show what a rail of SHOP would hold for any shopper, and why."""
    if placement == Placement.PRODUCT and product is None:
        raise click.UsageError("the product placement needs --product")
    wiring = Worker(config.load())
    try:
        found = find_shop(wiring.shops, shop)
        looked_at = None if product is None else ProductId(product)
        question = Question(_rail(rail, Placement(placement)), looked_at, _products(cart), limit)
        who = Who(VisitorId(visitor) if visitor else None, None if customer is None else CustomerId(customer))
        ports = wiring.previewing
        preview = preview_rail(found, question, ports, who=who)
        if preview.ranking.model_version is None:
            raise NotEnoughData(f"{found.domain} has no model yet; run: attune train {found.domain}")
        served = in_use(found, ports) if explain else None
        known = known_of(found, who, ports)
        explained = explain_rail(found, preview, known, served, ports) if served is not None else ()
        _show(preview, explained, language_of(locale))
        if explain and who.visitor is not None:
            _explain_arms(plan_for(found, question.rail, who, wiring.previewing))
    finally:
        wiring.close()


def _rail(name: str | None, placement: Placement) -> Rail:
    if name is None:
        return default_rail(placement)
    if name not in RAILS_OF[placement]:
        allowed = ", ".join(RAILS_OF[placement])
        raise click.BadParameter(f"the placement {placement} has: {allowed}", param_hint="--rail")
    return Rail(name)


def _products(text: str) -> tuple[ProductId, ...]:
    try:
        return tuple(ProductId(int(part)) for part in text.split(",") if part.strip())
    except ValueError:
        raise click.BadParameter("product ids are numbers separated by commas", param_hint="--cart") from None


def _show(preview: Preview, explained: Sequence[Explained], language: str) -> None:
    """One line an item; titles and reasons are too long for the columns of a table."""
    console = Console(highlight=False, soft_wrap=True)
    for position, item in enumerate(preview.ranking.items, start=1):
        console.print(f"{position:>2}  [bold]{escape(preview.title(item.product_id))}[/]  [dim]{item.product_id}[/]")
        console.print(f"    {escape(preview.reason(item, language))}")
        if explained:
            _explain(console, preview, explained[position - 1])
    if not preview.ranking.items:
        console.print("Nothing can be recommended here.")
    if explained:
        ranking = preview.ranking
        skipped = ", ".join(ranking.skipped) or "none"
        console.print(f"Strategy {ranking.strategy}, model {ranking.model_version}; sources with nothing: {skipped}")


def _explain(console: Console, preview: Preview, one: Explained) -> None:
    item = one.item
    because = ", ".join(f"{product} {preview.title(product)}" for product in item.reason.because)
    console.print(
        f"    source {one.source}, score {item.score:.4f}" + (f", because of {escape(because)}" if because else "")
    )
    if one.added:
        console.print(
            "    signals: "
            + ", ".join(f"{name} {value:+.3f}" for name, value in list(one.added.items())[:MOST_SIGNALS])
        )
    if one.sliders:
        before = "not among the first" if one.before is None else f"at place {one.before}"
        acting = ", ".join(f"{name} {value:g}" for name, value in one.sliders.items())
        console.print(f"    moved by the sliders {acting}: it stood {before}")
    drawn = "nothing is drawn" if one.chance == 1.0 else "places are drawn"
    console.print(f"    propensity {'' if one.chance == 1.0 else 'at least '}{one.chance:.3f} ({drawn})")


SHOWS = {Show.OURS: "this rail", Show.EMPTY: "nothing in its place", Show.NATIVE: "Shopify's own recommendations"}


def _explain_arms(plan: Plan) -> None:
    """The visitor's arms; the items above are the rail's without experiments."""
    if not plan.assigned:
        click.echo("Experiments: this visitor takes part in none on this rail")
        return
    named = ", ".join(f"{one.experiment.name} ({one.arm.name})" for one in plan.assigned)
    click.echo(f"Experiments: {plan.variant}, that is {named}; the visitor sees {SHOWS[plan.treatment.show]}")
