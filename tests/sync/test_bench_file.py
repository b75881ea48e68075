"""The file of `attune bench sync` has the shape of the shipped order document."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import orjson

from app.cli.bench import sync_file
from tests.sync.store import Installed


def shape(value: Any) -> Any:
    """The keys of an object, those of its objects included; scalars and lists say nothing."""
    return {key: shape(part) for key, part in sorted(value.items())} if isinstance(value, dict) else None


def test_its_lines_are_those_of_an_export_with_the_shipped_document(installed: Installed, tmp_path: Path) -> None:
    api = installed.wiring.admin_apis.of(installed.shop)
    operation = api.start_bulk_query("orders_contact")
    while (operation := api.bulk_operation(operation.id)).status != "COMPLETED":
        time.sleep(0.05)
    assert operation.url is not None
    exported = [orjson.loads(line) for line in api.lines(operation.url)]
    file = tmp_path / "orders.jsonl"
    sync_file.write(file, lines=1000)
    made = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    full = next(o for o in exported if o["__typename"] == "Order" and o["customer"] and o["shippingAddress"])
    item = next(n for n in exported if n["__typename"] == "LineItem" and n["product"] and n["variant"])
    assert {str(shape(line)) for line in made} == {str(shape(full)), str(shape(item))}


def test_it_has_exactly_the_lines_asked_for_and_children_stand_after_their_parents(tmp_path: Path) -> None:
    file = tmp_path / "orders.jsonl"
    assert sum(sync_file.write(file, lines=7001)) == 7001
    seen: set[str] = set()
    for line in file.read_bytes().splitlines():
        raw = orjson.loads(line)
        assert raw.get("__parentId") is None or raw["__parentId"] in seen
        seen.add(raw["id"])
    assert len(seen) == 7001
