"""A wiring whose clock stands at the world's moment, and random rules."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime

import pytest

from app.config import Settings
from app.core.segments.parse import as_json, rule_of
from app.core.segments.rules import TRAITS, All, Any, Condition, Figure, Kind, Measure, Not, Rule, Selection
from app.wiring.worker import Worker
from tests.segments.world import NOW, SELECTIONS

BOUNDS = {"money": (0, 60_000), "days": (0, 300), "%": (0, 100), "times": (0, 6)}


class Stopped:
    """The clock at the world's moment."""

    def now(self) -> datetime:
        return NOW


@pytest.fixture
def wiring(settings: Settings) -> Iterator[Worker]:
    opened = Worker(settings)
    opened.__dict__["clock"] = Stopped()
    yield opened
    opened.close()


def drawn_rule(chance: random.Random, depth: int = 0) -> Rule:
    """A rule as a merchant could have written it; every figure comes, alone and joined."""
    if depth < 2 and chance.random() < 0.45:
        parts = tuple(drawn_rule(chance, depth + 1) for _ in range(chance.randrange(1, 4)))
        joined: list[Rule] = [All(parts), Any(parts), Not(parts[0])]
        return chance.choice(joined)
    figure = chance.choice(list(Figure))
    rule = _condition(chance, figure)
    assert rule_of(as_json(rule)) == rule
    return rule


def _condition(chance: random.Random, figure: Figure) -> Condition:
    trait = TRAITS[figure]
    about = Selection(Kind.TAG, "VIP") if figure is Figure.TAG else None
    if trait.about and figure is not Figure.TAG and (trait.needs_about or chance.random() < 0.5):
        about = chance.choice(SELECTIONS)
    days = chance.choice([None, 0, 7, 30, 180]) if trait.takes_days else None
    lowest, highest = BOUNDS.get(trait.unit, (trait.lowest, trait.highest))
    low, high = sorted(chance.randint(lowest, highest) for _ in range(2))
    least, most = chance.choice([(low, None), (None, high), (low, high)])
    return Condition(Measure(figure, about, days), least, most)
