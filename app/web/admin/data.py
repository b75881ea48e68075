"""The Data page: what each source brings, how good it is, and files to be taken in. Workers read what is uploaded."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request

from app import jobs
from app.core.shops import Shop
from app.core.sources.contract import Source
from app.core.sources.contracts import CONTRACTS
from app.core.sources.quality import Judged
from app.core.sources.values import DayOrder
from app.ports.sources import Upload
from app.web import doors
from app.web.admin.data_figures import (
    ACCEPTED,
    ORDERS,
    PERSONAL,
    SHOWN_DAYS,
    WINNERS,
    Told,
    bars,
    lines_of,
    refused_of,
    shown,
)
from app.web.problems import problem
from app.wiring.web import Web

PATH = "/admin/data"
LARGEST_FILE = 32 * 1024 * 1024
DELIVERIES = 20


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("data", __name__)

    @routes.get(PATH)
    def page() -> str:
        shop = doors.admin().shop
        at, judged, days, today = _known(wiring, shop)
        sources = [shown(source, _of(judged, source), days.get(source, {}), today) for source in Source]
        deliveries = [Told.of(one) for one in wiring.source_deliveries.latest(shop.id, limit=DELIVERIES)]
        waiting = wiring.uploads.waiting(shop.id)
        return render_template(
            "admin/data.html", measured_at=at, sources=sources, deliveries=deliveries, waiting=waiting, titles=_titles()
        )

    @routes.get(f"{PATH}/<name>")
    def source(name: str) -> str:
        shop = doors.admin().shop
        one = _source(name)
        at, judged, days, today = _known(wiring, shop)
        latest = wiring.source_deliveries.latest(shop.id, limit=200)
        return render_template(
            "admin/data_source.html",
            measured_at=at,
            one=shown(one, _of(judged, one), days.get(one, {}), today),
            bars=bars(days.get(one, {}), today),
            deliveries=[Told.of(each) for each in latest if each.source is one][:DELIVERIES],
            waiting=[each for each in wiring.uploads.waiting(shop.id) if each.source is one],
            personal=PERSONAL,
            orders=ORDERS,
            accepted=ACCEPTED.get(one, ".csv,.tsv,.txt,.gz"),
            has_days=one in (Source.TICKETS, Source.AD_SPEND, Source.STOCK),
            largest=LARGEST_FILE // (1024 * 1024),
            stock=_stock(wiring, shop) if one is Source.STOCK else None,
        )

    @routes.get(f"{PATH}/delivery")
    def delivery() -> str:
        shop = doors.admin().shop
        found = wiring.source_deliveries.one(shop.id, request.args.get("id", ""))
        if found is None:
            abort(404)
        lines = lines_of(found.report) if found.report else []
        refused = refused_of(found.report)
        return render_template("admin/data_delivery.html", told=Told.of(found), lines=lines, refused=refused)

    @routes.post(f"{PATH}/<name>/file")
    def upload(name: str) -> Response:
        request.max_content_length = LARGEST_FILE + 64 * 1024
        asked, one = doors.admin(), _source(name)
        if not CONTRACTS[one].imported:
            abort(404)
        file, order = request.files.get("file"), request.form.get("order", "")
        content = file.read(LARGEST_FILE + 1) if file else b""
        if file is None or not content:
            return problem(400, "choose a file that is not empty", field="file")
        if len(content) > LARGEST_FILE:
            return problem(413, "the file is too large for the page; use `attune import` on the server", field="file")
        made = Upload(
            id=secrets.token_hex(8),
            source=one,
            name=_name(file.filename),
            by=f"Shopify user {asked.user}",
            at=wiring.clock.now(),
            order=DayOrder(order) if order in set(DayOrder) else None,
            content=content,
        )
        wiring.uploads.put(asked.shop.id, made)
        wiring.jobs.enqueue(jobs.IMPORT_SOURCE, asked.shop.id, made.id)
        return _to(one)

    @routes.post(f"{PATH}/measure")
    def measure() -> Response:
        wiring.jobs.enqueue(jobs.MEASURE_SOURCES, doors.admin().shop.id)
        answer = redirect(PATH, 303)
        assert isinstance(answer, Response)
        return answer

    return routes


def _known(wiring: Web, shop: Shop) -> tuple[Any, Sequence[Judged], Mapping[Source, Mapping[date, int]], date]:
    at, judged = wiring.source_quality.latest(shop.id)
    today = wiring.clock.now().date()
    return at, judged, wiring.source_quality.days(shop.id, since=today - timedelta(days=SHOWN_DAYS)), today


def _of(judged: Sequence[Judged], source: Source) -> list[Judged]:
    return [one for one in judged if one.source is source]


def _source(name: str) -> Source:
    try:
        return Source(name)
    except ValueError:
        abort(404)


def _titles() -> dict[Source, str]:
    return {source: contract.title for source, contract in CONTRACTS.items()}


def _name(text: str | None) -> str:
    """The file's own name, without the folders that some browsers send along."""
    return (text or "file").replace("\\", "/").rpartition("/")[2][:120] or "file"


def _stock(wiring: Web, shop: Shop) -> dict[str, Any]:
    secret = wiring.stock_keys.secret(shop.id)
    return {
        "rules": wiring.stock_rules.all(shop.id),
        "winners": WINNERS,
        "secret": secret.decode() if secret else None,
        "made_at": wiring.stock_keys.made_at(shop.id),
        "address": f"{wiring.settings.app_url}/inventory",
        "domain": shop.domain,
    }


def _to(source: Source) -> Response:
    answer = redirect(f"{PATH}/{source}", 303)
    assert isinstance(answer, Response)
    return answer
