"""What the web process does while the stream is away or full: it goes on, says so once, and loses what it must say."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.adapters.redis import keys
from app.adapters.redis.decision_buffer import DecisionBuffer
from app.core.ids import ShopId
from app.wiring.web import Web
from tests.patience import eventually
from tests.serving.test_stream import decision

LOG = "app.adapters.redis.decision_buffer"


def test_an_outage_is_logged_when_it_begins_and_when_it_ends(
    wiring: Web, live_redis: redis.Redis, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "redis.sock"
    away = redis.Redis(unix_socket_path=str(place), retry=Retry(NoBackoff(), 0))
    buffer = DecisionBuffer(away, wiring.counters, flush_s=3600)
    caplog.set_level(logging.WARNING, logger=LOG)
    for number in range(5):
        buffer.record(ShopId(1), decision(f"r{number}"))
        assert buffer.flush() == 0
    assert [record.name for record in caplog.records] == [LOG]
    place.symlink_to(wiring.redis_url.removeprefix("unix://"))
    assert buffer.flush() == 5
    assert "takes decisions again" in caplog.messages[-1]
    assert len(caplog.messages) == 2
    place.unlink()


def test_the_buffer_goes_on_by_itself_when_the_stream_is_back(
    wiring: Web, live_redis: redis.Redis, tmp_path: Path
) -> None:
    place = tmp_path / "redis.sock"
    away = redis.Redis(unix_socket_path=str(place), retry=Retry(NoBackoff(), 0))
    buffer = DecisionBuffer(away, wiring.counters, flush_s=0.01)
    buffer.record(ShopId(1), decision("r1"))
    place.symlink_to(wiring.redis_url.removeprefix("unix://"))
    eventually(lambda: live_redis.xlen(keys.EVENTS) == 1, "the decision is in the stream")
    buffer.close()


def test_decisions_wait_while_the_stream_is_nearly_full_and_leave_the_rest_to_events(
    wiring: Web, live_redis: redis.Redis
) -> None:
    live_redis.xadd(keys.EVENTS, {"kind": "event"})
    buffer = DecisionBuffer(live_redis, wiring.counters, capacity=2, flush_s=3600, most_in_stream=1)
    for number in range(3):
        buffer.record(ShopId(1), decision(f"r{number}"))
    assert buffer.flush() == 0
    assert live_redis.xlen(keys.EVENTS) == 1
    live_redis.xtrim(keys.EVENTS, maxlen=0)
    eventually(lambda: buffer.flush() == 2, "it looks again")
    totals = wiring.counters.totals()
    assert (totals["decisions_accepted"], totals["decisions_dropped"], totals["decisions_flushed"]) == (3, 1, 2)
