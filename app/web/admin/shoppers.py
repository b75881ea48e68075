"""The shoppers page: what is known of any shopper right now, and every rail as they would see it, with reasons.

A visitor is only a random number to us. A customer's name stands in the Shopify admin, to which the page links; here
are their number and what they bought, and nothing at all of people who opted out or were erased. What is searched for
may be an e-mail address, so it travels in the body of a form and never in an address, which proxies and histories keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask import Blueprint, Response, redirect, render_template, request

from app.core.ids import CustomerId, VisitorId
from app.core.profiles.identity import Name, Named
from app.core.shops import Shop
from app.ports import Card
from app.services.preview_rail import Who
from app.services.preview_shopper import Overview, RecentShoppers, recent_shoppers, shopper_overview
from app.web import doors
from app.web.admin.preview import number_of
from app.web.admin.rails import ShownRail
from app.web.admin.theme_blocks import admin_origin
from app.web.admin.writing import own
from app.web.problems import problem
from app.wiring.web import Web

PATH = "/admin/shoppers"
RECENT = 10
LONGEST = 200
KNOWN = {"viewed": "Looked at", "clicked": "Clicked in our rails", "carted": "Put into the cart", "bought": "Bought"}
NOBODY = (
    "Nobody was found. Give a customer's number, e-mail address or order number, or a visitor's 32 characters; people "
    "who opted out or were erased are not shown."
)


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("shoppers", __name__)

    @routes.get(PATH)
    def page() -> str:
        shop = doors.admin().shop
        asked = any(request.args.get(name) for name in ("visitor", "customer"))
        who = _shown(shop, _named(), wiring)
        if who is None:
            recent = _recent(shop, wiring)
            return render_template("admin/shoppers.html", recent=recent, complaint=NOBODY if asked else "", who=None)
        overview = shopper_overview(shop, who, wiring.previewing)
        admin = admin_origin(shop.domain, wiring.settings.shopify_test_origin)
        return render_template(
            "admin/shopper.html",
            who=who,
            customer_url=f"{admin}/admin/customers/{who.customer}" if who.customer else "",
            known=_known(overview),
            page_of=_page_of(overview),
            profile=wiring.profiles.find(shop.id, _name_of(who)) or "",
            rails=[ShownRail.of(*one) for one in overview.rails.items()],
        )

    @routes.post(PATH)
    def search() -> Response:
        """Sends whoever searched on to the shopper whom they meant."""
        shop = doors.admin().shop
        who = _shown(shop, _meant(shop, request.form.get("q", "").strip()[:LONGEST], wiring), wiring)
        if who is None:
            return problem(422, NOBODY)
        query = {"customer": who.customer} if who.customer else {"visitor": who.visitor}
        answer = redirect(own(PATH, **query), 303)
        assert isinstance(answer, Response)
        return answer

    return routes


def _name_of(who: Who) -> Named:
    return Named(Name.CUSTOMER, str(who.customer)) if who.customer else Named(Name.VISITOR, str(who.visitor))


def _named() -> Who | None:
    """Whom the address of the page names."""
    customer, visitor = number_of(request.args.get("customer", "")), _visitor(request.args.get("visitor", ""))
    if customer is not None:
        return Who(customer=CustomerId(customer))
    return Who(visitor=visitor) if visitor else None


def _meant(shop: Shop, words: str, wiring: Web) -> Who | None:
    """Whom the words of a search mean."""
    if visitor := _visitor(words):
        return Who(visitor=visitor)
    customer = wiring.customer_search.find(shop.id, words) if words else None
    return Who(customer=customer) if customer is not None else None


def _shown(shop: Shop, who: Who | None, wiring: Web) -> Who | None:
    """The same, or nobody when it is somebody of whom nothing may be shown."""
    if who is None:
        return None
    if who.customer is not None:
        return who if wiring.customer_search.may_be_shown(shop.id, who.customer) else None
    return None if who.visitor in wiring.objectors.browsers(shop.id) else who


def _recent(shop: Shop, wiring: Web) -> RecentShoppers:
    recent, objectors = recent_shoppers(shop, wiring.previewing, limit=RECENT), wiring.objectors.browsers(shop.id)
    return replace(recent, visitors=[one for one in recent.visitors if one.visitor not in objectors])


def _visitor(text: str) -> VisitorId | None:
    lower = text.lower()
    return VisitorId(lower) if len(lower) == 32 and not lower.strip("0123456789abcdef") else None


def _known(overview: Overview) -> list[tuple[str, Sequence[str]]]:
    """What each kind of sign names, titles newest first."""
    cards = overview.cards
    rows: list[tuple[str, Sequence[str]]] = []
    for name, words in KNOWN.items():
        titles = [cards[product].title for product in getattr(overview.known, name) if product in cards]
        if titles:
            rows.append((words, titles))
    return rows


def _page_of(overview: Overview) -> str:
    card: Card | None = overview.cards.get(overview.product) if overview.product is not None else None
    return card.title if card else ""
