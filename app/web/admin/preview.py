"""The preview: the rails of any product's page as everybody sees them now, with the reason of each item.

What a particular shopper sees is the shoppers page's matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask import Blueprint, render_template, request

from app.core.ids import ProductId
from app.core.recommend.types import RAILS_OF, Placement
from app.ports import Card
from app.services.preview_rail import ANYBODY
from app.services.preview_shopper import shopper_overview
from app.web import doors
from app.web.admin.rails import ShownRail
from app.wiring.web import Web

FOUND_AT_MOST = 20


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("preview", __name__)

    @routes.get("/admin/preview")
    def page() -> str:
        shop = doors.admin().shop
        words = request.args.get("q", "").strip()[:100]
        number = number_of(request.args.get("product_id", ""))
        if number is None:
            found = matching(wiring.catalog.cards(shop.id), words)
            return render_template("admin/preview.html", words=words, found=found)
        product = ProductId(number)
        overview = shopper_overview(shop, ANYBODY, wiring.previewing, product=product, cart=())
        return render_template(
            "admin/product.html",
            looked_at=overview.cards.get(product),
            rails=[ShownRail.of(rail, overview.rails[rail]) for rail in RAILS_OF[Placement.PRODUCT]],
            model=wiring.models.current(shop.id),
        )

    return routes


def matching(cards: Iterable[Card], words: str) -> Sequence[Card]:
    """The products whose title holds every word, what can be bought first; without words just the first ones."""
    wanted = words.lower().split()
    hits = [card for card in cards if all(word in card.title.lower() for word in wanted)]
    return sorted(hits, key=lambda card: (not card.buyable, card.title.lower()))[:FOUND_AT_MOST]


def number_of(text: str) -> int | None:
    """The number that a parameter of an address names, if it is one that can be an id."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
