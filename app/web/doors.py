"""The doors: each proves who asks, and returns a shop or refuses.

`admin` is for the embedded pages (an ID token), `webhook` for Shopify's deliveries (an HMAC over the body). The app
proxy's door is in `proxy_door`, because the hot path must not carry what these need; theme events prove themselves
with the shop's collect key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import Request, Response, current_app, g, redirect, request

from app.adapters.shopify.signatures import BadSignature, IdToken
from app.core.shops import Shop, shop_domain
from app.errors import Permanent
from app.ports import Delivery
from app.services.install_shop import install_shop
from app.web.problems import problem
from app.wiring.web import Web

RETRY_HEADER = "X-Shopify-Retry-Invalid-Session-Request"
"""On a 401 it asks App Bridge to fetch a fresh ID token and to try once more."""
PATCH_PATH = "/admin/patch-token"
LARGEST_WEBHOOK = 5 * 1024 * 1024


class Refused(Exception):
    """A door stays shut; `answer` is what the sender gets."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class AdminRequest:
    """A member of the shop's staff on one of the embedded pages."""

    shop: Shop
    user: str
    """Shopify's number of the user."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    shop: Shop
    delivery: Delivery


def wiring() -> Web:
    """The wiring of the running application."""
    found: Web = current_app.extensions["attune"]
    return found


def admin() -> AdminRequest:
    """The staff member who asks; installs the app in their shop if this is the first visit.

    A fetch carries the ID token in its Authorization header, the load of a page in its address.

    Raises:
        Refused: no valid ID token; App Bridge is told how to get one.
    """
    header = request.headers.get("Authorization")
    token = _fetch_token(header) if header is not None else _document_token(request)
    try:
        shop = install_shop(token.domain, token.text, wiring().arrival)
    except Permanent as error:
        raise Refused(_retried(problem(401, str(error)))) from None
    g.shop = shop
    return AdminRequest(shop, token.user)


def webhook() -> WebhookRequest:
    """The delivery, verified against the raw body.

    Raises:
        Refused: 401 for a missing or wrong HMAC and for a shop that never had the app, 400 without an id or topic.
    """
    request.max_content_length = LARGEST_WEBHOOK
    body = request.get_data(cache=False)
    try:
        domain = wiring().signatures.webhook(dict(request.headers), body)
    except BadSignature as error:
        raise Refused(problem(401, str(error))) from None
    shop = wiring().shops.by_domain(domain)
    if shop is None:
        raise Refused(problem(401, "the shop is unknown"))
    return WebhookRequest(shop, _delivery(body))


def _fetch_token(header: str) -> IdToken:
    scheme, _, text = header.partition(" ")
    try:
        return wiring().signatures.id_token(text if scheme == "Bearer" else "")
    except BadSignature as error:
        raise Refused(_retried(problem(401, str(error)))) from None


def _retried(answer: Response) -> Response:
    """Ask App Bridge to try once more with a fresh ID token."""
    answer.headers[RETRY_HEADER] = "1"
    return answer


def _document_token(asked: Request) -> IdToken:
    text = asked.args.get("id_token", "")
    if not text:
        raise Refused(_to_patch_page(asked))
    try:
        return wiring().signatures.id_token(text)
    except BadSignature as error:
        raise Refused(_to_patch_page(asked) if error.expired else problem(401, str(error))) from None


def _to_patch_page(asked: Request) -> Response:
    """Send the frame to the page that fetches a fresh ID token and comes back.

    https://shopify.dev/docs/apps/build/authentication-authorization/id-tokens
    """
    try:
        shop_domain(asked.args.get("shop", ""))
    except ValueError:
        return problem(401, "open the app in the Shopify admin")
    query = {name: value for name, value in asked.args.items() if name != "id_token"}
    back = f"{wiring().settings.app_url}{asked.path}?{urlencode(query)}"
    answer = redirect(f"{PATCH_PATH}?{urlencode({**query, 'shopify-reload': back})}", 302)
    assert isinstance(answer, Response)
    return answer


def _delivery(body: bytes) -> Delivery:
    headers = request.headers
    webhook_id, topic = headers.get("X-Shopify-Webhook-Id", ""), headers.get("X-Shopify-Topic", "")
    if not (0 < len(webhook_id) <= 128 and 0 < len(topic) <= 128):
        raise Refused(problem(400, "a webhook carries its id and its topic in headers"))
    event_id = headers.get("X-Shopify-Event-Id", "")[:128]
    return Delivery(webhook_id, topic, event_id, _time(headers.get("X-Shopify-Triggered-At", "")), body)


def _time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
