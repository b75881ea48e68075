"""`POST /collect`: what a consenting visitor's browser reports, from the theme element and the web pixel.

Browsers send from the store's own domain, often while the page is being left, so the answer is open to every origin
and a body of type text/plain, which needs no preflight, is read as JSON too. The key only keeps out strangers who
have not seen the store's pages; each event must still carry the visitor's consent.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, request

from app.adapters.counters import Count
from app.core.shops import Shop, ShopState, shop_domain
from app.errors import Retryable
from app.services.ingest_events import Receipt, ingest_events
from app.web.doors import Refused
from app.web.problems import problem
from app.wiring.web import Web

LARGEST_BODY = 64 * 1024
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "86400",
}


def blueprint(wiring: Web) -> Blueprint:
    """The route for events."""
    routes = Blueprint("pixel", __name__)

    @routes.post("/collect")
    def collect() -> Response:
        request.max_content_length = LARGEST_BODY
        body = _body(request.get_data(cache=False))
        shop = door(wiring, body)
        events = body.get("events")
        if not isinstance(events, list):
            return problem(400, "events must be a list")
        try:
            receipt = ingest_events(shop.id, events, wiring.ingesting)
        except Retryable:
            wiring.counters.add(Count.COLLECT_FAILED)
            raise
        wiring.counters.add(Count.EVENTS_ACCEPTED, receipt.accepted)
        wiring.counters.add(Count.EVENTS_REFUSED, len(receipt.refused))
        return Response(_json(receipt), status=202, mimetype="application/json")

    @routes.after_request
    def open_to_every_origin(answer: Response) -> Response:
        answer.headers.update(CORS)
        return answer

    return routes


def door(wiring: Web, body: Mapping[str, Any]) -> Shop:
    """The shop whose key the body carries.

    Raises:
        Refused: 401 when the shop is unknown, does not have the app, or has another key.
    """
    key, domain = body.get("key"), body.get("shop")
    try:
        shop = wiring.known_shops.by_domain(shop_domain(str(domain)))
    except ValueError:
        shop = None
    if shop is None or shop.state is not ShopState.INSTALLED:
        raise Refused(problem(401, "the app is not installed in this shop"))
    expected = wiring.known_shops.collect_key(shop.id)
    if not expected or not hmac.compare_digest(expected.encode(), str(key).encode("utf-8", "replace")):
        raise Refused(problem(401, "the key is not this shop's"))
    return shop


def _body(content: bytes) -> Mapping[str, Any]:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise Refused(problem(400, "the body is not JSON")) from None
    if not isinstance(body, dict):
        raise Refused(problem(400, "the body is not a JSON object"))
    return body


def _json(receipt: Receipt) -> bytes:
    return orjson.dumps({"accepted": receipt.accepted, "refused": receipt.refused})
