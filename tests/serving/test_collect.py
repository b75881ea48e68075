"""`POST /collect`: the good part of a batch is safe in the stream before the answer; the rest is told why."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import redis
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.adapters.db.engine import Database
from app.adapters.redis import keys
from app.adapters.redis.event_stream import record_of
from app.core.events import Event
from app.core.shops import Shop
from app.wiring.web import Web
from tests.serving.catalogue import rows_of
from tests.serving.conftest import VISITOR

CONSENT = {"analytics": True, "preferences": True}
NUMBERS = itertools.count(1)


@pytest.fixture
def key(database: Database, shop: Shop, live_redis: redis.Redis) -> str:
    with rows_of(database, shop.id) as connection:
        connection.execute(
            "INSERT INTO shop_profiles (shop_id, name, currency, timezone, collect_key, installed_at) "
            "VALUES (%s, '', 'EUR', 'UTC', 'the-key', %s)",
            [shop.id, datetime(2026, 1, 1, tzinfo=UTC)],
        )
        connection.commit()
    return "the-key"


def event(**changes: object) -> dict[str, Any]:
    made = {
        "id": f"e{next(NUMBERS)}",
        "type": "click",
        "age_ms": 10,
        "visitor": VISITOR,
        "placement": "product",
        "product_id": "2",
        "request_id": "abcdefghijklmnop",
        "position": 0,
        "consent": CONSENT,
    }
    return {**made, **changes}


def send(client: FlaskClient, body: object, *, content_type: str = "application/json") -> TestResponse:
    return client.post("/collect", data=orjson.dumps(body), content_type=content_type)


def batch(key: str, *events: object, shop: str = "alice.myshopify.com") -> dict[str, object]:
    return {"key": key, "shop": shop, "events": list(events)}


def stored(connection: redis.Redis) -> list[Event]:
    entries: Any = connection.xrange(keys.EVENTS)
    return [record for _, record in (record_of(fields) for _, fields in entries) if isinstance(record, Event)]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_events_are_in_the_stream_before_the_answer(
    client: FlaskClient, key: str, live_redis: redis.Redis, content_type: str
) -> None:
    sent = [event(), event(type="exposure", request_id=None, position=None)]
    answer = send(client, batch(key, *sent), content_type=content_type)
    assert answer.status_code == 202
    assert answer.json == {"accepted": 2, "refused": []}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert [kept.event_id for kept in stored(live_redis)] == [one["id"] for one in sent]


def test_the_good_part_of_a_batch_is_kept(client: FlaskClient, key: str, live_redis: redis.Redis, wiring: Web) -> None:
    answer = send(client, batch(key, event(type="purchase"), event(), "no object"))
    assert answer.status_code == 202
    assert answer.json is not None
    assert answer.json["accepted"] == 1
    assert [refused["index"] for refused in answer.json["refused"]] == [0, 2]
    assert len(stored(live_redis)) == 1
    counted = wiring.counters.totals()
    assert (counted["events_accepted"], counted["events_refused"]) == (1, 2)


@pytest.mark.parametrize("consent", [None, {}, {"analytics": False}, {"preferences": True}, {"analytics": "yes"}])
def test_an_event_without_consent_is_stored_nowhere(
    client: FlaskClient, key: str, live_redis: redis.Redis, consent: object
) -> None:
    answer = send(client, batch(key, event(consent=consent)))
    assert answer.json is not None
    assert answer.json["accepted"] == 0
    assert not live_redis.exists(keys.EVENTS)


def test_more_than_fifty_events_are_refused_one_by_one(client: FlaskClient, key: str) -> None:
    answer = send(client, batch(key, *[event() for _ in range(52)]))
    assert answer.json is not None
    assert (answer.json["accepted"], len(answer.json["refused"])) == (50, 2)


def test_a_body_over_64_kilobytes_is_413(client: FlaskClient, key: str) -> None:
    answer = send(client, batch(key, event(id="x" * 70_000)))
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"'])
def test_what_is_no_json_object_is_400(client: FlaskClient, key: str, body: bytes) -> None:
    assert client.post("/collect", data=body).status_code == 400


def test_events_that_are_no_list_are_400(client: FlaskClient, key: str) -> None:
    assert send(client, {**batch(key), "events": {}}).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [{"key": "wrong"}, {"key": None}, {"key": "ü"}, {"shop": "unknown.myshopify.com"}, {"shop": 5}, {"shop": "x y"}],
)
def test_a_stranger_gets_401_and_nothing_is_stored(
    client: FlaskClient, key: str, live_redis: redis.Redis, changes: dict[str, object]
) -> None:
    answer = send(client, {**batch(key, event()), **changes})
    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert not live_redis.exists(keys.EVENTS)


def test_a_shop_without_a_key_lets_nobody_in(client: FlaskClient, shop: Shop, live_redis: redis.Redis) -> None:
    assert send(client, batch("", event())).status_code == 401


def test_a_preflight_is_answered(client: FlaskClient) -> None:
    answer = client.options("/collect")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type"


def test_a_silent_stream_is_503_and_counted(client: FlaskClient, key: str, wiring: Web) -> None:
    wiring.redis.connection_pool.connection_kwargs["path"] = "/nonexistent/redis.sock"
    answer = send(client, batch(key, event()))
    assert answer.status_code == 503
    assert wiring.counters.totals()["collect_failed"] == 1
