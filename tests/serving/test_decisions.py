"""Decision records: buffered, flushed, bounded, and honest about what a killed process took with it."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.adapters.counters import Count, Counters
from app.adapters.redis import keys
from app.adapters.redis.decision_buffer import DecisionBuffer
from app.adapters.redis.event_stream import record_of
from app.core.ids import ProductId, ShopId
from app.core.shops import Shop
from app.ports import Decision
from app.wiring.web import Web
from tests.serving.conftest import VISITOR, Ask

KILLED = """
import os, signal, sys
from pathlib import Path
import redis
from app.adapters.counters import Counters
from app.adapters.redis.decision_buffer import DecisionBuffer
from tests.serving.test_decisions import decision
counters = Counters(Path(sys.argv[1]))
buffer = DecisionBuffer(redis.Redis.from_url(sys.argv[2]), counters, flush_s=3600)
for number in range(3):
    buffer.record(1, decision(number))
buffer.flush()
for number in range(3, 8):
    buffer.record(1, decision(number))
os.kill(os.getpid(), signal.SIGKILL)
"""


def decision(number: int) -> Decision:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Decision(
        f"r{number}", at, "product", "bought_together", ProductId(1), None, "item_item", "default", "v1", []
    )


def in_stream(connection: redis.Redis) -> list[tuple[ShopId, Any]]:
    entries: Any = connection.xrange(keys.EVENTS)
    return [record_of(fields) for _, fields in entries]


def wait_for(connection: redis.Redis, number: int) -> list[tuple[ShopId, Any]]:
    deadline = time.monotonic() + 5
    while len(found := in_stream(connection)) < number and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def test_an_answer_leaves_a_record_that_replays_it(mapped: None, ask: Ask, shop: Shop, live_redis: redis.Redis) -> None:
    answer = ask(limit=2, visitor=VISITOR).json
    assert answer is not None
    ((owner, record),) = wait_for(live_redis, 1)
    assert owner == shop.id
    assert isinstance(record, Decision)
    assert (record.request_id, record.product_id, record.visitor) == (answer["request_id"], 1, VISITOR)
    assert (record.placement, record.rail) == ("product", "bought_together")
    assert (record.strategy, record.variant, record.model_version) == ("item_item", "default", "v1")
    assert [item["product_id"] for item in record.items] == [2, 3]
    score = pytest.approx(0.9)
    first = {"product_id": 2, "position": 0, "score": score, "reason": "bought_together", "propensity": 1.0}
    assert record.items[0] == first
    assert (record.unit, record.show) == (None, "ours")


def test_without_consent_the_record_names_no_visitor(mapped: None, ask: Ask, live_redis: redis.Redis) -> None:
    ask()
    ((_, record),) = wait_for(live_redis, 1)
    assert record.visitor is None


def test_what_does_not_fit_is_dropped_and_counted(wiring: Web, live_redis: redis.Redis) -> None:
    buffer = DecisionBuffer(live_redis, wiring.counters, capacity=2, flush_s=3600)
    for number in range(5):
        buffer.record(ShopId(1), decision(number))
    assert buffer.flush() == 2
    totals = wiring.counters.totals()
    counted = [totals[name] for name in ("decisions_accepted", "decisions_dropped", "decisions_flushed")]
    assert counted == [5, 3, 2]


def test_decisions_wait_for_a_redis_that_went_away(wiring: Web, live_redis: redis.Redis, tmp_path: Path) -> None:
    place = tmp_path / "redis.sock"
    away = redis.Redis(unix_socket_path=str(place), retry=Retry(NoBackoff(), 0))
    buffer = DecisionBuffer(away, wiring.counters, flush_s=3600)
    for number in range(3):
        buffer.record(ShopId(1), decision(number))
    assert buffer.flush() == 0
    place.symlink_to(wiring.redis_url.removeprefix("unix://"))
    assert buffer.flush() == 3
    assert [record.request_id for _, record in in_stream(live_redis)] == ["r0", "r1", "r2"]
    assert wiring.counters.totals()["decisions_flushed"] == 3


def test_closing_the_app_flushes_what_waits(wiring: Web, live_redis: redis.Redis) -> None:
    wiring.decisions.record(ShopId(1), decision(1))
    wiring.decisions.close()
    assert len(in_stream(live_redis)) == 1


def test_the_successor_of_a_killed_process_reports_what_it_lost(
    tmp_path: Path, live_redis: redis.Redis, wiring: Web
) -> None:
    folder = tmp_path / "killed"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder), wiring.redis_url], check=False)
    assert killed.returncode == -9
    assert len(in_stream(live_redis)) == 3
    successor = Counters(folder)
    successor.add(Count.RECOMMENDATIONS_ANSWERED)
    totals = successor.totals()
    counted = [totals[name] for name in ("decisions_accepted", "decisions_flushed", "decisions_lost")]
    assert counted == [8, 3, 5]
    successor.close()
    another = Counters(folder)
    another.add(Count.RECOMMENDATIONS_ANSWERED)
    assert another.totals()["decisions_lost"] == 5
    another.close()


def test_counting_goes_on_where_no_file_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("")
    counters = Counters(tmp_path / "a file" / "slots")
    counters.add(Count.EVENTS_ACCEPTED)
    counters.close()


def test_two_living_processes_have_a_slot_each(tmp_path: Path) -> None:
    one, two = Counters(tmp_path / "slots"), Counters(tmp_path / "slots")
    one.add(Count.EVENTS_ACCEPTED, 2)
    two.add(Count.EVENTS_ACCEPTED, 3)
    assert one.totals()["events_accepted"] == 5
    assert len(list((tmp_path / "slots").iterdir())) == 2
    one.close()
    two.close()
