"""Experiments that run in the tests' shop, and visitors who fall into an arm of theirs."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.adapters.redis import keys
from app.adapters.redis.event_stream import record_of
from app.core.experiments.assign import arm_of
from app.core.experiments.types import Experiment, Unit
from app.core.shops import Shop
from app.ports import Change, Decision
from app.wiring.web import Web

AT = datetime(2026, 1, 1, tzinfo=UTC)


def start(wiring: Web, shop: Shop, *wanted: Experiment) -> list[Experiment]:
    """Have them run, with the numbers that the register gives them, and have the shelves know it."""
    started = [
        replace(one, id=wiring.experiments.add(shop.id, one, Change(AT, "a test", "Started."))) for one in wanted
    ]
    wiring.shelves.refresh()
    return started


def visitor_in(arm: str | None, experiment: Experiment, *others: tuple[Experiment, str]) -> str:
    """The id of a visitor who is in this arm, or in none, and so for the others."""
    wanted = ((experiment, arm), *others)
    for number in itertools.count():
        visitor = f"{number:032x}"
        arms = [(arm_of(one, Unit(visitor)), key) for one, key in wanted]
        if all((found.key if found else None) == key for found, key in arms):
            return visitor
    raise AssertionError("there is always one")


def decisions(wiring: Web) -> list[Decision]:
    """All recorded decisions, the oldest first."""
    wiring.decisions.flush()
    entries: Any = wiring.redis.xrange(keys.EVENTS)
    found = [record_of(fields)[1] for _, fields in entries]
    return [one for one in found if isinstance(one, Decision)]
