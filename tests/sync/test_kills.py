"""A worker killed between any two steps of an import is continued by the next one, and nothing is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from app.services.reconcile_store import reconcile_store
from tests.sync.store import ROOT, Installed

CHECKPOINTS = [
    ("requested", 1),
    ("exported", 1),
    ("exported", 4),
    ("running", 5),
    ("importing", 1),
    ("importing", 5),
    ("imported", 1),
    ("imported", 5),
    ("finished", 1),
]


def kill(installed: Installed, name: str, checkpoint: str, times: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.sync.killed", name, checkpoint, str(times)],
        cwd=ROOT,
        env={**os.environ, **installed.env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    installed.expire_claims()


@pytest.mark.parametrize(("checkpoint", "times"), CHECKPOINTS)
def test_a_killed_import_is_finished_by_the_next_worker_once(installed: Installed, checkpoint: str, times: int) -> None:
    installed.wiring.due_work.put(installed.shop.id, "sync")
    kill(installed, "sync", checkpoint, times)
    installed.sync()
    assert installed.sql("SELECT resource, state FROM sync_runs ORDER BY id") == [
        (resource, "done") for resource in ("products", "inventory", "collections", "customers", "orders")
    ]
    assert installed.count("orders") == len(installed.store.orders)
    assert installed.count("products") == len(installed.store.products)
    assert installed.count("due_work WHERE kind = 'sync'") == 0
    killed = installed.state()
    installed.sql("DELETE FROM sync_runs")
    installed.sync()
    assert killed == installed.state()


@pytest.mark.parametrize(("checkpoint", "times"), [("requested", 1), ("importing", 3), ("imported", 6)])
def test_a_killed_reconciliation_is_finished_by_the_import_job(
    installed: Installed, checkpoint: str, times: int
) -> None:
    installed.sync()
    product = next(iter(installed.store.products))
    installed.dev("DELETE", f"products/{product}")
    kill(installed, "reconcile", checkpoint, times)
    installed.sync()
    assert installed.one("SELECT deleted_at IS NOT NULL FROM products WHERE id = %s", product) is True
    assert installed.count("sync_runs WHERE state <> 'done'") == 0
    reconcile_store(installed.shop, installed.wiring.syncing)
    assert installed.count("products WHERE deleted_at IS NOT NULL") == 1
