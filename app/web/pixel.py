"""`POST /collect`: what a consenting visitor's browser reports, from the theme element and the web pixel.

Browsers send from the store's own domain or from a sandbox without origin, often while the page is being left, so the
answer is open to every origin and a body of type text/plain, which needs no preflight, is read as JSON too. The key
only keeps out strangers who have not seen the store's pages; each event must still carry the visitor's consent.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.adapters.counters import Count
from app.adapters.redis.event_stream import StreamFull
from app.core.bots import is_declared_bot
from app.core.errors import RefusalKind
from app.core.shops import Shop, ShopState, shop_domain
from app.errors import Retryable
from app.services.ingest_events import Receipt, ingest_events
from app.web.doors import Refused
from app.web.problems import problem
from app.wiring.web import Web

LARGEST_BODY = 64 * 1024
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "86400",
}
REFUSED = {kind: Count(f"events_refused_{kind}") for kind in RefusalKind}


def blueprint(wiring: Web) -> Blueprint:
    """The route for events."""
    routes = Blueprint("pixel", __name__)
    count = wiring.counters.add

    @routes.post("/collect")
    def collect() -> Response:
        body = _read(wiring)
        shop = door(wiring, body)
        events = body.get("events")
        if not isinstance(events, list):
            count(Count.COLLECT_MALFORMED)
            return problem(400, "events must be a list")
        if is_declared_bot(request.headers.get("User-Agent", "")):
            count(Count.EVENTS_FROM_BOTS, len(events))
            return _answer(Receipt(0))
        try:
            receipt = ingest_events(shop.id, events, wiring.ingesting)
        except Retryable as error:
            count(Count.COLLECT_FULL if isinstance(error, StreamFull) else Count.COLLECT_FAILED)
            raise
        count(Count.EVENTS_ACCEPTED, receipt.accepted)
        if receipt.kinds:
            count(Count.EVENTS_REFUSED, receipt.refusals)
            for kind, number in receipt.kinds.items():
                count(REFUSED[kind], number)
        return _answer(receipt)

    @routes.after_request
    def open_to_every_origin(answer: Response) -> Response:
        answer.headers["Access-Control-Allow-Origin"] = "*"
        if request.method == "OPTIONS":
            answer.headers.update(PREFLIGHT)
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
        wiring.counters.add(Count.COLLECT_FROM_STRANGERS)
        raise Refused(problem(401, "the app is not installed in this shop"))
    expected = wiring.known_shops.collect_key(shop.id)
    if not expected or not hmac.compare_digest(expected.encode(), str(key).encode("utf-8", "replace")):
        wiring.counters.add(Count.COLLECT_FROM_STRANGERS)
        raise Refused(problem(401, "the key is not this shop's"))
    return shop


def _read(wiring: Web) -> Mapping[str, Any]:
    """The body; what cannot be read is counted and refused."""
    try:
        return _body()
    except RequestEntityTooLarge:
        wiring.counters.add(Count.COLLECT_TOO_LARGE)
        raise
    except Refused:
        wiring.counters.add(Count.COLLECT_MALFORMED)
        raise


def _body() -> Mapping[str, Any]:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        # A few hundred packed bytes may unpack to gigabytes, and no browser packs what it sends.
        raise Refused(problem(415, "the body must not be compressed"))
    # One more than may come: a body whose length was not said is cut off there without a word.
    request.max_content_length = LARGEST_BODY + 1
    content = request.get_data(cache=False)
    if len(content) > LARGEST_BODY:
        raise RequestEntityTooLarge
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise Refused(problem(400, "the body is not JSON")) from None
    if not isinstance(body, dict):
        raise Refused(problem(400, "the body is not a JSON object"))
    return body


def _answer(receipt: Receipt) -> Response:
    """202 when all is well; otherwise a problem document that says what was kept nevertheless."""
    if not receipt.kinds:
        return Response(b'{"accepted":%d,"refused":[]}' % receipt.accepted, status=202, mimetype="application/json")
    refusals = receipt.refusals
    return problem(
        400,
        f"{refusals} of {receipt.accepted + refusals} events were refused; the others are kept",
        accepted=receipt.accepted,
        refused=receipt.refused,
        unexplained=receipt.unexplained,
    )
