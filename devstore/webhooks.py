"""Sends webhooks: signs, posts, retries, and commits the faults that it was told to.

Only topics that shopify.app.toml subscribes to are sent, only while the app holds the scope of what they tell, and only
while it is installed (the compliance topics and app/uninstalled also afterwards). The body is fixed when the change
happens, as on Shopify, whatever a retry finds.
"""

from __future__ import annotations

import base64
import heapq
import hmac
import itertools
import json
import threading
import time
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx

from devstore.faults import Fault, Faults
from devstore.installation import Installation
from devstore.options import API_VERSION, COMPLIANCE_TOPICS, Options, Subscription, TomlError
from devstore.payloads import Payloads
from devstore.store import Store
from devstore.topics import builders, may_receive

TIMEOUT_S = 5.0
STALE_BY = timedelta(hours=1)
_AFTER_UNINSTALL = frozenset(("app/uninstalled", *COMPLIANCE_TOPICS))


@dataclass(slots=True)
class Delivery:
    """One webhook on its way to one subscription; its id stays the same over all retries."""

    topic: str
    url: str
    name: str | None
    body: bytes
    triggered_at: datetime
    event_id: str
    webhook_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "pending"
    """pending, sent, failed (all retries used up) or lost (by a fault)."""
    attempts: int = 0
    last_answer: int | None = None
    fault: str | None = None

    def logged(self) -> dict[str, Any]:
        return {
            "topic": self.topic,
            "webhook_id": self.webhook_id,
            "event_id": self.event_id,
            "at": self.triggered_at.isoformat(),
            "status": self.status,
            "attempts": self.attempts,
            "last_answer": self.last_answer,
            "fault": self.fault,
        }


def sign(body: bytes, secret: str) -> str:
    """``X-Shopify-Hmac-SHA256``: over the raw body, in base64."""
    return base64.b64encode(hmac.new(secret.encode(), body, sha256).digest()).decode()


class Webhooks:
    def __init__(self, store: Store, options: Options, installation: Installation, faults: Faults) -> None:
        self._store, self._options, self._installation, self._faults = store, options, installation, faults
        self._builders = builders(Payloads(store, options), store, options)
        if unknown := {s.topic for s in options.app_toml.subscriptions} - set(self._builders):
            raise TomlError(f"shopify.app.toml: the devstore sends no {', '.join(sorted(unknown))}")
        self._log: list[Delivery] = []
        self._pending = 0
        self._queue: list[tuple[float, int, Delivery]] = []
        self._held: list[Delivery] = []
        """Deliveries that a `swap` fault keeps back until the next one has been sent."""
        self._order = itertools.count()
        self._wake = threading.Condition(threading.RLock())
        self._earlier: dict[tuple[str, object], dict[str, Any]] = {}
        self._sender: threading.Thread | None = None
        store.subscribe(self.on_change)

    # -- taking in -----------------------------------------------------------------------------------------------------

    def on_change(self, topic: str, subject: Any) -> None:
        if not (self._installation.installed or topic in _AFTER_UNINSTALL):
            return
        if not may_receive(topic, self._installation.scopes):
            return
        wanted = [s for s in self._options.app_toml.subscriptions if s.topic == topic]
        if not wanted:
            return
        payload = self._builders[topic](subject)
        event_id = str(uuid.uuid4())
        for subscription in wanted:
            self._enqueue(subscription, payload, event_id)
        if "id" in payload:
            self._earlier[topic, payload["id"]] = payload

    def _enqueue(self, subscription: Subscription, payload: dict[str, Any], event_id: str) -> None:
        body = _body(payload, subscription)
        now = self._store.clock.now()
        delivery = Delivery(subscription.topic, subscription.url, subscription.name, body, now, event_id)
        fault = self._faults.webhook(subscription.topic)
        if fault is None:
            self._record(delivery)
        else:
            self._spoil(delivery, fault, payload, subscription)

    def _spoil(self, delivery: Delivery, fault: Fault, payload: dict[str, Any], subscription: Subscription) -> None:
        delivery.fault = fault.mode
        match fault.mode:
            case "lose":
                delivery.status = "lost"
                self._log.append(delivery)
            case "late":
                self._record(delivery, fault.delay_s)
            case "twice":
                self._record(delivery)
                self._record(replace(delivery))
            case "swap":
                with self._wake:
                    self._log.append(delivery)
                    self._pending += 1
                    self._held.append(delivery)
            case "stale":
                self._record(delivery)
                self._record(self._stale(delivery, payload, subscription))

    def _stale(self, delivery: Delivery, payload: dict[str, Any], subscription: Subscription) -> Delivery:
        """An older state of the same thing, arriving after the newer one."""
        key = (delivery.topic, payload.get("id"))
        old = dict(self._earlier.get(key, payload))
        if old.get("updated_at") in (None, payload.get("updated_at")) and "updated_at" in payload:
            before = datetime.fromisoformat(payload["updated_at"]) - STALE_BY
            old["updated_at"] = before.isoformat()
        return replace(
            delivery,
            body=_body(old, subscription),
            triggered_at=delivery.triggered_at - STALE_BY,
            webhook_id=str(uuid.uuid4()),
            event_id=str(uuid.uuid4()),
        )

    def _record(self, delivery: Delivery, delay_s: float = 0.0) -> None:
        with self._wake:
            self._log.append(delivery)
            self._pending += 1
            self._put(delivery, delay_s)

    def _put(self, delivery: Delivery, delay_s: float = 0.0) -> None:
        with self._wake:
            heapq.heappush(self._queue, (time.monotonic() + delay_s, next(self._order), delivery))
            if self._sender is None:
                self._sender = threading.Thread(target=self._send_all, name="webhooks", daemon=True)
                self._sender.start()
            self._wake.notify_all()

    # -- sending -------------------------------------------------------------------------------------------------------

    def _send_all(self) -> None:
        """One sender: deliveries leave in order, unless a fault or a retry says otherwise."""
        with httpx.Client(timeout=httpx.Timeout(TIMEOUT_S, connect=1.0)) as client:
            while True:
                delivery = self._next()
                self._send(client, delivery)
                self._release_held()

    def _next(self) -> Delivery:
        with self._wake:
            while not self._queue or self._queue[0][0] > time.monotonic():
                self._wake.wait(self._queue[0][0] - time.monotonic() if self._queue else None)
            return heapq.heappop(self._queue)[2]

    def _send(self, client: httpx.Client, delivery: Delivery) -> None:
        delivery.attempts += 1
        try:
            answer = client.post(delivery.url, content=delivery.body, headers=self._headers(delivery))
            delivery.last_answer = answer.status_code
            accepted = answer.is_success
        except httpx.HTTPError:
            delivery.last_answer, accepted = None, False
        if accepted:
            self._settle(delivery, "sent")
        elif delivery.attempts > len(self._options.webhook_retries_s):
            self._settle(delivery, "failed")
        else:
            self._put(delivery, self._options.webhook_retries_s[delivery.attempts - 1])

    def _settle(self, delivery: Delivery, status: str) -> None:
        with self._wake:
            delivery.status = status
            # The log is kept for the life of the shop; the bodies would fill the memory.
            delivery.body = b""
            self._pending -= 1
            self._wake.notify_all()

    def _release_held(self) -> None:
        with self._wake:
            held, self._held[:] = self._held[:], []
            for delivery in held:
                self._put(delivery)

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Topic": delivery.topic,
            "X-Shopify-Shop-Domain": self._options.shop_domain,
            "X-Shopify-Hmac-SHA256": sign(delivery.body, self._options.api_secret),
            "X-Shopify-API-Version": API_VERSION,
            "X-Shopify-Webhook-Id": delivery.webhook_id,
            "X-Shopify-Event-Id": delivery.event_id,
            # Nine digits after the second, as Shopify writes them.
            "X-Shopify-Triggered-At": delivery.triggered_at.strftime("%Y-%m-%dT%H:%M:%S.%f000Z"),
        }
        return headers | ({"X-Shopify-Name": delivery.name} if delivery.name else {})

    # -- watching ------------------------------------------------------------------------------------------------------

    def log(self) -> list[dict[str, Any]]:
        with self._wake:
            return [delivery.logged() for delivery in self._log]

    def counts(self) -> dict[str, int]:
        with self._wake:
            return {
                status: sum(delivery.status == status for delivery in self._log)
                for status in ("sent", "failed", "pending", "lost")
            }

    def flush(self, timeout_s: float) -> bool:
        """Send what a `swap` fault holds back, and wait until nothing is pending; False when time ran out."""
        until = time.monotonic() + timeout_s
        with self._wake:
            held, self._held[:] = self._held[:], []
            for delivery in held:
                self._put(delivery)
            while self._pending:
                if time.monotonic() >= until:
                    return False
                self._wake.wait(min(0.2, until - time.monotonic()))
        return True


def _body(payload: dict[str, Any], subscription: Subscription) -> bytes:
    if subscription.include_fields:
        payload = {key: value for key, value in payload.items() if key in subscription.include_fields}
    return json.dumps(payload, separators=(",", ":")).encode()
