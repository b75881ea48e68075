"""`attune recommend SHOP`: what a rail would show right now, from the same cascade and the same rule as the web."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from app import config
from app.cli.shop_argument import find_shop
from app.core.errors import NotEnoughData
from app.core.ids import ProductId, VisitorId
from app.core.recommend.cascade import Context, Source, recommend
from app.core.recommend.explain import reason_text
from app.core.recommend.live import RecentClicksSource
from app.core.recommend.scoring import ItemModel, sources_of
from app.core.recommend.types import Placement, Ranking, Strategy
from app.core.shops import Shop
from app.ports import Card
from app.wiring.worker import Worker

Cards = dict[ProductId, Card]


@click.command()
@click.argument("shop")
@click.option("--placement", type=click.Choice([str(place) for place in Placement]), required=True)
@click.option("--product", type=int, help="The product looked at.")
@click.option("--cart", default="", help="Product ids in the cart, separated by commas.")
@click.option("--limit", type=click.IntRange(1, 50), default=8, show_default=True)
@click.option("--visitor", help="A consenting visitor's id: their last clicks count.")
@click.option("--explain", is_flag=True, help="Add sources, scores and the products behind each item.")
def command(
    shop: str, placement: str, product: int | None, cart: str, limit: int, visitor: str | None, explain: bool
) -> None:
    """Show what a rail of SHOP would hold, and why."""
    wiring = Worker(config.load())
    try:
        found = find_shop(wiring.shops, shop)
        cards = {card.product_id: card for card in wiring.catalog.cards(found.id)}
        context = Context(Placement(placement), None if product is None else ProductId(product), _products(cart), limit)
        ranking = _recommend(found, wiring, context, cards, visitor)
        console = Console()
        console.print(_table(ranking, cards, explain=explain))
        if explain:
            console.print(f"Strategy {ranking.strategy}, model {ranking.model_version}")
            console.print(f"Had nothing or failed: {', '.join(ranking.skipped) or 'no source'}")
    finally:
        wiring.close()


def _products(text: str) -> tuple[ProductId, ...]:
    try:
        return tuple(ProductId(int(part)) for part in text.split(",") if part.strip())
    except ValueError:
        raise click.BadParameter("product ids are numbers separated by commas", param_hint="--cart") from None


def _recommend(shop: Shop, wiring: Worker, context: Context, cards: Cards, visitor: str | None) -> Ranking:
    version = wiring.models.current(shop.id)
    if version is None:
        raise NotEnoughData(f"{shop.domain} has no model yet; run: attune train {shop.domain}")
    model = ItemModel.of(version, *wiring.artefacts.read(shop.id, version))
    sources: list[Source] = list(sources_of(model))
    if visitor is not None and model.strategy is Strategy.ITEM_ITEM:
        state = wiring.live_state.read(shop.id, VisitorId(visitor), list_of=None)
        sources.insert(1, RecentClicksSource(model, state.clicked))
    buyable = {card.product_id for card in cards.values() if card.buyable}
    return recommend(context, sources, buyable.__contains__, model_version=version)


def _table(ranking: Ranking, cards: Cards, *, explain: bool) -> Table:
    titles = {product: card.title for product, card in cards.items()}
    table = Table("#", "product", "title", "reason")
    if explain:
        table.add_column("score", justify="right")
        table.add_column("because of")
    for position, item in enumerate(ranking.items):
        row = [str(position), str(item.product_id), titles[item.product_id], reason_text(item.reason, titles)]
        if explain:
            because = ", ".join(f"{product} {titles.get(product, '')}".strip() for product in item.reason.because)
            row += [f"{item.score:.4f}", because]
        table.add_row(*row)
    return table
