"""`POST /collect`: the good part of a batch is safe in the stream before the answer; the rest is told why."""

from __future__ import annotations

import gzip
import io
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
from app.adapters.redis.event_stream import RedisEventLog, record_of
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


def test_the_good_part_of_a_batch_is_kept(client: FlaskClient, key: str, live_redis: redis.Redis) -> None:
    answer = send(client, batch(key, event(type="song"), event(), "no object"))
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json is not None
    assert (answer.json["status"], answer.json["accepted"], answer.json["unexplained"]) == (400, 1, 0)
    assert [refused["index"] for refused in answer.json["refused"]] == [0, 2]
    assert "song" not in answer.text
    assert len(stored(live_redis)) == 1


def test_every_refusal_is_counted_by_its_kind(client: FlaskClient, key: str, wiring: Web) -> None:
    bad = {
        "shape": "no object",
        "consent": event(consent={}),
        "type": event(type="song"),
        "identity": event(visitor="me"),
        "age": event(age_ms=10**12),
        "field": event(product_id="x"),
    }
    send(client, batch(key, *bad.values(), event(type="song"), event(), *[event() for _ in range(50)]))
    counted = wiring.counters.totals()
    kinds = {name: counted[f"events_refused_{name}"] for name in (*bad, "surplus")}
    assert kinds == {**dict.fromkeys(bad, 1), "type": 2, "surplus": 8}
    assert (counted["events_accepted"], counted["events_refused"]) == (43, 15)


@pytest.mark.parametrize("consent", [None, {}, {"analytics": False}, {"preferences": True}, {"analytics": "yes"}])
def test_an_event_without_consent_is_stored_nowhere(
    client: FlaskClient, key: str, live_redis: redis.Redis, consent: object
) -> None:
    answer = send(client, batch(key, event(consent=consent)))
    assert answer.json is not None
    assert answer.json["accepted"] == 0
    assert not live_redis.exists(keys.EVENTS)


def test_of_more_than_fifty_events_the_rest_is_not_read(client: FlaskClient, key: str) -> None:
    answer = send(client, batch(key, *[event() for _ in range(52)]))
    assert answer.json is not None
    assert answer.json["accepted"] == 50
    (refusal,) = answer.json["refused"]
    assert (refusal["index"], refusal["detail"]) == (50, "a batch holds at most 50 events; 2 were not read")


def test_thousands_of_tiny_bad_events_get_a_short_answer(client: FlaskClient, key: str, wiring: Web) -> None:
    answer = send(client, batch(key, *([1] * 30_000)))
    assert answer.status_code == 400
    assert answer.json is not None
    assert (len(answer.json["refused"]), answer.json["unexplained"]) == (11, 40)
    assert len(answer.data) < 2000
    assert wiring.counters.totals()["events_refused"] == 30_000


def test_a_body_over_64_kilobytes_is_413(client: FlaskClient, key: str, wiring: Web) -> None:
    answer = send(client, batch(key, event(id="x" * 70_000)))
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert wiring.counters.totals()["collect_too_large"] == 1


DEEP = b"[" * 30_000 + b"]" * 30_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe{}",
        b'{"shop": "\\ud800"}',
        b'{"shop": NaN}',
        b'{"shop": -Infinity}',
        DEEP,
        b'{"events":' + DEEP + b"}",
    ],
)
def test_what_is_no_json_object_is_400(client: FlaskClient, key: str, wiring: Web, body: bytes) -> None:
    answer = client.post("/collect", data=body, content_type="text/plain")
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert wiring.counters.totals()["collect_malformed"] == 1


def test_events_that_are_no_list_are_400(client: FlaskClient, key: str) -> None:
    assert send(client, {**batch(key), "events": {}}).status_code == 400


def test_an_absurd_number_or_a_deep_field_is_one_refused_event(
    client: FlaskClient, key: str, live_redis: redis.Redis
) -> None:
    text = orjson.dumps(batch(key, event())).decode()
    deep = "[" * 500 + "]" * 500
    for absurd in ("1e999", "1" * 400, "-0.0", deep):
        answer = client.post("/collect", data=text.replace('"age_ms":10', f'"age_ms":{absurd}'))
        assert answer.status_code == 400
    assert stored(live_redis) == []


def test_a_packed_body_is_not_unpacked(client: FlaskClient, key: str, live_redis: redis.Redis) -> None:
    packed = gzip.compress(orjson.dumps(batch(key, event())) + b" " * 10_000_000)
    assert len(packed) < 64 * 1024
    answer = client.post("/collect", data=packed, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.content_type) == (415, "application/problem+json")
    assert client.post("/collect", data=packed).status_code == 400
    assert stored(live_redis) == []


def test_a_body_of_unsaid_length_is_read_to_its_limit_only(client: FlaskClient, key: str) -> None:
    def sent(size: int) -> int:
        body = orjson.dumps(batch(key, event())) + b" " * size
        chunked = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
        return client.post("/collect", input_stream=io.BytesIO(body), environ_overrides=chunked).status_code

    assert (sent(0), sent(70_000)) == (202, 413)


def test_a_sandbox_without_origin_may_send(client: FlaskClient, key: str, live_redis: redis.Redis) -> None:
    sent = event(type="product_view", visitor=None, client_id="c-1")
    headers = {"Origin": "null"}
    answer = client.post("/collect", data=orjson.dumps(batch(key, sent)), content_type="text/plain", headers=headers)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (202, "*")
    assert [(one.client, one.product_id) for one in stored(live_redis)] == [("c-1", 2)]


def test_a_crawler_is_answered_as_everybody_and_leaves_nothing(
    client: FlaskClient, key: str, live_redis: redis.Redis, wiring: Web
) -> None:
    headers = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
    answer = client.post("/collect", data=orjson.dumps(batch(key, event(), event())), headers=headers)
    assert (answer.status_code, answer.json) == (202, {"accepted": 0, "refused": []})
    assert stored(live_redis) == []
    counted = wiring.counters.totals()
    assert (counted["events_from_bots"], counted["events_accepted"]) == (2, 0)


@pytest.mark.parametrize(
    "changes",
    [{"key": "wrong"}, {"key": None}, {"key": "ü"}, {"shop": "unknown.myshopify.com"}, {"shop": 5}, {"shop": "x y"}],
)
def test_a_stranger_gets_401_and_nothing_is_stored(
    client: FlaskClient, key: str, live_redis: redis.Redis, wiring: Web, changes: dict[str, object]
) -> None:
    answer = send(client, {**batch(key, event()), **changes})
    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert not live_redis.exists(keys.EVENTS)
    assert wiring.counters.totals()["collect_from_strangers"] == 1


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


def test_a_full_stream_is_503_with_the_time_to_wait(
    client: FlaskClient, key: str, wiring: Web, live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "events", RedisEventLog(wiring.redis, most=1), raising=False)
    live_redis.xadd(keys.EVENTS, {"kind": "event"})
    answer = send(client, batch(key, event()))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert wiring.counters.totals()["collect_full"] == 1
    assert live_redis.xlen(keys.EVENTS) == 1


def test_metrics_tell_what_was_refused_and_how_far_the_readers_are_behind(
    client: FlaskClient, key: str, live_redis: redis.Redis
) -> None:
    send(client, batch(key, event(), event(type="song")))
    told = client.get("/metrics").text.splitlines()
    assert "attune_events_refused_type_total 1" in told
    assert "attune_stream_entries 1" in told
    assert any(line.startswith('attune_stream_oldest_unconsumed_seconds{group="lake"} ') for line in told)


def test_metrics_are_told_while_redis_is_away(client: FlaskClient, wiring: Web, shop: Shop) -> None:
    wiring.redis.connection_pool.connection_kwargs["path"] = "/nonexistent/redis.sock"
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "attune_stream_entries" not in answer.text
