"""The stream's readers: each record worked on, in order, through kills, outages and entries that nobody can read.

What the lake makes of a batch is tested with the lake; here a batch goes into a list, or into a file that outlives a
killed process.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis

from app.adapters.redis import keys
from app.adapters.redis.backlog import read_backlog
from app.adapters.redis.consumer import StreamConsumer
from app.adapters.redis.event_stream import RedisEventLog, StreamFull, add_command, is_event, record_of
from app.core.events import Event, EventType
from app.core.ids import ClientId, CollectionId, OrderId, ProductId, RequestId, ShopId, VariantId, VisitorId
from app.core.recommend.types import Placement, Rail
from app.errors import Permanent, Retryable
from app.ports import Decision
from tests.patience import eventually
from tests.serving.conftest import VISITOR
from workers.stream import Record, Stream, run_together

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALICE, CHARLIE = ShopId(1), ShopId(2)

KILLED_AFTER_STORING = """
import os, signal, sys
from pathlib import Path
import redis
from app.adapters.redis.consumer import StreamConsumer
from workers.stream import Stream

def store(records):
    Path(sys.argv[2]).write_text(" ".join(event.event_id for _, event in records))
    os.kill(os.getpid(), signal.SIGKILL)

Stream(StreamConsumer(redis.Redis.from_url(sys.argv[1]), "killed"), store).run()
"""


class Kept:
    """Where the tests' batches go. `refuses` are events that it never takes, `failures` how often it is away first."""

    def __init__(self, *, refuses: Sequence[str] = (), failures: int = 0) -> None:
        self.batches: list[list[str]] = []
        self.refuses, self.failures = set(refuses), failures

    def __call__(self, records: Sequence[Record]) -> None:
        names = [record.event_id if isinstance(record, Event) else record.request_id for _, record in records]
        if self.failures:
            self.failures -= 1
            raise Retryable("away")
        if self.refuses & set(names):
            raise Permanent("refused")
        self.batches.append(names)

    @property
    def all(self) -> list[str]:
        return [name for batch in self.batches for name in batch]


def event(number: int, **changes: Any) -> Event:
    made: dict[str, Any] = {
        "event_id": f"e{number}",
        "type": EventType.CLICK,
        "at": AT.replace(second=number % 60),
        "visitor": VisitorId(VISITOR),
        "client": None,
        "placement": Placement.PRODUCT,
        "rail": Rail.ALSO_VIEWED,
        "product_id": ProductId(2),
        "request_id": RequestId("r1"),
        "position": 0,
        "consent": {"analytics": True, "preferences": True, "marketing": False},
    }
    return Event(**{**made, **changes})


def decision(name: str) -> Decision:
    return Decision(
        name, AT, "product", "bought_together", ProductId(1), VISITOR, "item_item", "default", "v1", [{"product_id": 2}]
    )


def consumer(connection: redis.Redis, name: str = "one", **options: Any) -> StreamConsumer:
    made = StreamConsumer(connection, name, block_ms=20, **options)
    made.open()
    return made


@pytest.fixture
def log(live_redis: redis.Redis) -> RedisEventLog:
    return RedisEventLog(live_redis)


def pending(connection: redis.Redis, group: str = keys.LAKE_GROUP) -> int:
    answer: Any = connection.xpending(keys.EVENTS, group)
    return int(answer["pending"])


@pytest.mark.parametrize(
    "record",
    [
        event(1),
        event(1, placement=None, rail=None, product_id=None, type=EventType.IDENTITY, client=ClientId("c-1")),
        event(1, visitor=None, client=ClientId("c-1"), variant_id=VariantId(7), quantity=2),
        event(1, type=EventType.PURCHASE, order_id=OrderId(5), products=(ProductId(1), ProductId(2))),
        event(1, type=EventType.SEARCH, query="", path="/", collection_id=CollectionId(0), position=0),
        event(1, type=EventType.EXPOSURE, ghost=True),
        decision("r1"),
        replace(decision("r1"), unit="b" * 32, show="empty"),
    ],
)
def test_a_record_comes_out_of_the_stream_as_it_went_in(live_redis: redis.Redis, record: Event | Decision) -> None:
    live_redis.execute_command(*add_command(ALICE, record))  # type: ignore[no-untyped-call]
    entries: Any = live_redis.xrange(keys.EVENTS)
    assert record_of(entries[0][1]) == (ALICE, record)


def test_each_group_gets_every_entry_of_all_shops(live_redis: redis.Redis, log: RedisEventLog) -> None:
    log.append(ALICE, [event(1), event(2)])
    log.append(CHARLIE, [event(3)])
    live_redis.execute_command(*add_command(ALICE, decision("r1")))  # type: ignore[no-untyped-call]
    for group in keys.GROUPS:
        reader, kept = consumer(live_redis, group=group), Kept()
        Stream(reader, kept).handle(reader.new())
        assert kept.all == ["e1", "e2", "e3", "r1"]
        assert pending(live_redis, group) == 0


def test_two_consumers_of_a_group_share_the_entries(live_redis: redis.Redis, log: RedisEventLog) -> None:
    log.append(ALICE, [event(number) for number in range(10)])
    one, two, kept = consumer(live_redis, "one", most=5), consumer(live_redis, "two", most=5), Kept()
    for reader in (one, two):
        Stream(reader, kept).handle(reader.new())
    assert sorted(kept.all) == sorted(f"e{number}" for number in range(10))
    assert one.new() == []


def test_a_consumer_that_gathers_makes_one_batch_of_what_comes_meanwhile(
    live_redis: redis.Redis, log: RedisEventLog
) -> None:
    reader = consumer(live_redis, gather_s=30.0, most=4)
    log.append(ALICE, [event(1)])
    rest = threading.Timer(0.05, lambda: log.append(ALICE, [event(2), event(3), event(4), event(5)]))
    rest.start()
    assert len(reader.new()) == 4
    rest.join()


def test_a_consumer_that_only_reads_events_lets_decisions_go(live_redis: redis.Redis, log: RedisEventLog) -> None:
    reader, kept = consumer(live_redis), Kept()
    live_redis.execute_command(*add_command(ALICE, decision("r1")))  # type: ignore[no-untyped-call]
    log.append(ALICE, [event(1)])
    Stream(reader, kept, reads=is_event).handle(reader.new())
    assert (kept.all, pending(live_redis)) == (["e1"], 0)


def test_a_consumer_killed_between_storing_and_acknowledging_has_its_batch_delivered_again(
    live_redis: redis.Redis, log: RedisEventLog, services: Any, tmp_path: Path
) -> None:
    consumer(live_redis)
    log.append(ALICE, [event(1), event(2)])
    written = tmp_path / "written"
    arguments = [sys.executable, "-c", KILLED_AFTER_STORING, services.redis.url, str(written)]
    assert subprocess.run(arguments, check=False).returncode == -signal.SIGKILL
    assert (written.read_text(), pending(live_redis)) == ("e1 e2", 2)
    kept = Kept()
    Stream(consumer(live_redis, "successor", idle_ms=0), kept).keep_house()
    assert (kept.all, pending(live_redis)) == (["e1", "e2"], 0)


def test_what_is_no_entry_of_ours_goes_to_the_dead_letters_and_its_neighbours_are_stored(
    live_redis: redis.Redis, log: RedisEventLog
) -> None:
    poisons: list[Any] = [{"kind": "event", "shop": "1", "body": "{"}, {"kind": "song"}, {"a": "b"}]
    for poison in poisons:
        live_redis.xadd(keys.EVENTS, poison)
    log.append(ALICE, [event(1)])
    for group in keys.GROUPS:
        reader, kept = consumer(live_redis, group=group), Kept()
        Stream(reader, kept, keeps_dead=group == keys.LAKE_GROUP).handle(reader.new())
        assert (kept.all, pending(live_redis, group)) == (["e1"], 0)
    assert live_redis.xlen(keys.DEAD_LETTERS) == 3


def test_what_is_refused_is_found_among_its_neighbours_and_set_aside_after_some_deliveries(
    live_redis: redis.Redis, log: RedisEventLog
) -> None:
    reader, kept = consumer(live_redis, idle_ms=0, most_deliveries=3), Kept(refuses=["e37"])
    log.append(ALICE, [event(number) for number in range(100)])
    stream = Stream(reader, kept)
    stream.handle(reader.new())
    assert set(kept.all) == {f"e{number}" for number in range(100)} - {"e37"}
    assert len(kept.batches) < 10
    assert pending(live_redis) == 1
    for _ in range(2):
        again = reader.abandoned()
        assert reader.tired(again) == []
        stream.handle(again)
    stream.keep_house()
    assert (live_redis.xlen(keys.DEAD_LETTERS), pending(live_redis)) == (1, 0)


def test_while_the_lake_is_away_the_batch_waits(live_redis: redis.Redis, log: RedisEventLog) -> None:
    reader, kept = consumer(live_redis), Kept(failures=2)
    log.append(ALICE, [event(1)])
    Stream(reader, kept).handle(reader.new())
    assert (kept.all, pending(live_redis)) == (["e1"], 0)


def test_the_stream_is_trimmed_behind_what_both_groups_are_done_with(
    live_redis: redis.Redis, log: RedisEventLog
) -> None:
    live, lake = (consumer(live_redis, group=group) for group in keys.GROUPS)
    log.append(ALICE, [event(1)])
    log.append(ALICE, [event(2)])
    live.acknowledge(live.new())
    live.trim()
    assert live_redis.xlen(keys.EVENTS) == 2, "the lake has not read them yet"
    held = lake.new()
    log.append(ALICE, [event(3)])
    live.acknowledge(live.new())
    lake.acknowledge(held[:1])
    live.trim()
    assert live_redis.xlen(keys.EVENTS) == 2, "the lake still holds the second"
    lake.acknowledge([*held[1:], *lake.new()])
    live.trim()
    assert live_redis.xlen(keys.EVENTS) == 1


def test_dead_letters_are_kept_for_a_month(live_redis: redis.Redis) -> None:
    reader = consumer(live_redis)
    now: Any = live_redis.time()
    for age in (31, 29):
        live_redis.xadd(keys.DEAD_LETTERS, {"body": age}, id=f"{1000 * (now[0] - age * 24 * 3600)}-0")
    Stream(reader, Kept()).keep_house()
    left: Any = live_redis.xrange(keys.DEAD_LETTERS)
    assert [fields for _, fields in left] == [{b"body": b"29"}]


def test_nothing_is_trimmed_before_every_group_is_there(live_redis: redis.Redis, log: RedisEventLog) -> None:
    log.append(ALICE, [event(1), event(2)])
    lake = consumer(live_redis)
    live_redis.xgroup_destroy(keys.EVENTS, keys.LIVE_GROUP)
    lake.acknowledge(lake.new())
    lake.trim()
    assert live_redis.xlen(keys.EVENTS) == 2


def test_an_entry_that_was_erased_before_it_was_stored_is_let_go(live_redis: redis.Redis, log: RedisEventLog) -> None:
    reader, kept = consumer(live_redis, idle_ms=0), Kept()
    log.append(ALICE, [event(1), event(2)])
    first, second = reader.new()
    live_redis.xdel(keys.EVENTS, first.id, second.id)
    Stream(consumer(live_redis, "successor", idle_ms=0), kept).keep_house()
    assert (kept.all, pending(live_redis), live_redis.xlen(keys.DEAD_LETTERS)) == ([], 0, 0)


def test_stopped_consumers_are_done_with_all_that_they_took(live_redis: redis.Redis, log: RedisEventLog) -> None:
    kept = {group: Kept() for group in keys.GROUPS}
    streams = [Stream(consumer(live_redis, group=group), kept[group], housekeeping_s=0.05) for group in keys.GROUPS]
    running = threading.Thread(target=run_together, args=(streams,))
    running.start()
    for number in range(20):
        log.append(ALICE, [event(number)])
    eventually(lambda: all(len(one.all) == 20 for one in kept.values()), "both groups have read all")
    for stream in streams:
        stream.stop()
    running.join()
    assert [pending(live_redis, group) for group in keys.GROUPS] == [0, 0]


def test_a_loop_that_breaks_ends_its_neighbour_too(live_redis: redis.Redis, log: RedisEventLog) -> None:
    def broken(_records: Sequence[Record]) -> None:
        raise AssertionError("a bug")

    streams = [
        Stream(consumer(live_redis, group=keys.LIVE_GROUP), broken),
        Stream(consumer(live_redis, group=keys.LAKE_GROUP), Kept()),
    ]
    log.append(ALICE, [event(1)])
    with pytest.raises(AssertionError, match="a bug"):
        run_together(streams)


# -- The backlog -----------------------------------------------------------------------------------------------------


def test_the_backlog_tells_how_long_each_group_is_behind(live_redis: redis.Redis, log: RedisEventLog) -> None:
    assert read_backlog(live_redis).oldest_s == {"live": 0.0, "lake": 0.0}
    live_redis.xadd(keys.EVENTS, {"kind": "event"}, id="1000-0")  # Long ago.
    assert min(read_backlog(live_redis).oldest_s.values()) > 1e9, "nobody has ever read"
    live, lake = (consumer(live_redis, group=group) for group in keys.GROUPS)
    live.acknowledge(live.new())
    found = read_backlog(live_redis)
    assert (found.entries, found.oldest_s["live"]) == (1, 0.0)
    assert found.oldest_s["lake"] > 1e9, "not yet delivered"
    lake.new()
    assert read_backlog(live_redis).oldest_s["lake"] > 1e9, "delivered, not yet acknowledged"


def test_the_backlog_sees_what_waits_behind_an_entry_that_is_just_acknowledged(
    live_redis: redis.Redis, log: RedisEventLog
) -> None:
    class Acknowledging(redis.Redis):
        """A connection on which the reader's batch is done between two looks."""

        def xpending(self, name: Any, groupname: Any) -> Any:
            reader.acknowledge(batch)
            return super().xpending(name, groupname)

    reader = consumer(live_redis, most=1)
    log.append(ALICE, [event(1), event(2)])
    batch = reader.new()
    with Acknowledging(connection_pool=live_redis.connection_pool) as connection:
        assert read_backlog(connection).oldest_s["lake"] > 0


def test_a_full_stream_takes_nothing_more_until_it_is_trimmed(live_redis: redis.Redis) -> None:
    log = RedisEventLog(live_redis, most=2)
    log.append(ALICE, [event(1), event(2)])
    fresh = RedisEventLog(live_redis, most=2)
    with pytest.raises(StreamFull) as refusal:
        fresh.append(ALICE, [event(3)])
    assert refusal.value.after_s
    assert live_redis.xlen(keys.EVENTS) == 2
    live_redis.xtrim(keys.EVENTS, maxlen=0)

    def takes() -> bool:
        try:
            fresh.append(ALICE, [event(3)])
        except StreamFull:
            return False
        return True

    eventually(takes, "it looks again")
