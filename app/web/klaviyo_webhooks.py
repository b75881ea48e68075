"""`POST /klaviyo/webhooks/<shop>`: what became of mails, signed by Klaviyo, stored sealed until a worker takes it in.

The signature covers the raw body and the timestamp's header. That header was seen five hours off, so the age of a
delivery is told by its body. https://developers.klaviyo.com/en/docs/working_with_system_webhooks
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from flask import Blueprint, Response, request

from app import jobs
from app.core.ids import ShopId
from app.web.problems import problem
from app.wiring.web import Web

LARGEST_BODY: Final = 8 * 1024 * 1024
LARGEST_SHOP: Final = 10**18
"""A number that no shop has, and that the database still takes."""
TOLERANCE_S: Final = 3 * 24 * 3600
"""Klaviyo tries again for a while; what is stored twice is taken in once."""
WRONG: Final = "the signature is not that of this body"


def blueprint(wiring: Web) -> Blueprint:
    routes = Blueprint("klaviyo_webhooks", __name__)

    @routes.post(f"/klaviyo/webhooks/<int(max={LARGEST_SHOP}):number>")
    def receive(number: int) -> Response:
        # Late: shoppers are served without them.
        from app.core.sources.contract import Source
        from app.ports.sources import Upload

        request.max_content_length = LARGEST_BODY
        body, shop = request.get_data(cache=False), ShopId(number)
        hook = wiring.engagement_hooks.of(shop)
        if hook is None or not _is_signed(hook.secret, body):
            return problem(401, WRONG)
        document = _document(body)
        if document is None or _meta(document).get("klaviyo_webhook_id") != hook.webhook:
            return problem(400, "the body is not a delivery of this webhook")
        if not _is_recent(_meta(document)):
            return problem(401, "the delivery is too old")
        events = [_event(entry) for entry in document["data"]]
        lines = b"\n".join(orjson.dumps(event) for event in events if event)
        if lines:
            # The same delivery again is the same file, and the same content is taken in once.
            id = hashlib.sha256(body).hexdigest()[:16]
            made = Upload(id, Source.KLAVIYO, "webhook", "Klaviyo", wiring.clock.now(), None, lines)
            wiring.uploads.put(shop, made)
            wiring.jobs.enqueue(jobs.IMPORT_SOURCE, shop, id)
        return Response(status=200)

    return routes


def _is_signed(secret: bytes, body: bytes) -> bool:
    signed = hmac.digest(secret, body + request.headers.get("Klaviyo-Timestamp", "").encode(), "sha256").hex()
    return hmac.compare_digest(signed.encode(), request.headers.get("Klaviyo-Signature", "").lower().encode())


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("data"), list) else None


def _meta(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found = document.get("meta")
    return found if isinstance(found, Mapping) else {}


def _is_recent(meta: Mapping[str, Any]) -> bool:
    """Signatures live by wall time, whatever time it is in the store."""
    try:
        at = datetime.fromisoformat(str(meta.get("timestamp")))
    except ValueError:
        return False
    return at.tzinfo is not None and abs(time.time() - at.timestamp()) <= TOLERANCE_S


def _event(entry: object) -> Mapping[str, Any] | None:
    """The event with what it includes; a payload may be JSON inside JSON."""
    payload = entry.get("payload") if isinstance(entry, Mapping) else None
    if isinstance(payload, str):
        try:
            payload = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return None
    return payload if isinstance(payload, Mapping) and isinstance(payload.get("data"), Mapping) else None
