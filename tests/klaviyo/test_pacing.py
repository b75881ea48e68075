"""Pacing: no limit is run into that could be known, by however many workers, and nothing waits while quota is free."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from app.adapters.klaviyo.pacing import MARGIN_S, Pace
from app.core.email.rates import RATES
from app.errors import Retryable
from tests.klaviyo.conftest import Linked
from tests.klaviyo_fixture import Twin
from tests.services import TestServices


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds + 1e-6


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def connection(services: TestServices) -> Iterator[redis.Redis]:
    opened = redis.Redis.from_url(services.redis.url)
    opened.flushdb()
    yield opened
    opened.close()


def pace(connection: redis.Redis, time: Time, kind: str = "key") -> Pace:
    return Pace(connection, "AbC123", kind, now=time, sleep=time.sleep)


@pytest.mark.parametrize("call", ["bulk_import_profiles", "get_accounts", "create_flow"])
def test_two_workers_together_never_exceed_any_window_wherever_its_edges_lie(
    connection: redis.Redis, time: Time, call: str
) -> None:
    workers = [pace(connection, time), pace(connection, time)]
    sent = []
    for n in range(80):
        workers[n % 2].wait(call)
        sent.append(time.now)
    for length, limit in RATES[call].windows():
        for start in sent:
            assert sum(start <= at < start + length for at in sent) <= limit


def test_free_quota_is_used_at_once(connection: redis.Redis, time: Time) -> None:
    began, one = time.now, pace(connection, time)
    for _ in range(RATES["bulk_import_profiles"].burst):
        one.wait("bulk_import_profiles")
    assert time.now == began
    one.wait("bulk_import_profiles")
    assert time.now - began <= 1 + 2 * MARGIN_S


def test_kinds_of_credentials_and_calls_have_quotas_of_their_own(connection: redis.Redis, time: Time) -> None:
    began = time.now
    pace(connection, time).wait("get_accounts")
    pace(connection, time, "oauth").wait("get_accounts")
    pace(connection, time).wait("create_webhook")
    assert time.now == began


def test_a_day_that_is_used_up_gives_the_worker_back(connection: redis.Redis, time: Time) -> None:
    one = pace(connection, time)
    for _ in range(RATES["create_flow"].daily):
        one.wait("create_flow")
    with pytest.raises(Retryable) as caught:
        one.wait("create_flow")
    assert caught.value.after_s is not None
    assert caught.value.after_s > 3600


def test_others_who_use_the_same_quota_are_heard_of_in_the_headers(connection: redis.Redis, time: Time) -> None:
    one, other = pace(connection, time), pace(connection, time)
    one.wait("get_profiles")
    headers = {"RateLimit-Limit": "750, 75;w=1, 750;w=60", "RateLimit-Remaining": "0", "RateLimit-Reset": "17"}
    one.learn("get_profiles", headers)
    began = time.now
    other.wait("get_profiles")
    assert 17 <= time.now - began <= 18


def test_a_429_keeps_all_workers_from_the_call(connection: redis.Redis, time: Time) -> None:
    one, other = pace(connection, time), pace(connection, time)
    assert one.throttled("get_events", None) == 30
    began = time.now
    other.wait("get_events")
    assert time.now - began >= 30


def test_against_the_twin_no_call_is_ever_throttled(linked: Linked, twin: Twin) -> None:
    for _ in range(25):
        linked.api.metrics()
    asked = twin.requests("/api/metrics")
    assert len(asked) == 25
    assert {one["status"] for one in asked} == {200}
