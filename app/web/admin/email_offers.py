"""The codes of win-backs on the page of e-mails: their terms and budget, and what became of those given out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, g, redirect, request

from app import jobs
from app.adapters.shopify.scopes import OFFERS, missing_for_offers
from app.core.email.names import Trigger
from app.core.email.offers import BadMailSetting, Ledger, OfferTerms
from app.core.email.settings import MailSettings
from app.core.money import minor_units, plain, written
from app.core.shops import Shop
from app.services.set_mail_settings import Wanted, set_mail_settings
from app.web import doors
from app.web.admin.writing import count, own
from app.web.problems import problem
from app.wiring.web import Web

PAGE = "/admin/email"
MONEY: Final = ("amount", "least_order", "largest_order", "budget")
DECIMAL_COMMA: Final = re.compile(r"\d{1,12},\d{1,2}", re.ASCII)
AMOUNT: Final = re.compile(rf"{DECIMAL_COMMA.pattern}|(\d{{1,12}}|\d{{1,3}}(,\d{{3}}){{1,3}})(\.\d{{1,3}})?", re.ASCII)
"""Commas part thousands, unless one or two figures follow the only one."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that keeps codes back, and what to do."""

    tone: str
    heading: str
    words: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The form and the figures as they stand; `values` are by field, amounts as the form holds them."""

    is_on: bool
    values: dict[str, str]
    currency: str
    scopes: str
    notices: Sequence[Notice]
    figures: Sequence[tuple[str, str]]
    sentence: str


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("email_offers", __name__)
    routes.register_error_handler(BadMailSetting, lambda error: problem(422, str(error), field=error.field))

    @routes.post(f"{PAGE}/offer")
    def save() -> Response:
        asked = doors.admin()
        shop, currency = asked.shop, _currency(asked.shop, wiring)
        if not currency:
            return problem(409, "your shop’s currency is not known yet; try once more in a minute")
        terms = _terms(currency)
        set_mail_settings(shop, Wanted(offer=terms), by=f"Shopify user {asked.user}", ports=wiring.setting_mails)
        if terms.is_on:
            wiring.offers.start_anew(shop.id)
            wiring.due_work.put(shop.id, jobs.OFFERS_DUE)
            wiring.jobs.enqueue(jobs.ISSUE_OFFERS, shop.id)
        answer = redirect(own(PAGE, offer="1"), 303)
        assert isinstance(answer, Response)
        return answer

    @routes.app_template_global("email_offers")
    def shown() -> Shown:
        """For the include of the e-mail page; its door has said whose it is."""
        return _shown(g.shop, wiring)

    return routes


def _shown(shop: Shop, wiring: Web) -> Shown:
    settings, now, currency = wiring.mail_settings.of(shop.id), wiring.clock.now(), _currency(shop, wiring)
    terms = settings.offer
    ledger = wiring.offers.ledger(shop.id, terms, now=now)
    values = {name: plain(getattr(terms, name), currency) if getattr(terms, name) else "" for name in MONEY}
    values |= {"percent": str(terms.percent or ""), "days": str(terms.days)}
    notices = _notices(shop, settings, ledger, wiring) if terms.is_on else []
    was_used = bool(ledger.out or ledger.used or ledger.unused)
    figures = _figures(terms, ledger, currency) if terms.is_on or was_used else []
    sentence = _sentence(terms, ledger, currency) if terms.is_on else ""
    return Shown(terms.is_on, values, currency, ",".join(OFFERS), notices, figures, sentence)


def _notices(shop: Shop, settings: MailSettings, ledger: Ledger, wiring: Web) -> list[Notice]:
    stored = wiring.credentials.load(shop.id)
    standing = wiring.offers.newest(shop.id, settings.offer, now=wiring.clock.now())
    # Shopify tells of what it was granted a moment ago by a webhook, which may still be on its way.
    is_new = bool(ledger.ready) or "offer" in request.args
    if stored is not None and not is_new and missing_for_offers(stored.pair.scopes):
        words = "Save once more, and agree when Shopify asks you. Until then win-back mails go out without a code."
        return [Notice("warning", "Shopify has not given Attune access to discounts", words)]
    found = []
    if standing is not None and standing.trouble:
        words = f"{standing.trouble} Save once more to have another discount made."
        found.append(Notice("warning", "No codes are given out", words))
    elif not ledger.affordable(settings.offer):
        words = "Win-back mails go out without a code until codes that are out end unused, or you raise the budget."
        found.append(Notice("warning", "The budget is reached", words))
    elif not ledger.ready:
        words = "That takes a minute or so; load this page again to see it done."
        found.append(Notice("info", "The codes are being made in Shopify", words))
    if Trigger.WIN_BACK not in settings.triggers:
        words = "Codes go out with the occasion Win-Back. Switch it on above."
        found.append(Notice("info", "Nothing brings these codes yet", words))
    return found


def _figures(terms: OfferTerms, ledger: Ledger, currency: str) -> list[tuple[str, str]]:
    left = ledger.left(terms)
    return [
        ("Codes out", count(ledger.out)),
        ("They cost at most", written(ledger.out_cost, currency)),
        ("Used", count(ledger.used)),
        ("They took off", written(ledger.used_cost, currency)),
        ("Ended unused", count(ledger.unused)),
        ("Left of the budget", written(left, currency)),
    ]


def _sentence(terms: OfferTerms, ledger: Ledger, currency: str) -> str:
    more = ledger.affordable(terms)
    said = [
        f"A code costs at most {written(terms.greatest_cost, currency)}"
        + (" with orders up to the size you named" if terms.percent else "")
        + f"; the budget pays for {count(more)} more.",
        f"{count(ledger.ready)} lie ready in Shopify." if ledger.ready else "",
        f"{count(ledger.larger)} of those used came with larger orders than you named, and cost more."
        if ledger.larger
        else "",
    ]
    return " ".join(filter(None, said))


def _terms(currency: str) -> OfferTerms:
    """What the form says.

    Raises:
        BadMailSetting: a field holds no number; it is named.
    """
    money = {name: _money(name, currency) for name in MONEY}
    return OfferTerms(is_on="is_on" in request.form, percent=_whole("percent"), days=_whole("days"), **money)


def _money(name: str, currency: str) -> int:
    said = request.form.get(name, "").strip() or "0"
    if not AMOUNT.fullmatch(said):
        raise BadMailSetting("write an amount, such as 50 or 49.90", name)
    return minor_units(said.replace(",", ".") if DECIMAL_COMMA.fullmatch(said) else said.replace(",", ""), currency)


def _whole(name: str) -> int:
    said = request.form.get(name, "").strip()
    if said and not said.isdecimal():
        raise BadMailSetting("write a whole number", name)
    return int(said[:9] or "0")


def _currency(shop: Shop, wiring: Web) -> str:
    profile = wiring.installations.profile(shop.id)
    return profile.currency if profile else ""
