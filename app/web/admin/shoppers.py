"""The shoppers page: what is known of any shopper right now, and every rail as they would see it, with reasons.

A visitor is only a random number to us. A customer's name stands in the Shopify admin, to which the page links; here
are their number and what they bought, and nothing at all of customers who opted out.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template, request

from app.core.ids import VisitorId
from app.core.shops import Shop
from app.ports import Card
from app.services.preview_rail import Who
from app.services.preview_shopper import Overview, recent_shoppers, shopper_overview
from app.web import doors
from app.web.admin.rails import ShownRail
from app.web.admin.theme_blocks import admin_origin
from app.wiring.web import Web

RECENT = 10
KNOWN = ("viewed", "clicked", "carted", "bought")
WORDS = {"viewed": "Looked at", "clicked": "Clicked in our rails", "carted": "Put into the cart", "bought": "Bought"}


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("shoppers", __name__)

    @routes.get("/admin/shoppers")
    def page() -> str:
        shop = doors.admin().shop
        words = request.args.get("q", "").strip()[:200]
        who, complaint = _who(shop, words, wiring)
        recent = None if who else recent_shoppers(shop, wiring.previewing, limit=RECENT)
        overview = shopper_overview(shop, who, wiring.previewing) if who else None
        admin = admin_origin(shop.domain, wiring.settings.shopify_test_origin)
        return render_template(
            "admin/shoppers.html",
            words=words,
            complaint=complaint,
            recent=recent,
            who=who,
            customer_url=f"{admin}/admin/customers/{who.customer}" if who and who.customer else "",
            known=_known(overview) if overview else [],
            page_of=_page_of(overview) if overview else "",
            rails=[ShownRail.of(*one) for one in overview.rails.items()] if overview else [],
        )

    return routes


def _who(shop: Shop, words: str, wiring: Web) -> tuple[Who | None, str]:
    """Whom the search means; or nobody, and a sentence that says why."""
    text = words.lstrip("#").strip()
    if not text:
        return None, ""
    if len(text) == 32 and not text.lower().strip("0123456789abcdef"):
        return Who(visitor=VisitorId(text.lower())), ""
    customer = wiring.customer_search.find(shop.id, words)
    if customer is not None:
        return Who(customer=customer), ""
    return None, (
        "Nobody was found. Give a customer's number, e-mail address or order number, or a visitor's 32 digits; "
        "customers who opted out are not shown."
    )


def _known(overview: Overview) -> list[tuple[str, Sequence[str]]]:
    """What each kind of sign names, titles newest first."""
    cards = overview.cards
    rows: list[tuple[str, Sequence[str]]] = []
    for name in KNOWN:
        titles = [cards[product].title for product in getattr(overview.known, name) if product in cards]
        if titles:
            rows.append((WORDS[name], titles))
    return rows


def _page_of(overview: Overview) -> str:
    card: Card | None = overview.cards.get(overview.product) if overview.product is not None else None
    return card.title if card else ""
