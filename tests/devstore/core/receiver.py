"""An app's webhook endpoint: keeps what it was sent and answers as it was told."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from flask import Flask, request
from flask.typing import ResponseReturnValue

from devstore.server import create, serving
from tests.devstore.core.shop import Shop, options, world
from tests.patience import eventually


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def topic(self) -> str:
        return self.headers["X-Shopify-Topic"]

    @property
    def webhook_id(self) -> str:
        return self.headers["X-Shopify-Webhook-Id"]

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.raw)
        return body

    def signed_with(self, secret: str) -> bool:
        expected = base64.b64encode(hmac.new(secret.encode(), self.raw, sha256).digest()).decode()
        return hmac.compare_digest(expected, self.headers["X-Shopify-Hmac-Sha256"])


@dataclass
class Receiver:
    shop: Shop
    received: list[Received]
    answers: list[int] = field(default_factory=list)
    """Status codes of the next answers; 200 when there are none left."""

    def topics(self) -> list[str]:
        return [webhook.topic for webhook in self.received]

    def of(self, topic: str) -> list[Received]:
        return [webhook for webhook in self.received if webhook.topic == topic]

    def flush(self) -> dict[str, Any]:
        """Wait until every webhook is delivered or given up; the counts by status."""
        body: dict[str, Any] = {}

        def flushed() -> object:
            body.update(self.shop.dev("POST", "webhooks/flush").get_json())
            return body["flushed"]

        eventually(flushed, "every webhook is delivered or given up")
        return body


@contextmanager
def receiving(**changes: Any) -> Iterator[Receiver]:
    """A shop whose app listens for webhooks."""
    app = Flask("receiver")
    receiver = Receiver(None, [])  # type: ignore[arg-type]

    @app.post("/<path:path>")
    def receive(path: str) -> ResponseReturnValue:
        receiver.received.append(Received(f"/{path}", dict(request.headers), request.get_data()))
        return "", receiver.answers.pop(0) if receiver.answers else 200

    with serving(app) as origin:
        given = options(app_url=origin, **changes)
        receiver.shop = Shop(create(world(), given), given).install()
        yield receiver
