"""A worker killed between any two steps is finished by the next one, once: the same end as without the kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from tests.killing import dies
from tests.models.conftest import installation
from tests.models.killed import run, run_until
from tests.models.store import Installed
from tests.services import TestServices

CHECKPOINTS = {
    "train": ["artefact_written", "recorded", "customers_kept", "pointer_moved", "signalled", "old_versions_removed"],
    "publish": ["lists_cached", "lists_written", "lists_recorded", "home_written", "lists_settled"],
    "roll_back": ["pointer_moved_back", "signalled"],
    "forget": [
        "register_forgotten",
        "cache_forgotten",
        "customers_forgotten",
        "artefacts_deleted",
        "lists_deleted",
        "lists_forgotten",
        "home_forgotten",
    ],
}


def kill(installed: Installed, name: str, at: str) -> None:
    """Run the service in a process of its own, which must die at the checkpoint; then let its claims run out."""
    assert dies(run_until, name, at, env=installed.env), f"{name} never came to {at}"
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


@dataclass
class Ready:
    """A shop where a service may start, that start, and what the service leaves when nobody kills it."""

    installed: Installed
    start: dict[str, Any]
    expected: dict[str, Any]


@pytest.fixture(scope="module")
def ready(services: TestServices, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Ready]]:
    """By name of the service; one for all of its kills."""
    with ExitStack() as opened:

        @cache
        def make(name: str) -> Ready:
            urls = opened.enter_context(services.database())
            folder = tmp_path_factory.mktemp(name)
            installed = opened.enter_context(installation(urls, services, folder))
            installed.planted_orders()
            installed.consent()
            prepare(installed, name)
            return Ready(installed, snapshot(installed), finish(installed, name))

        yield make


@pytest.mark.parametrize(("name", "at"), [(name, at) for name, points in CHECKPOINTS.items() for at in points])
def test_a_killed_service_is_finished_by_the_next_run_once(ready: Callable[[str], Ready], name: str, at: str) -> None:
    shop = ready(name)
    restore(shop.installed, shop.start)
    kill(shop.installed, name, at)
    assert finish(shop.installed, name) == shop.expected


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
