"""The twin's faults on demand, and its webhooks: each does what it says, and as often as it was told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from flask import Flask, request

from devstore.klaviyo.api.webhooks import signature, topic_of
from devstore.klaviyo.records import KLAVIYO
from devstore.server import serving
from tests.klaviyo_twin.wire import Wire, error, imported, resource, running
from tests.patience import eventually

SECRET = "a-secret-of-the-app"


@pytest.fixture
def wire() -> Iterator[Wire]:
    with running() as twin:
        yield twin


def answers(wire: Wire, **fault: Any) -> list[httpx.Response]:
    """Two requests, of which the first meets the fault."""
    wire.post("/_dev/faults", fault)
    return [wire.http.get("/api/metrics") for _ in range(2)]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"mode": "error", "status": 503}, 503),
        ({"mode": "unauthorized"}, 401),
        ({"mode": "throttled"}, 429),
        ({"mode": "feature_unavailable"}, 403),
    ],
)
def test_a_fault_hits_once_and_is_over(wire: Wire, fault: dict[str, Any], status: int) -> None:
    assert [one.status_code for one in answers(wire, **fault)] == [status, 200]


def test_a_429_may_come_without_retry_after(wire: Wire) -> None:
    assert "retry-after" not in answers(wire, mode="throttled")[0].headers
    assert answers(wire, mode="throttled", retry_after="7")[0].headers["retry-after"] == "7"


def test_a_200_may_hold_rubbish(wire: Wire) -> None:
    spoilt = answers(wire, mode="rubbish")[0]
    assert spoilt.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        spoilt.json()


def test_an_answer_may_end_early(wire: Wire) -> None:
    wire.post("/_dev/faults", {"mode": "cut"})
    with pytest.raises(httpx.RemoteProtocolError):
        wire.http.get("/api/accounts")


def test_a_hanging_answer_outlasts_the_patience_of_its_caller(wire: Wire) -> None:
    wire.post("/_dev/faults", {"mode": "hang", "seconds": 1.0})
    with pytest.raises(httpx.ReadTimeout):
        wire.http.get("/api/accounts", timeout=0.2)
    time.sleep(1.0)  # The hanging request ends before the twin is closed.


def test_a_fault_hits_only_the_paths_that_it_names(wire: Wire) -> None:
    wire.post("/_dev/faults", {"mode": "feature_unavailable", "path": "/api/web-feeds", "count": 9})
    assert wire.http.get("/api/metrics").status_code == 200
    assert error(wire.http.get("/api/web-feeds"))["code"] == "feature_unavailable"


def test_a_late_fault_spoils_the_answer_of_what_was_carried_out(wire: Wire) -> None:
    wire.post("/_dev/faults", {"mode": "error", "status": 502, "late": True, "path": "/api/profile-import"})
    assert wire.http.post("/api/profile-import", json=resource("profile", email="a@b.co")).status_code == 502
    assert len(wire.account.profiles) == 1


def test_a_status_may_be_one_that_nobody_knows(wire: Wire) -> None:
    wire.post("/_dev/faults", {"mode": "unknown_enum"})
    job = wire.post("/api/profile-bulk-import-jobs", imported({"email": "a@b.co"}))["data"]
    assert job["attributes"]["status"] not in ("queued", "processing", "complete", "cancelled")


def test_a_fault_that_does_not_exist_is_refused(wire: Wire) -> None:
    assert wire.http.post("/_dev/faults", json={"mode": "earthquake"}).status_code == 422


class Receiver:
    """Where webhooks are posted to: it refuses the first delivery, to see that it comes again."""

    def __init__(self) -> None:
        self.app = Flask("receiver")
        self.got: list[tuple[bytes, dict[str, str]]] = []
        self.tries = 0
        self._lock = threading.Lock()

        @self.app.post("/hook")
        def hook() -> tuple[str, int]:
            with self._lock:
                self.tries += 1
                if self.tries == 1:
                    return "", 500
                self.got.append((request.get_data(), dict(request.headers)))
            return "", 200


def subscription(url: str, *topics: str, secret: str = SECRET) -> dict[str, Any]:
    body = resource("webhook", name="Ours", endpoint_url=url, secret_key=secret)
    chosen = [{"type": "webhook-topic", "id": topic} for topic in topics]
    body["data"]["relationships"] = {"webhook-topics": {"data": chosen}}
    return body


def test_webhooks_are_for_oauth_apps_only(wire: Wire) -> None:
    body = subscription("https://app.example/hook", "event:klaviyo.clicked_email")
    assert wire.http.post("/api/webhooks", json=body).status_code == 403


@pytest.mark.parametrize(
    ("url", "topic", "secret"),
    [
        ("http://app.example/hook", "event:klaviyo.clicked_email", SECRET),
        ("https://app.example/hook", "event:klaviyo.thought_of_email", SECRET),
        ("https://app.example/hook", "event:klaviyo.clicked_email", "short"),
    ],
)
def test_a_webhook_needs_https_a_known_topic_and_a_long_secret(wire: Wire, url: str, topic: str, secret: str) -> None:
    with wire.as_app("webhooks:write") as app:
        assert app.post("/api/webhooks", json=subscription(url, topic, secret=secret)).status_code == 400


@pytest.mark.parametrize("metric", ["Unsubscribed", "Unsubscribed from Email Marketing"])
def test_whoever_leaves_is_told_under_klaviyos_own_topic(wire: Wire, metric: str) -> None:
    assert topic_of(wire.account.metric(metric, KLAVIYO)) == "event:klaviyo.unsubscribed_from_email_marketing"


def test_a_subscribed_event_arrives_signed_and_again_after_a_refusal(wire: Wire) -> None:
    receiver = Receiver()
    with serving(receiver.app) as origin, wire.as_app("webhooks:write webhooks:read") as app:
        made = app.post("/api/webhooks", json=subscription(f"{origin}/hook", "event:api.cart_left"))
        # The topic is known from the metric's first event on.
        assert made.status_code == 400
        metric = wire.account.metric("Cart Left")
        made = app.post("/api/webhooks", json=subscription(f"{origin}/hook", "event:api.cart_left"))
        assert made.status_code == 201, made.text
        wire.account.record(wire.account.upsert({"email": "a@b.co"}), metric.name, {"rid": "r1"}, unique_id="1")
        wire.account.record(wire.account.upsert({"email": "a@b.co"}), "Other", {}, unique_id="1")
        eventually(lambda: bool(receiver.got), "the event is delivered")
    body, headers = receiver.got[0]
    told = orjson.loads(body)
    assert headers["Klaviyo-Signature"] == signature(SECRET, body, headers["Klaviyo-Timestamp"])
    assert headers["Klaviyo-Webhook-Id"] == told["meta"]["klaviyo_webhook_id"] == made.json()["data"]["id"]
    assert [one["topic"] for one in told["data"]] == ["event:api.cart_left"]
    assert told["data"][0]["payload"]["data"]["attributes"]["event_properties"]["rid"] == "r1"
