"""A worker killed between any two steps is finished by the next one, once: the same end as without the kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from tests.models.killed import run
from tests.models.store import ROOT, Installed

CHECKPOINTS = {
    "train": ["artefact_written", "recorded", "pointer_moved", "signalled", "old_versions_removed"],
    "publish": ["lists_cached", "lists_written", "lists_recorded", "lists_settled"],
    "roll_back": ["pointer_moved_back", "signalled"],
    "forget": ["register_forgotten", "cache_forgotten", "artefacts_deleted", "lists_deleted", "lists_forgotten"],
}


def kill(installed: Installed, name: str, at: str) -> None:
    """Run the service in a process of its own, which must die at the checkpoint; then let its claims run out."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.models.killed", name, at],
        env={**os.environ, **installed.env},
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, f"{name} never came to {at}"
    installed.expire_claims()


def prepare(installed: Installed, name: str) -> None:
    """Bring the shop to where the service starts."""
    steps = {
        "train": [],
        "publish": ["train"],
        "roll_back": ["train", "publish", "other orders", "train", "publish"],
        "forget": ["train", "publish", "withdraw"],
    }
    for step in steps[name]:
        if step == "withdraw":
            installed.consent(granted=False)
        elif step == "other orders":
            installed.execute("UPDATE orders SET cancelled_at = now() WHERE id % 2 = 0")
        else:
            run(step, installed.wiring)


def finish(installed: Installed, name: str) -> dict[str, Any]:
    """Run the service, and what is due after it; the state they leave."""
    run(name, installed.wiring)
    if name != "forget":
        run("publish", installed.wiring)
    return installed.state()


@pytest.mark.parametrize(("name", "at"), [(name, at) for name, points in CHECKPOINTS.items() for at in points])
def test_a_killed_service_is_finished_by_the_next_run_once(trained: Installed, name: str, at: str) -> None:
    prepare(trained, name)
    started = snapshot(trained)
    expected = finish(trained, name)
    restore(trained, started)
    kill(trained, name, at)
    assert finish(trained, name) == expected


TABLES = ("model_pointers", "model_runs", "published_lists", "due_work", "consents")


def snapshot(installed: Installed) -> dict[str, Any]:
    """All that the services write, so that the same start can be had a second time."""
    artefacts = installed.wiring.artefacts
    return {
        "tables": {
            table: installed.execute(f"SELECT to_jsonb(t)::text FROM {table} t WHERE shop_id = {installed.shop.id}")
            for table in TABLES
        },
        "artefacts": {v: artefacts.read(installed.shop.id, v) for v in artefacts.versions(installed.shop.id)},
        "redis": installed.wiring.redis.hgetall(f"attune:{installed.shop.id}:lists"),
        "metafields": {
            p: dict(installed.store.metafields(f"gid://shopify/Product/{p}")) for p in installed.store.products
        },
    }


def restore(installed: Installed, state: dict[str, Any]) -> None:
    wiring, shop = installed.wiring, installed.shop.id
    for table, rows in state["tables"].items():
        installed.execute(f"DELETE FROM {table} WHERE shop_id = {shop}")
        insert = f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s::jsonb)"
        if rows:
            installed.execute(insert, rows)
    wiring.artefacts.delete_all(shop)
    for version, (arrays, meta) in state["artefacts"].items():
        wiring.artefacts.write(shop, version, arrays, meta)
    wiring.redis.delete(f"attune:{shop}:lists")
    if state["redis"]:
        wiring.redis.hset(f"attune:{shop}:lists", mapping=state["redis"])
    for product, fields in state["metafields"].items():
        held = installed.store.metafields(f"gid://shopify/Product/{product}")
        held.clear()
        held.update(fields)
