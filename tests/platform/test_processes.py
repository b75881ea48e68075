"""The Procfile's own lines, started for real, with settings from the environment: workers, trainer, clock and web."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
from sqlalchemy import text

from app import jobs
from app.core.shops import Shop, ShopState
from app.wiring.worker import Worker
from tests.devstore_fixture import ROOT, DevStore, environment

LINES = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


def command(name: str, *more: str) -> list[str]:
    """The process's command line, with this interpreter's scripts."""
    words = shlex.split(LINES[name].replace("${WORKERS:-2}", "1").replace("${IMPORTERS:-2}", "1"))
    scripts = Path(sys.executable).parent
    return [str(scripts / words[0]), *words[1:], *more]


def started(wiring: Worker, name: str, *more: str) -> subprocess.Popen[bytes]:
    env = {**os.environ, **environment(wiring.settings)}
    return subprocess.Popen(
        command(name, *more),
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[bytes]) -> str:
    said, _ = process.communicate(timeout=90)
    return said.decode()


def test_the_procfile_names_what_the_plan_names() -> None:
    assert list(LINES) == ["release", "web", "worker", "importer", "trainer", "stream", "clock"]


def test_the_worker_pool_finishes_an_installation(installed_shop: Shop, worker_wiring: Worker) -> None:
    said = ended(started(worker_wiring, "worker", "--burst"))
    profile = worker_wiring.installations.profile(installed_shop.id)
    assert profile is not None
    assert profile.name, said


def test_the_trainer_spawns_a_process_for_its_job(shop: Shop, worker_wiring: Worker) -> None:
    worker_wiring.redis.flushdb()
    worker_wiring.consents.current(shop.id)
    worker_wiring.jobs.enqueue(jobs.TRAIN_MODELS, shop.id)
    said = ended(started(worker_wiring, "trainer", "--burst"))
    assert worker_wiring.redis.llen(f"rq:queue:{jobs.QUEUE_TRAINING}") == 0, said
    assert "Traceback" not in said, said


def test_the_clock_starts_the_sweeper_at_once_and_stops_when_told(worker_wiring: Worker) -> None:
    worker_wiring.redis.flushdb()
    process = started(worker_wiring, "clock")
    deadline = time.monotonic() + 60
    while not worker_wiring.redis.llen("rq:queue:default") and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    said = ended(process)
    assert process.returncode == 0, said
    assert worker_wiring.redis.llen("rq:queue:default") == 1, said


def test_gunicorn_serves_and_logs_no_query_string_and_no_secret(
    devstore: DevStore, worker_wiring: Worker, app_url: str
) -> None:
    process = started(worker_wiring, "web", "--bind", app_url.removeprefix("http://"))
    deadline = time.monotonic() + 60
    status = 0
    while status != 200 and time.monotonic() < deadline:
        try:
            status = httpx.get(f"{app_url}/readyz", params={"id_token": "secret-value"}).status_code
        except httpx.TransportError:
            time.sleep(0.2)
    feed = httpx.get(f"{app_url}/feeds/1-secret-value/attune_trending.json")
    process.send_signal(signal.SIGTERM)
    said = ended(process)
    assert (status, feed.status_code) == (200, 404), said
    assert '"GET /readyz" 200' in said
    assert '"GET /feeds/…/attune_trending.json" 404' in said
    assert "secret-value" not in said


def test_a_worker_killed_in_the_middle_of_a_webhook_loses_nothing(
    installed_shop: Shop, worker_wiring: Worker, devstore: DevStore
) -> None:
    worker_wiring.redis.flushdb()
    devstore.post("uninstall")
    devstore.flush()
    process = started(worker_wiring, "worker")
    time.sleep(1.5)
    os.killpg(process.pid, signal.SIGKILL)
    ended(process)
    with worker_wiring.database.open() as connection:
        connection.execute(text("UPDATE due_work SET due_at = now()"))
    with worker_wiring.database.shop(installed_shop.id) as session:
        session.execute(text("UPDATE deliveries SET claimed_until = NULL"))
    worker_wiring.redis.flushdb()
    worker_wiring.jobs.enqueue(jobs.SWEEP)
    said = ended(started(worker_wiring, "worker", "--burst"))
    known = worker_wiring.shops.by_id(installed_shop.id)
    assert known is not None
    assert known.state is ShopState.UNINSTALLED, said
