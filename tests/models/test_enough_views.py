"""Looking around leads to a training by itself: the jobs pass the work on, and nobody has to wait for the night."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.core.recommend.evaluate import LEAST_QUESTIONS
from app.core.recommend.types import Rail
from app.wiring.worker import current, worker
from tests.models.store import Installed
from tests.models.test_views import ENOUGH, look_around
from workers.jobs import lake, train


@pytest.fixture
def jobs(trained: Installed, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    """The shop with its first model, and an environment in which jobs find it."""
    for name, value in trained.env.items():
        monkeypatch.setenv(name, value)
    worker.cache_clear()
    trained.wiring.due_work.put(trained.shop.id, "train_models")
    train.train_models(trained.shop.id)
    yield trained
    current().close()
    worker.cache_clear()


def hints(jobs: Installed) -> list[object]:
    return [job.args[0] for job in jobs.wiring.jobs._queue("training").jobs]


def test_enough_views_lead_to_one_training(jobs: Installed) -> None:
    look_around(jobs, ENOUGH // 2)
    lake.roll_up(jobs.shop.id)
    assert not jobs.wiring.due_work.waits(jobs.shop.id, "train_models")
    assert hints(jobs) == []

    look_around(jobs, ENOUGH // 2 + 20, first=ENOUGH // 2)
    lake.roll_up(jobs.shop.id)
    assert jobs.wiring.due_work.waits(jobs.shop.id, "train_models")
    assert hints(jobs) == [jobs.shop.id]
    lake.roll_up(jobs.shop.id)
    assert hints(jobs) == [jobs.shop.id], "what is asked for already is not asked again"

    train.train_models(jobs.shop.id)
    used = jobs.wiring.models.in_use(jobs.shop.id)
    assert used is not None
    assert used.metrics["rails"][Rail.ALSO_VIEWED.value]["questions"] >= LEAST_QUESTIONS
    look_around(jobs, 20, first=2 * ENOUGH)
    lake.roll_up(jobs.shop.id)
    assert not jobs.wiring.due_work.waits(jobs.shop.id, "train_models")
    assert hints(jobs) == [jobs.shop.id]


def test_while_another_worker_counts_nothing_is_asked(jobs: Installed) -> None:
    look_around(jobs, ENOUGH + 20)
    with jobs.wiring.claims.keep(jobs.shop.id, "roll_up", seconds=60) as mine:
        assert mine
        lake.roll_up(jobs.shop.id)
    assert hints(jobs) == []
    assert jobs.wiring.due_work.waits(jobs.shop.id, "roll_up")
