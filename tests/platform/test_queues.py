"""Queues and processes: what takes an hour never holds up what must be done now, and what is killed is done again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from app import jobs
from app.core.shops import Shop
from app.ports import ConsentRecord
from app.services import train_models
from app.services.sweep_due_work import sweep_due_work
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore
from tests.patience import eventually
from tests.platform.people import AT
from tests.platform.test_processes import ended, started
from workers.jobs import sync, train


def one(wiring: Worker, shop: Shop, query: str) -> Any:
    with wiring.database.shop(shop.id) as session:
        return session.execute(text(query)).scalar()


@contextmanager
def running(wiring: Worker, *names: str) -> Iterator[None]:
    """The Procfile's processes of these names, one worker each; killed at the end."""
    processes = [started(wiring, name) for name in names]
    try:
        yield
    finally:
        for process in processes:
            for pid in family(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for process in processes:
            ended(process)


def family(pid: int) -> list[int]:
    """The process and all that it has started: a worker puts what runs its job into a process group of its own."""
    started_by = [children.read_text().split() for children in Path(f"/proc/{pid}/task").glob("*/children")]
    return [pid, *(each for children in started_by for child in children for each in family(int(child)))]


def test_a_webhook_is_worked_off_while_an_import_waits_for_shopify(
    installed_shop: Shop, worker_wiring: Worker, devstore: DevStore
) -> None:
    devstore.post("faults", bulk={"mode": "slow", "count": 100, "delay_s": 3600})
    unfinished = "SELECT count(*) FROM sync_runs WHERE state = 'running'"
    with running(worker_wiring, "worker", "importer"):
        eventually(lambda: one(worker_wiring, installed_shop, unfinished), "the import waits for its exports")
        product = devstore.post("products", title="Lamp", price=1990)["id"]
        there = f"SELECT count(*) FROM products WHERE id = {product}"
        eventually(lambda: one(worker_wiring, installed_shop, there), "the webhook has brought the product")
        assert one(worker_wiring, installed_shop, unfinished) > 0


@pytest.mark.parametrize("job", sorted({*jobs.QUEUE_OF, *(due.job for due in jobs.DUE.values())}))
def test_a_job_waits_in_the_queue_that_the_table_names(shop: Shop, worker_wiring: Worker, job: str) -> None:
    worker_wiring.redis.flushdb()
    worker_wiring.jobs.enqueue(job, shop.id)
    waiting = {name: worker_wiring.jobs.waiting(name) for name in jobs.QUEUES}
    assert waiting == {name: int(name == jobs.queue_of(job)) for name in jobs.QUEUES}


def test_every_queue_has_a_process_that_works_it_off() -> None:
    from tests.platform.test_processes import LINES

    words = {word for line in LINES.values() for word in line.split()}
    assert set(jobs.QUEUES) <= words


def test_work_of_one_kind_is_hinted_at_once_whatever_its_pieces(shop: Shop, worker_wiring: Worker) -> None:
    worker_wiring.redis.flushdb()
    for number in range(3):
        worker_wiring.due_work.put(shop.id, jobs.OPT_OUTS_DUE, f"{number}/w-{number}", after_s=0)
        worker_wiring.due_work.put(shop.id, "webhook", f"w-{number}", after_s=0)
    assert sweep_due_work(worker_wiring.due_work, worker_wiring.jobs) == 4
    assert worker_wiring.jobs.waiting(jobs.QUEUE_DEFAULT) == 4


# -- Trainings -------------------------------------------------------------------------------------------------------


@pytest.fixture
def consenting(installed_shop: Shop, worker_wiring: Worker) -> Shop:
    granted = ConsentRecord(granted=True, by="user 7", text_version="2026-11", at=AT)
    worker_wiring.consents.record(installed_shop.id, granted)
    return installed_shop


def trainings(wiring: Worker, shop: Shop) -> int:
    return int(one(wiring, shop, "SELECT count(*) FROM model_runs"))


def test_a_killed_training_is_tried_again(
    consenting: Shop, worker_wiring: Worker, database_urls: tuple[str, str]
) -> None:
    worker_wiring.redis.flushdb()
    worker_wiring.jobs.enqueue(jobs.TRAIN_MODELS, consenting.id)
    with psycopg.connect(database_urls[1]) as owner:
        # The training can't write down what came of it, so it is certain to be killed before its end.
        owner.execute("LOCK TABLE model_runs IN ACCESS EXCLUSIVE MODE")
        with running(worker_wiring, "trainer"):
            claimed = "SELECT count(*) FROM claims WHERE name = 'train'"
            eventually(lambda: one(worker_wiring, consenting, claimed), "a training has begun")
    worker_wiring.redis.flushdb()
    assert trainings(worker_wiring, consenting) == 0
    with worker_wiring.database.shop(consenting.id) as session:
        session.execute(text("UPDATE due_work SET due_at = now()"))
        session.execute(text("UPDATE claims SET until = now()"))
    assert sweep_due_work(worker_wiring.due_work, worker_wiring.jobs) >= 1
    assert worker_wiring.jobs.waiting(jobs.QUEUE_TRAINING) == 1
    train.train_models(consenting.id)
    assert trainings(worker_wiring, consenting) == 1
    assert not worker_wiring.due_work.waits(consenting.id, jobs.TRAINING_DUE)


def test_a_hint_about_a_training_that_is_done_trains_no_more(consenting: Shop, worker_wiring: Worker) -> None:
    train.train_models(consenting.id)
    with worker_wiring.database.shop(consenting.id) as session:
        session.execute(text("DELETE FROM model_runs"))
    train.train_models(consenting.id)
    assert trainings(worker_wiring, consenting) == 0


def test_a_training_that_is_asked_for_while_one_runs_is_still_due_when_that_ends(
    consenting: Shop, worker_wiring: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = train_models.train_models

    def meanwhile_imported(*arguments: Any) -> Any:
        sync._train(consenting)
        return trained(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(train_models, "train_models", meanwhile_imported)
        train.train_models(consenting.id)
    assert len(worker_wiring.due_work.waiting(consenting.id, jobs.TRAINING_DUE)) == 1


def test_a_withdrawn_consent_asks_for_no_training(consenting: Shop, worker_wiring: Worker) -> None:
    withdrawn = ConsentRecord(granted=False, by="user 7", text_version="2026-11", at=AT)
    worker_wiring.consents.record(consenting.id, withdrawn)
    assert not worker_wiring.due_work.waits(consenting.id, jobs.TRAINING_DUE)


def test_a_hint_about_an_import_that_is_done_imports_no_more(consenting: Shop, worker_wiring: Worker) -> None:
    worker_wiring.due_work.put(consenting.id, "sync")
    sync.sync_store(consenting.id)
    runs = one(worker_wiring, consenting, "SELECT count(*) FROM sync_runs")
    asked = worker_wiring.due_work.waiting(consenting.id, jobs.TRAINING_DUE)
    sync.sync_store(consenting.id)
    assert one(worker_wiring, consenting, "SELECT count(*) FROM sync_runs") == runs
    assert worker_wiring.due_work.waiting(consenting.id, jobs.TRAINING_DUE) == asked
