"""Webhook subscriptions of OAuth apps, and their delivery: signed batches of the events of the subscribed topics.

The signature is the hex HMAC-SHA256 over the raw body followed by the Klaviyo-Timestamp header.
https://developers.klaviyo.com/en/docs/working_with_system_webhooks
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import queue
import re
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from devstore.klaviyo.api import documents
from devstore.klaviyo.api.asked import Asked, text
from devstore.klaviyo.api.errors import ApiError, invalid, missing
from devstore.klaviyo.api.gate import Answer, Gate
from devstore.klaviyo.api.rates import XS
from devstore.klaviyo.records import Event, Metric, Profile, WebhookSubscription
from devstore.klaviyo.state import Account

Json = dict[str, Any]
FIELDS = ("name", "description", "endpoint_url", "secret_key", "enabled")
MOST_WEBHOOKS, MOST_IN_BATCH, RETRIES_S = 10, 1_000, (0.2, 1.0, 5.0)
ENGAGEMENT = {
    "Received Email": "received_email",
    "Opened Email": "opened_email",
    "Clicked Email": "clicked_email",
    "Bounced Email": "bounced_email",
    "Marked Email as Spam": "marked_email_as_spam",
    "Unsubscribed": "unsubscribed_from_email_marketing",
    "Unsubscribed from Email Marketing": "unsubscribed_from_email_marketing",
}
_log = logging.getLogger(__name__)


def topic_of(metric: Metric) -> str:
    """Such as ``event:klaviyo.clicked_email`` or ``event:api.viewed_product``."""
    name = ENGAGEMENT.get(metric.name) or re.sub(r"\W+", "_", metric.name.lower()).strip("_")
    return f"event:{metric.integration.key}.{name}"


def register(gate: Gate, account: Account, deliveries: Deliveries) -> None:
    @gate.route("POST", "/api/webhooks", XS, "webhooks:write", parameters=("include",))
    def create(asked: Asked) -> Answer:
        if asked.caller.kind != "oauth":
            raise ApiError(403, "permission_denied", "Webhooks are for OAuth apps only.")
        data = asked.resource("webhook", FIELDS)
        attributes = asked.attributes(data)
        if len(account.webhooks) >= MOST_WEBHOOKS:
            raise ApiError(400, "limit_reached", f"An account may have at most {MOST_WEBHOOKS} webhooks.")
        url, secret = text(attributes, "endpoint_url"), text(attributes, "secret_key")
        _check(url, secret)
        topics = _topics(account, data)
        now = account.now()
        made = WebhookSubscription(
            account.new_id(), text(attributes, "name"), text(attributes, "description", needed=False), url, secret,
            topics, now, now,
        )  # fmt: skip
        account.webhooks[made.id] = made
        return 201, {"data": _webhook(made)}

    @gate.route("GET", "/api/webhooks", XS, "webhooks:read", parameters=("include",))
    def find(asked: Asked) -> Answer:
        return 200, asked.page(list(account.webhooks.values()), _webhook)

    @gate.route("DELETE", "/api/webhooks/<name>", XS, "webhooks:write")
    def delete(_: Asked, name: str) -> Answer:
        if account.webhooks.pop(name, None) is None:
            raise missing("webhook", name)
        return 204, None

    @gate.route("GET", "/api/webhook-topics", XS, "webhooks:read")
    def topics(asked: Asked) -> Answer:
        return 200, asked.page(
            sorted(_known(account)), lambda one: documents.resource("webhook-topic", one, {}), most=500
        )

    account.on_event(deliveries.heard)


def _check(url: str, secret: str) -> None:
    parts = urlsplit(url)
    # Klaviyo takes https only; an application under test listens on this machine without it.
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise invalid("endpoint_url must be https.", "/data/attributes/endpoint_url")
    if len(secret) < 16:
        raise invalid("secret_key must have at least 16 characters.", "/data/attributes/secret_key")


def _known(account: Account) -> set[str]:
    engagement = {f"event:klaviyo.{name}" for name in ENGAGEMENT.values()}
    return engagement | {topic_of(metric) for metric in account.metrics.copy().values()}


def _topics(account: Account, data: Json) -> tuple[str, ...]:
    given = ((data.get("relationships") or {}).get("webhook-topics") or {}).get("data") or []
    topics = tuple(str(one.get("id")) for one in given)
    if unknown := set(topics) - _known(account) or (not topics and {"none"}):
        raise invalid(f"Not webhook topics: {sorted(unknown)}.", "/data/relationships/webhook-topics")
    return topics


def _webhook(one: WebhookSubscription) -> Json:
    attributes = {
        "name": one.name,
        "description": one.description,
        "endpoint_url": one.endpoint_url,
        "enabled": one.enabled,
        "created_at": documents.iso(one.created),
        "updated_at": documents.iso(one.updated),
    }
    relationships = {"webhook-topics": documents.related("webhook-topic", one.topics)}
    return documents.resource("webhook", one.id, attributes, relationships)


@dataclass(frozen=True, slots=True)
class _Waiting:
    webhook: str
    topic: str
    event: Event
    profile: Profile
    metric: Metric


class Deliveries:
    """Posts batches from a thread of its own; failed ones are tried again a few times, then dropped."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._waiting: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.posted = self.dropped = 0
        self._taken = self._queued = 0

    def heard(self, profile: Profile, metric: Metric, event: Event) -> None:
        """Queue an event for every subscription that wants it; backfilled ones as well, as at Klaviyo."""
        if not self._account.webhooks:
            return
        topic = topic_of(metric)
        wanted = [one.id for one in list(self._account.webhooks.values()) if one.enabled and topic in one.topics]
        with self._lock:
            self._queued += len(wanted)
            for name in wanted:
                self._waiting.put(_Waiting(name, topic, event, profile, metric))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="klaviyo-webhooks", daemon=True)
                self._thread.start()

    @property
    def idle(self) -> bool:
        return self._taken == self._queued

    def _run(self) -> None:
        with httpx.Client(timeout=10, trust_env=False) as http:
            while True:
                batch = [self._waiting.get()]
                while not self._waiting.empty() and len(batch) < MOST_IN_BATCH:
                    batch.append(self._waiting.get())
                for name in dict.fromkeys(one.webhook for one in batch):
                    self._post(http, name, [one for one in batch if one.webhook == name])
                self._taken += len(batch)

    def _post(self, http: httpx.Client, name: str, batch: list[_Waiting]) -> None:
        webhook = self._account.webhooks.get(name)
        if webhook is None:
            return
        body = orjson.dumps(_body(name, self._account.organization.public_id, batch))
        for pause in (*RETRIES_S, None):
            # As measured on a live account, the header is five hours behind; the body tells the true time.
            stamp = (datetime.now(UTC) - timedelta(hours=5)).strftime("%a, %d %b %Y %H:%M:%S GMT")
            headers = {
                "content-type": "application/json",
                "Klaviyo-Timestamp": stamp,
                "Klaviyo-Webhook-Id": name,
                "Klaviyo-Signature": signature(webhook.secret_key, body, stamp),
            }
            try:
                if http.post(webhook.endpoint_url, content=body, headers=headers).is_success:
                    self.posted += len(batch)
                    return
            except httpx.HTTPError as error:
                _log.info("webhook %s: %s", name, type(error).__name__)
            if pause is not None:
                time.sleep(pause)
        self.dropped += len(batch)


def signature(secret: str, body: bytes, timestamp: str) -> str:
    return hmac.new(secret.encode(), body + timestamp.encode(), hashlib.sha256).hexdigest()


def _body(webhook: str, company: str, batch: list[_Waiting]) -> Json:
    meta = {
        "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
        "klaviyo_account_id": company,
        "klaviyo_webhook_id": webhook,
        "version": "2026-07-15",
    }
    return {"data": [_entry(one) for one in batch], "meta": meta}


def _entry(one: _Waiting) -> Json:
    event = documents.event(one.event)
    included = [documents.profile(one.profile), documents.metric(one.metric)]
    return {"topic": one.topic, "external_id": one.event.uuid, "payload": {"data": event, "included": included}}
