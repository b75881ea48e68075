"""Show what a rail would hold right now, for the admin's preview and the command line; nothing is logged as a decision.

The sources, the cascade and the rule of what may be recommended are those of the storefront; only the card data come
straight from the database, so that a preview never lags behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.core.ids import ProductId, VisitorId
from app.core.recommend.cascade import Context, Source, recommend
from app.core.recommend.explain import reason_text
from app.core.recommend.live import with_recent_clicks
from app.core.recommend.scoring import ItemModel, sources_of
from app.core.recommend.types import Candidate, Ranking
from app.core.shops import Shop
from app.ports import ArtefactStore, Card, CatalogReader, LiveState, Models


@dataclass(frozen=True, slots=True)
class Ports:
    catalog: CatalogReader
    models: Models
    artefacts: ArtefactStore
    live: LiveState


@dataclass(frozen=True, slots=True)
class Preview:
    """A ranking, and the cards of all products to show it with."""

    ranking: Ranking
    cards: Mapping[ProductId, Card]

    def title(self, product: ProductId) -> str:
        """A product's title; its number when the store no longer has it."""
        card = self.cards.get(product)
        return card.title if card else str(product)

    def reason(self, item: Candidate) -> str:
        """Why the item is shown, in words."""
        known = [self.cards[product] for product in item.reason.because if product in self.cards]
        return reason_text(item.reason, {card.product_id: card.title for card in known})


def preview_rail(shop: Shop, context: Context, ports: Ports, *, visitor: VisitorId | None = None) -> Preview:
    """Rank for the context as the storefront would. Without a model the ranking is empty."""
    cards = {card.product_id: card for card in ports.catalog.cards(shop.id)}
    version = ports.models.current(shop.id)
    sources: list[Source] = []
    if version is not None:
        model = ItemModel.of(version, *ports.artefacts.read(shop.id, version))
        clicked = ports.live.read(shop.id, visitor, list_of=None).clicked
        sources = with_recent_clicks(sources_of(model), model, clicked)
    buyable = {card.product_id for card in cards.values() if card.buyable}
    return Preview(recommend(context, sources, buyable.__contains__, model_version=version), cards)
