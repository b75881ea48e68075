"""Care of what was bought, on the E-mail page: the merchant picks an article or a metafield for each product type.

Articles are read from the store by a job, once the merchant has allowed it; the page only shows what was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, request

from app import jobs
from app.adapters.shopify.scopes import CARE, missing_for_care
from app.core.email.care import BadPick, CareSource
from app.core.shops import Shop
from app.ports import StoredToken
from app.ports.care import Article, CareReading
from app.services.read_care import ask, pick_care
from app.web import doors
from app.web.admin.see_other import see_other
from app.web.admin.writing import own
from app.web.problems import problem
from app.wiring.web import Web

PAGE = "/admin/email"


@dataclass(frozen=True, slots=True)
class ShownPick:
    product_type: str
    words: str
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class ShownCare:
    """The section as it stands; `types` are those for which nothing is picked yet."""

    picks: Sequence[ShownPick]
    types: Sequence[str]
    articles: Sequence[Article]
    scopes: str
    lacks: bool
    reading: bool
    read_at: datetime | None
    trouble: str


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("email_care", __name__)
    routes.register_error_handler(BadPick, lambda error: problem(422, str(error), field=error.field))

    @routes.post(f"{PAGE}/care")
    def pick() -> Response:
        shop, form = doors.admin().shop, request.form
        article, metafield = form.get("article", ""), form.get("metafield", "").strip()
        if not article and not metafield:
            raise BadPick("choose an article, or write the name of a metafield", "metafield")
        pick_care(shop.id, form.get("product_type", ""), article, metafield, wiring.asking_for_care)
        return see_other(own(PAGE))

    @routes.post(f"{PAGE}/care/drop")
    def drop() -> Response:
        wiring.care.drop(doors.admin().shop.id, request.form.get("product_type", ""))
        return see_other(own(PAGE))

    @routes.post(f"{PAGE}/care/read")
    def read() -> Response:
        ask(doors.admin().shop.id, wiring.asking_for_care)
        return see_other(own(PAGE))

    return routes


def shown(shop: Shop, wiring: Web) -> ShownCare:
    """The section of a shop."""
    articles, picks = wiring.care.articles(shop.id), wiring.care.picks(shop.id)
    titles = {str(one.id): one.title for one in articles}
    taken = {one.product_type for one in picks}
    stored, reading = wiring.credentials.load(shop.id), wiring.care.reading(shop.id)
    return ShownCare(
        picks=[
            ShownPick(one.product_type, f"Metafield {one.ref}")
            if one.source is CareSource.METAFIELD
            else ShownPick(one.product_type, titles.get(one.ref, ""), is_gone=one.ref not in titles)
            for one in picks
        ],
        types=[one for one in wiring.care.types(shop.id) if one not in taken],
        articles=articles,
        scopes=",".join(CARE),
        lacks=_lacks(stored, reading),
        reading=wiring.due_work.waits(shop.id, jobs.CARE_DUE),
        read_at=reading.at,
        trouble=reading.trouble,
    )


def _lacks(stored: StoredToken | None, reading: CareReading) -> bool:
    """Whether Shopify is to be asked for the permission: what it said last counts before what was noted."""
    noted = stored is None or bool(missing_for_care(stored.pair.scopes))
    return noted and (reading.at is None or bool(reading.trouble))
