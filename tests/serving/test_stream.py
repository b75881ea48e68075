"""The event consumer: each record stored once, through kills, outages and entries that nobody can store."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import redis

from app.adapters.db.engine import Database
from app.adapters.db.lake import DbLake
from app.adapters.redis import keys
from app.adapters.redis.consumer import StreamConsumer
from app.adapters.redis.event_stream import RedisEventLog
from app.core.events import Event, EventType
from app.core.ids import ProductId, RequestId, ShopId, VisitorId
from app.core.recommend.types import Placement
from app.core.shops import Shop
from app.errors import Retryable
from app.ports import Decision
from app.services.store_records import Ports
from app.wiring.web import Web
from tests.serving.catalogue import rows_of
from tests.serving.conftest import VISITOR
from workers.stream import Stream

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

KILLED_AFTER_COMMIT = """
import os, signal, sys
from app.adapters.counters import Counters
from app.adapters.db.engine import Database
from app.adapters.db.lake import DbLake
from app.adapters.redis.consumer import StreamConsumer
from app.adapters.redis.live_state import RedisLiveState
from app.services.store_records import Ports
from pathlib import Path
import redis
from workers.stream import Stream

class Killed(DbLake):
    def append_events(self, shop, events):
        super().append_events(shop, events)
        os.kill(os.getpid(), signal.SIGKILL)

client = redis.Redis.from_url(sys.argv[2])
live = RedisLiveState(client, Counters(Path(sys.argv[3])))
Stream(StreamConsumer(client, "killed"), Ports(Killed(Database(sys.argv[1])), live)).run()
"""


def event(number: int, *, visitor: str = VISITOR, product: int = 2, kind: EventType = EventType.CLICK) -> Event:
    return Event(
        event_id=f"e{number}",
        type=kind,
        at=AT.replace(second=number % 60),
        visitor=VisitorId(visitor),
        placement=Placement.PRODUCT,
        product_id=ProductId(product),
        request_id=RequestId("r1"),
        position=0,
        consent={"analytics": True, "preferences": True, "marketing": False},
    )


def consumer(wiring: Web, name: str = "one", **options: Any) -> StreamConsumer:
    made = StreamConsumer(wiring.redis, name, block_ms=20, **options)
    made.open()
    return made


@pytest.fixture
def ports(wiring: Web) -> Ports:
    return Ports(DbLake(wiring.database), wiring.live_state)


@pytest.fixture
def log(wiring: Web, live_redis: redis.Redis) -> RedisEventLog:
    return RedisEventLog(live_redis)


@pytest.fixture
def rows(database: Database, shop: Shop) -> Iterator[psycopg.Connection]:
    with rows_of(database, shop.id) as connection:
        connection.autocommit = True
        yield connection


def stored(rows: psycopg.Connection) -> list[str]:
    return [name for (name,) in rows.execute("SELECT event_id FROM events ORDER BY event_id")]


def pending(wiring: Web) -> int:
    answer: Any = wiring.redis.xpending(keys.EVENTS, keys.LAKE_GROUP)
    return int(answer["pending"])


def test_events_and_decisions_of_all_shops_reach_their_tables(
    wiring: Web, ports: Ports, log: RedisEventLog, shop: Shop, other_shop: Shop, rows: psycopg.Connection
) -> None:
    reader = consumer(wiring)
    log.append(shop.id, [event(1), event(2, kind=EventType.EXPOSURE)])
    log.append(other_shop.id, [event(3)])
    wiring.decisions.record(
        shop.id, Decision("r1", AT, "product", ProductId(1), VISITOR, "item_item", "default", "v1", [{"product_id": 2}])
    )
    wiring.decisions.flush()
    Stream(reader, ports).handle(reader.new())
    assert stored(rows) == ["e1", "e2"]
    row = rows.execute("SELECT type, at, visitor, product_id, request_id, position, consent FROM events").fetchone()
    consent = {"analytics": True, "preferences": True, "marketing": False}
    assert row == ("click", AT.replace(second=1), VISITOR, 2, "r1", 0, consent)
    decided = rows.execute("SELECT request_id, visitor, items FROM decisions").fetchall()
    assert decided == [("r1", VISITOR, [{"product_id": 2}])]
    assert pending(wiring) == 0


def test_what_is_delivered_twice_is_stored_once(
    wiring: Web, ports: Ports, log: RedisEventLog, shop: Shop, rows: psycopg.Connection
) -> None:
    reader = consumer(wiring)
    log.append(shop.id, [event(1)])
    log.append(shop.id, [event(1)])
    stream = Stream(reader, ports)
    batch = reader.new()
    stream.handle(batch)
    stream.handle(batch)
    assert stored(rows) == ["e1"]


def test_a_consumer_killed_between_commit_and_acknowledgement_stores_once(
    wiring: Web, ports: Ports, log: RedisEventLog, shop: Shop, rows: psycopg.Connection
) -> None:
    consumer(wiring)
    log.append(shop.id, [event(1), event(2)])
    folder = str(wiring.settings.data_dir / "killed")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AFTER_COMMIT, wiring.database.url, wiring.redis_url, folder],
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    assert (stored(rows), pending(wiring)) == (["e1", "e2"], 2)
    Stream(consumer(wiring, "successor", idle_ms=0), ports).keep_house()
    assert (stored(rows), pending(wiring)) == (["e1", "e2"], 0)


def test_what_is_no_entry_of_ours_goes_to_the_dead_letters_and_its_neighbours_are_stored(
    wiring: Web, ports: Ports, log: RedisEventLog, shop: Shop, rows: psycopg.Connection
) -> None:
    reader = consumer(wiring)
    poisons: list[Any] = [{"kind": "event", "shop": "1", "body": "{"}, {"kind": "song"}, {"a": "b"}]
    for poison in poisons:
        wiring.redis.xadd(keys.EVENTS, poison)
    log.append(shop.id, [event(1)])
    Stream(reader, ports).handle(reader.new())
    assert stored(rows) == ["e1"]
    assert (wiring.redis.xlen(keys.DEAD_LETTERS), pending(wiring)) == (3, 0)


def test_what_the_lake_refuses_is_set_aside_after_some_deliveries(
    wiring: Web, ports: Ports, log: RedisEventLog, shop: Shop, rows: psycopg.Connection
) -> None:
    reader = consumer(wiring, idle_ms=0, most_deliveries=3)
    log.append(shop.id, [event(1, product=2**63), event(2)])  # No bigint holds this product.
    stream = Stream(reader, ports)
    stream.handle(reader.new())
    assert (stored(rows), pending(wiring)) == (["e2"], 1)
    for _ in range(2):
        reader_batch = reader.abandoned()
        assert reader.tired(reader_batch) == []
        stream.handle(reader_batch)
    stream.keep_house()
    assert (wiring.redis.xlen(keys.DEAD_LETTERS), pending(wiring)) == (1, 0)


def test_while_the_lake_is_away_the_batch_waits(
    wiring: Web, log: RedisEventLog, shop: Shop, rows: psycopg.Connection
) -> None:
    class Away(DbLake):
        failures = 2

        def append_events(self, shop: ShopId, events: Sequence[Event]) -> int:
            if self.failures:
                self.failures -= 1
                raise Retryable("away")
            return super().append_events(shop, events)

    reader = consumer(wiring)
    log.append(shop.id, [event(1)])
    Stream(reader, Ports(Away(wiring.database), wiring.live_state)).handle(reader.new())
    assert stored(rows) == ["e1"]


def test_the_stream_is_trimmed_behind_the_oldest_pending_entry(
    wiring: Web, ports: Ports, log: RedisEventLog, shop: Shop, rows: psycopg.Connection
) -> None:
    slow, quick = consumer(wiring, "slow"), consumer(wiring, "quick")
    log.append(shop.id, [event(1)])
    Stream(quick, ports).handle(quick.new())
    log.append(shop.id, [event(2)])
    held = slow.new()
    log.append(shop.id, [event(3)])
    Stream(quick, ports).handle(quick.new())
    quick.trim()
    assert wiring.redis.xlen(keys.EVENTS) == 2
    Stream(slow, ports).handle(held)
    quick.trim()
    assert wiring.redis.xlen(keys.EVENTS) == 1
    assert stored(rows) == ["e1", "e2", "e3"]


def test_an_entry_that_was_erased_before_it_was_stored_is_let_go(
    wiring: Web, ports: Ports, log: RedisEventLog, shop: Shop, rows: psycopg.Connection
) -> None:
    reader = consumer(wiring, idle_ms=0)
    log.append(shop.id, [event(1), event(2)])
    first, second = reader.new()
    wiring.redis.xdel(keys.EVENTS, first.id, second.id)
    successor = Stream(consumer(wiring, "successor", idle_ms=0), ports)
    successor.keep_house()
    assert (stored(rows), pending(wiring), wiring.redis.xlen(keys.DEAD_LETTERS)) == ([], 0, 0)


def test_a_stopped_consumer_has_stored_all_that_it_took(
    wiring: Web, ports: Ports, log: RedisEventLog, shop: Shop, rows: psycopg.Connection
) -> None:
    stream = Stream(consumer(wiring), ports, housekeeping_s=0.05)
    running = threading.Thread(target=stream.run)
    running.start()
    for number in range(20):
        log.append(shop.id, [event(number)])
    deadline = time.monotonic() + 10
    while len(stored(rows)) < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    stream.stop()
    running.join(timeout=10)
    assert not running.is_alive()
    assert (len(stored(rows)), pending(wiring)) == (20, 0)


def test_live_state_holds_the_latest_clicks_first_however_often_they_are_folded(
    wiring: Web, live_redis: redis.Redis, shop: Shop
) -> None:
    clicks = [event(number, product=100 + number) for number in range(30)]
    for batch in (clicks[10:], clicks[:20], clicks):
        wiring.live_state.fold(shop.id, batch)
    wiring.live_state.fold(shop.id, [event(1, product=7, kind=EventType.EXPOSURE)])
    state = wiring.live_state.read(shop.id, VisitorId(VISITOR), list_of=None)
    assert state.clicked == tuple(range(129, 109, -1))
    assert state.seen == (7,)
    assert 0 < int(live_redis.ttl(keys.visitor(shop.id, VISITOR))) <= 30 * 24 * 3600
