"""Consent, retention, the rotation of keys, and the clock: what runs by itself and must run once."""

from __future__ import annotations

import multiprocessing
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from sqlalchemy import LargeBinary, text
from sqlmodel import SQLModel

from app import jobs
from app.adapters.crypto import Sealer
from app.adapters.db.consents import DbConsents
from app.adapters.db.due_work import DbDueWork
from app.adapters.db.engine import Database
from app.adapters.db.inbox import DbInbox
from app.adapters.db.models import DbModels
from app.adapters.db.resealing import COLUMNS, DbResealing
from app.adapters.db.retention import DbRetention
from app.adapters.redis.jobs import RqJobs
from app.adapters.redis.lists import RedisLists, RedisModelSignals
from app.core.nightly import next_night
from app.core.shops import Shop
from app.errors import Permanent
from app.ports import ConsentRecord, Delivery
from app.services.record_consent import Ports, record_consent
from tests.platform.people import ADA, AT, EMAILS, settle
from tests.services import TestServices
from workers import schedule


class Clock:
    def now(self) -> datetime:
        return AT


@pytest.fixture
def queue(services: TestServices) -> redis.Redis:
    connection = redis.Redis.from_url(services.redis.url)
    connection.flushdb()
    return connection


def queued(connection: redis.Redis, name: str = jobs.QUEUE_DEFAULT) -> list[str]:
    raw: Any = connection  # Its answers are bytes here; the stubs allow for text too.
    ids = [job_id.decode() for job_id in raw.lrange(f"rq:queue:{name}", 0, -1)]
    return [(raw.hget(f"rq:job:{job_id}", "description") or b"").decode() for job_id in ids]


# -- Consent ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def consenting(database: Database, queue: redis.Redis) -> Ports:
    return Ports(
        DbConsents(database),
        RqJobs(queue),
        Clock(),
        DbModels(database),
        RedisModelSignals(queue),
        RedisLists(queue),
    )


def test_without_a_decision_there_is_no_consent(consenting: Ports, shop: Shop) -> None:
    assert consenting.consents.current(shop.id) is None


def test_a_decision_says_who_when_and_on_which_text(consenting: Ports, shop: Shop, queue: redis.Redis) -> None:
    record_consent(shop, granted=True, by="user 7", text_version="2026-11", ports=consenting)
    assert consenting.consents.current(shop.id) == ConsentRecord(True, "user 7", "2026-11", AT)
    assert queued(queue, jobs.QUEUE_TRAINING) == [f"{jobs.TRAIN_MODELS}({shop.id})"]


def test_a_withdrawal_is_added_and_has_the_models_forgotten(
    consenting: Ports, shop: Shop, queue: redis.Redis, database: Database
) -> None:
    for granted in (True, False):
        record_consent(shop, granted=granted, by="user 7", text_version="2026-11", ports=consenting)
    assert [decision.granted for decision in consenting.consents.history(shop.id)] == [False, True]
    assert f"{jobs.FORGET_MODELS}({shop.id})" in queued(queue)
    with database.open() as connection:
        connection.execute(text("UPDATE due_work SET due_at = now()"))
    assert [item.kind for item in DbDueWork(database).take_due(limit=5, again_s=60)] == ["forget_models"]


# -- Retention -------------------------------------------------------------------------------------------------------


def receive(database: Database, sealer: Sealer, shop: Shop, webhook_id: str, at: datetime, *, done: bool) -> None:
    inbox = DbInbox(database, sealer)
    inbox.receive(shop.id, Delivery(webhook_id, "orders/create", "", None, b"{}"), at=at)
    if done:
        inbox.finish(shop.id, webhook_id, at=at, keep_payload=True)


def test_raw_payloads_go_seven_days_after_they_are_done(database: Database, sealer: Sealer, shop: Shop) -> None:
    now = AT + timedelta(days=30)
    receive(database, sealer, shop, "old", now - timedelta(days=8), done=True)
    receive(database, sealer, shop, "young", now - timedelta(days=6), done=True)
    receive(database, sealer, shop, "pending", now - timedelta(days=8), done=False)
    assert DbRetention(database).apply(shop.id, now=now)["payloads"] == 1
    with database.shop(shop.id) as session:
        kept = session.execute(text("SELECT webhook_id FROM deliveries WHERE payload IS NOT NULL ORDER BY 1")).scalars()
        assert list(kept) == ["pending", "young"]


def test_behaviour_goes_after_400_days_or_the_shops_own_term(database: Database, sealer: Sealer, shop: Shop) -> None:
    settle(database, sealer, shop.id)
    retention = DbRetention(database)
    assert retention.apply(shop.id, now=AT + timedelta(days=399))["clicks"] == 0
    with database.shop(shop.id) as session:
        statement = "INSERT INTO settings (shop_id, name, value, updated_at) VALUES (:shop, 'retention', :value, now())"
        session.execute(text(statement), {"shop": shop.id, "value": '{"days": 90}'})
    gone = retention.apply(shop.id, now=AT + timedelta(days=91))
    assert (gone["clicks"], gone["decisions"]) == (2, 2)


# -- Keys ------------------------------------------------------------------------------------------------------------

OLD, NEW = b"k" * 32, b"n" * 32


def test_every_column_of_boxes_is_resealed() -> None:
    hashes = {"email_hash"}
    boxes = {
        (name, column.name)
        for name, table in SQLModel.metadata.tables.items()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and column.name not in hashes
    }
    assert boxes == {(each.table, each.column) for each in COLUMNS}


def test_after_resealing_the_old_key_is_needed_no_more(database: Database, sealer: Sealer, shop: Shop) -> None:
    settle(database, sealer, shop.id)
    receive(database, sealer, shop, "w-1", AT, done=False)
    resealing = DbResealing(database, Sealer([NEW, OLD]))
    assert resealing.reseal(shop.id) == 6
    assert resealing.reseal(shop.id) == 0
    only_new = Sealer([NEW])
    with database.shop(shop.id) as session:
        row = session.execute(text("SELECT contact, email_hash FROM customers WHERE id = :id"), {"id": ADA}).one()
    assert EMAILS[ADA].encode() in only_new.open(shop.id, "customers.contact", row.contact)
    assert row.email_hash == only_new.email_hash(shop.id, EMAILS[ADA])
    assert DbInbox(database, only_new).claim(shop.id, "w-1", seconds=5) is not None


def test_a_box_whose_key_is_gone_is_reported(database: Database, sealer: Sealer, shop: Shop) -> None:
    settle(database, sealer, shop.id)
    with pytest.raises(Permanent, match="ENCRYPTION_KEYS"):
        DbResealing(database, Sealer([NEW])).reseal(shop.id)


# -- The clock -------------------------------------------------------------------------------------------------------

MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The wall time that the clocks see; tests change its only entry."""
    now = [MIDNIGHT]
    monkeypatch.setattr(schedule, "_now", lambda: now[0])
    return now


def timed(name: str) -> tuple[schedule.Timed, ...]:
    """The timetable's line of that job."""
    return tuple(line for line in schedule.TIMETABLE if line.func_name == name)


def test_two_clocks_enqueue_once(queue: redis.Redis, at: list[datetime]) -> None:
    clocks = [schedule.Clock(queue, timed(jobs.SWEEP)) for _ in range(2)]
    for minute in range(10):
        at[0] = MIDNIGHT + timedelta(minutes=minute)
        for clock in clocks:
            clock.enqueue_jobs()
    assert queued(queue) == [f"{jobs.SWEEP}()"] * 10


def test_two_clocks_in_two_processes_enqueue_once(queue: redis.Redis, services: TestServices) -> None:
    def run(url: str, barrier: object) -> None:
        clock = schedule.Clock(redis.Redis.from_url(url), (schedule.Timed("x.y", every_s=10**6, at_once=True),))
        barrier.wait()  # type: ignore[attr-defined]
        for _ in range(50):
            clock.enqueue_jobs()

    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(3)
    racers = [context.Process(target=run, args=(services.redis.url, barrier)) for _ in range(3)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)
    assert queued(queue) == ["x.y()"]


def test_jobs_are_json_and_leave_nothing_behind(queue: redis.Redis, at: list[datetime]) -> None:
    schedule.Clock(queue, timed(jobs.SWEEP)).enqueue_jobs()
    raw: Any = queue
    (job_id,) = raw.lrange("rq:queue:default", 0, -1)
    job = raw.hgetall(f"rq:job:{job_id.decode()}")
    assert job[b"result_ttl"] == b"0"
    assert zlib.decompress(job[b"data"]).startswith(b'["workers.jobs.sweep.sweep"')


def test_the_night_begins_at_three_and_once(queue: redis.Redis, at: list[datetime]) -> None:
    clock = schedule.Clock(queue, timed(jobs.EACH_NIGHT))
    for hours in (0, 2.9, 3, 3.1, 20, 26.9, 27, 28):
        at[0] = MIDNIGHT + timedelta(hours=hours)
        clock.enqueue_jobs()
    assert queued(queue) == [f"{jobs.EACH_NIGHT}()"] * 2
    assert next_night(MIDNIGHT) == MIDNIGHT + timedelta(hours=3)
    assert next_night(MIDNIGHT + timedelta(hours=3)) == MIDNIGHT + timedelta(hours=27)


def test_a_clock_that_was_down_catches_up_with_the_last_night(queue: redis.Redis, at: list[datetime]) -> None:
    schedule.Clock(queue, timed(jobs.EACH_NIGHT)).enqueue_jobs()
    at[0] = MIDNIGHT + timedelta(days=3, hours=1)
    schedule.Clock(queue, timed(jobs.EACH_NIGHT)).enqueue_jobs()
    assert queued(queue) == [f"{jobs.EACH_NIGHT}()"]


def test_an_uninstalled_shops_waiting_jobs_are_taken_out(queue: redis.Redis, shop: Shop, other_shop: Shop) -> None:
    waiting = RqJobs(queue)
    for each in (shop, other_shop):
        waiting.enqueue(jobs.SYNC_STORE, each.id)
        waiting.enqueue(jobs.TRAIN_MODELS, each.id)
        waiting.enqueue(jobs.PROCESS_WEBHOOK, each.id, "w-1")
    waiting.enqueue(jobs.SWEEP)
    assert waiting.forget(shop.id) == 3
    assert {name: queued(queue, name) for name in jobs.QUEUES} == {
        jobs.QUEUE_DEFAULT: [f"{jobs.PROCESS_WEBHOOK}({other_shop.id}, 'w-1')", f"{jobs.SWEEP}()"],
        jobs.QUEUE_IMPORTS: [f"{jobs.SYNC_STORE}({other_shop.id})"],
        jobs.QUEUE_TRAINING: [f"{jobs.TRAIN_MODELS}({other_shop.id})"],
    }
