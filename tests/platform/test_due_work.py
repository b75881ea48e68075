"""Due work that is refused, piles up, or belongs to a shop that has left; housekeeping that one shop can't stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import redis
from rq.registry import FailedJobRegistry
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import jobs
from app.adapters.crypto import Sealer
from app.adapters.db.due_work import DbDueWork
from app.adapters.db.engine import Database
from app.adapters.db.inbox import DbInbox
from app.adapters.db.retention import DbRetention
from app.adapters.redis.jobs import RqJobs
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.errors import Permanent
from app.ports import ConsentRecord, Delivery
from app.services.sweep_due_work import BATCH, sweep_due_work
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore, RunningApp
from tests.platform.people import AT, settle
from workers.jobs import install, sweep, sync


def due_in_s(wiring: Worker, shop: Shop) -> dict[str, float]:
    """What is due in the shop, and in how many seconds."""
    statement = "SELECT kind, extract(epoch FROM due_at - clock_timestamp()) FROM due_work WHERE shop_id = :shop"
    with wiring.database.open() as connection:
        return {kind: float(s) for kind, s in connection.execute(text(statement), {"shop": shop.id}).all()}


@pytest.fixture
def without_token(installed_shop: Shop, worker_wiring: Worker) -> Shop:
    with worker_wiring.database.shop(installed_shop.id) as session:
        session.execute(text("DELETE FROM credentials"))
    return installed_shop


@pytest.mark.parametrize(("job", "kind"), [(sync.sync_store, "sync"), (install.finish_install, "install")])
def test_work_that_shopify_refuses_is_put_off_for_an_hour(
    without_token: Shop, worker_wiring: Worker, job: Callable[[int], None], kind: str
) -> None:
    worker_wiring.due_work.put(without_token.id, kind)
    with pytest.raises(Permanent):
        job(without_token.id)
    assert due_in_s(worker_wiring, without_token)[kind] > 3000


def test_opening_the_app_brings_the_set_up_forward(
    without_token: Shop, worker_wiring: Worker, running_app: RunningApp, devstore: DevStore
) -> None:
    worker_wiring.due_work.put_off(without_token.id, "install", after_s=3600)
    assert running_app.open(devstore).status_code == 200
    assert due_in_s(worker_wiring, without_token)["install"] < 20


@pytest.mark.parametrize("job", [sync.sync_store, sync.reconcile_store, sync.fetch_refunds, sync.ask_opt_outs])
def test_a_hint_about_a_shop_that_has_left_does_nothing(
    shop: Shop, worker_wiring: Worker, job: Callable[[int], None]
) -> None:
    worker_wiring.shops.put(shop.domain, ShopState.UNINSTALLED)
    worker_wiring.due_work.put(shop.id, "sync")
    job(shop.id)
    left = due_in_s(worker_wiring, shop)
    assert left == {} or job is not sync.sync_store


def test_a_withdrawn_consent_outlives_the_uninstall(installed_shop: Shop, worker_wiring: Worker) -> None:
    withdrawal = ConsentRecord(granted=False, by="user 7", text_version="2026-11", at=AT)
    worker_wiring.consents.record(installed_shop.id, withdrawal)
    worker_wiring.installations.uninstall(installed_shop.id, at=AT)
    assert set(due_in_s(worker_wiring, installed_shop)) == {"forget_models"}


@pytest.fixture
def queue(worker_wiring: Worker) -> redis.Redis:
    worker_wiring.redis.flushdb()
    return worker_wiring.redis


def test_a_queue_that_is_behind_gets_no_hints_on_top(shop: Shop, worker_wiring: Worker, queue: redis.Redis) -> None:
    due, waiting = DbDueWork(worker_wiring.database), RqJobs(queue)
    due.put(shop.id, "publish_lists", after_s=0)
    for number in range(BATCH):
        waiting.enqueue(jobs.PROCESS_WEBHOOK, shop.id, f"w-{number}")
    assert sweep_due_work(due, waiting) == 0
    assert waiting.waiting(jobs.QUEUE_DEFAULT) == BATCH
    queue.flushdb()
    with worker_wiring.database.open() as connection:
        connection.execute(text("UPDATE due_work SET due_at = clock_timestamp()"))
    assert sweep_due_work(due, waiting) == 1


def test_nothing_of_a_forgotten_job_stays_in_redis(shop: Shop, queue: redis.Redis) -> None:
    waiting = RqJobs(queue)
    waiting.enqueue(jobs.PROCESS_WEBHOOK, shop.id, "w-1")
    assert waiting.forget(shop.id) == 1
    assert list(queue.scan_iter(match="rq:job:*")) == []


def test_the_payload_of_a_failed_delivery_goes_after_seven_days_too(
    database: Database, sealer: Sealer, shop: Shop
) -> None:
    inbox = DbInbox(database, sealer)
    inbox.receive(shop.id, Delivery("w-1", "orders/create", "", None, b"{}"), at=AT)
    inbox.give_up(shop.id, "w-1", at=AT, error="Permanent: no")
    assert DbRetention(database).apply(shop.id, now=AT + timedelta(days=8))["payloads"] == 1
    with database.shop(shop.id) as session:
        assert session.execute(text("SELECT state, payload FROM deliveries")).all() == [("failed", None)]


def test_a_shop_that_fails_does_not_keep_the_others_from_their_housekeeping(
    shop: Shop, other_shop: Shop, worker_wiring: Worker
) -> None:
    settle(worker_wiring.database, worker_wiring.sealer, other_shop.id)

    broken = shop.id

    class Broken(DbRetention):
        def apply_in(self, shop: ShopId, place: str, *, now: datetime) -> int:
            if shop == broken:
                raise OSError("the disk is full")
            return super().apply_in(shop, place, now=now)

    worker_wiring.retaining = replace(worker_wiring.retaining, retention=Broken(worker_wiring.database))
    with worker_wiring.database.shop(other_shop.id) as session:
        session.execute(text("UPDATE clicks SET at = :at"), {"at": datetime(2020, 1, 1, tzinfo=UTC)})
    with pytest.raises(OSError, match="full"):
        sweep.apply_retention()
    with worker_wiring.database.shop(other_shop.id) as session:
        assert session.execute(text("SELECT count(*) FROM clicks")).scalar_one() == 0


def test_an_error_does_not_repeat_what_was_to_be_written(shop: Shop, database: Database) -> None:
    with pytest.raises(DBAPIError) as caught, database.shop(shop.id) as session:
        session.execute(text("SELECT 1 / (length(:value) - length(:value))"), {"value": "ada@example.com"})
    assert "ada@example.com" not in str(caught.value)


def test_all_jobs_of_an_installation_and_of_a_night_succeed(
    installed_shop: Shop, worker_wiring: Worker, work: Callable[[], None]
) -> None:
    work()
    worker_wiring.jobs.enqueue(jobs.EACH_NIGHT)
    work()
    assert [FailedJobRegistry(name, worker_wiring.redis).get_job_ids() for name in jobs.QUEUES] == [[], [], []]
    with worker_wiring.database.shop(installed_shop.id) as session:
        known = session.execute(text("SELECT bool_and(lines_known), count(*) > 0 FROM refunds")).one()
        assert known == (True, True)
        assert session.execute(text("SELECT count(*) FROM refund_lines")).scalar_one() > 0
        reconciled = "SELECT count(*) FROM sync_runs WHERE reason = 'reconcile' AND state = 'done'"
        assert session.execute(text(reconciled)).scalar_one() == 9


def test_the_night_trains_after_it_has_heard_who_opted_out(
    installed_shop: Shop, worker_wiring: Worker, queue: redis.Redis
) -> None:
    granted = ConsentRecord(granted=True, by="user 7", text_version="2026-11", at=AT)
    worker_wiring.consents.record(installed_shop.id, granted)
    sweep.each_night()
    assert RqJobs(queue).waiting(jobs.QUEUE_TRAINING) == 0
    sync.reconcile_store(installed_shop.id)
    assert RqJobs(queue).waiting(jobs.QUEUE_TRAINING) == 1


def test_the_night_trains_although_the_store_does_not_answer(
    without_token: Shop, worker_wiring: Worker, queue: redis.Redis
) -> None:
    granted = ConsentRecord(granted=True, by="user 7", text_version="2026-11", at=AT)
    worker_wiring.consents.record(without_token.id, granted)
    with pytest.raises(Permanent):
        sync.reconcile_store(without_token.id)
    assert RqJobs(queue).waiting(jobs.QUEUE_TRAINING) == 1


def test_tokens_do_not_stand_in_what_is_printed_of_them(installed_shop: Shop, worker_wiring: Worker) -> None:
    stored = worker_wiring.credentials.load(installed_shop.id)
    assert stored is not None
    assert stored.pair.access_token not in repr(stored)
    assert stored.pair.refresh_token not in repr(stored)
