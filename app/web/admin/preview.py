"""The preview: any product's rail as shoppers would see it now, with the reason of each item and what was skipped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask import Blueprint, render_template, request

from app.core.ids import ProductId
from app.core.recommend.cascade import Context
from app.core.recommend.types import Placement
from app.ports import Card
from app.services.preview_rail import Preview, preview_rail
from app.web import doors
from app.wiring.web import Web

FOUND_AT_MOST = 20
SHOWN = 8


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("preview", __name__)

    @routes.get("/admin/preview")
    def page() -> str:
        shop = doors.admin().shop
        words = request.args.get("q", "").strip()[:100]
        product = _product(request.args.get("product_id", ""))
        context = Context(Placement.PRODUCT, product, (), SHOWN)
        preview = preview_rail(shop, context, wiring.previewing)
        return render_template(
            "admin/preview.html",
            words=words,
            found=matching(preview.cards.values(), words),
            looked_at=preview.cards.get(product) if product is not None else None,
            asked=product is not None,
            items=_items(preview) if product is not None else [],
            ranking=preview.ranking,
        )

    return routes


def matching(cards: Iterable[Card], words: str) -> Sequence[Card]:
    """The products whose title holds every word, what can be bought first; without words just the first ones."""
    wanted = words.lower().split()
    hits = [card for card in cards if all(word in card.title.lower() for word in wanted)]
    return sorted(hits, key=lambda card: (not card.buyable, card.title.lower()))[:FOUND_AT_MOST]


def _product(text: str) -> ProductId | None:
    return ProductId(int(text)) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def _items(preview: Preview) -> list[dict[str, object]]:
    return [
        {"card": preview.cards[item.product_id], "reason": preview.reason(item), "score": item.score}
        for item in preview.ranking.items
    ]
