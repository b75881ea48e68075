"""Two lists about people's rights: who opened personal fields, and how shoppers changed what they allow."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from app.core.ids import CustomerId
from app.ports import AccessEntry, ConsentEntry, ShopperNames
from app.web import doors
from app.web.admin.preview import number_of
from app.wiring.web import Web

PATH = "/admin/privacy"
MOST = 100
WHAT = {
    "personalise": "Personal recommendations",
    "remember": "Being remembered",
    "email": "E-mail recommendations",
    "hidden": "What they hid",
    "opted_out": "Opted out of data use",
    "email_marketing": "E-mail marketing",
    "analytics": "Analytics",
    "preferences": "Preferences",
    "marketing": "Marketing",
}
SOURCES = {
    "preferences": "The shopper, on the page of preferences",
    "shopify": "Shopify",
    "browser": "The cookie banner",
}
NAMES = {"visitor": "Visitor", "client": "Browser"}
FIELDS = {
    "customers.contact": "name, e-mail, phone, address",
    "orders.contact": "contact of orders",
    "receipts.export": "the export",
}


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("privacy_people", __name__)

    @routes.get(f"{PATH}/access")
    def access() -> str:
        shop = doors.admin().shop
        customer = number_of(request.args.get("customer", ""))
        entries = wiring.access_log.entries(shop.id, limit=MOST, subject_id=str(customer or ""))
        return render_template(
            "admin/privacy_access.html",
            entries=[told_access(one) for one in entries],
            customer=customer,
            most=MOST,
        )

    @routes.get(f"{PATH}/consent")
    def consent() -> str:
        shop = doors.admin().shop
        customer = number_of(request.args.get("customer", ""))
        names = ShopperNames(customer=CustomerId(customer)) if customer else None
        entries = wiring.shopper_consents.history(shop.id, names, limit=MOST)
        return render_template(
            "admin/privacy_consent.html",
            entries=[told_consent(one) for one in entries],
            customer=customer,
            most=MOST,
        )

    return routes


def told_access(one: AccessEntry) -> dict[str, object]:
    """One line: who, what, whose, when, why."""
    fields = ", ".join(FIELDS.get(name.strip(), name.strip()) for name in one.fields.split(","))
    whose = "Erased since" if one.subject_id == "erased" else f"{one.subject_kind.capitalize()} {one.subject_id}"
    return {"at": one.at, "reader": one.reader, "whose": whose, "fields": fields, "why": one.why}


def told_consent(one: ConsentEntry) -> dict[str, object]:
    """One line: who, what, from what to what, where it was said."""
    who = f"Customer {one.who}" if one.kind == "customer" else f"{NAMES[one.kind]} {one.who[:8]}…"
    change = f"{_word(one.was)} → {_word(one.became)}" if one.was else _word(one.became)
    return {
        "at": one.at,
        "who": who,
        "what": WHAT.get(one.what, one.what),
        "change": change,
        "source": SOURCES.get(one.source, one.source),
    }


def _word(state: str) -> str:
    """Shopify writes its states in capitals."""
    return state.replace("_", " ").lower()
