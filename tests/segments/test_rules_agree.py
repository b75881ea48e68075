"""The same rule says the same of the same people in Python and in the warehouse, through PostgreSQL and the lake."""

from __future__ import annotations

import random

import orjson

from app.core.segments.evaluate import holds, values_of
from app.core.segments.rules import Figure, Measure, measures
from app.core.shops import Shop
from app.ports.segments import Moments
from app.services.segment_customers import moments_of
from app.wiring.worker import Worker
from tests.segments.conftest import drawn_rule
from tests.segments.world import NOW, NOW_S, draw, write


def moments(wiring: Worker, shop: Shop) -> Moments:
    return moments_of(shop, wiring.roll_ups, NOW)[0]


def test_random_rules_catch_the_same_people_for_the_same_reasons(wiring: Worker, shop: Shop) -> None:
    world, chance = draw(120, seed=5), random.Random(6)
    write(world, wiring, shop)
    rules = [drawn_rule(chance) for _ in range(80)]
    asked = tuple(dict.fromkeys(measure for rule in rules for measure in measures(rule)))
    assert {measure.figure for measure in asked} == set(Figure), "every figure is compared"
    caught = 0
    with wiring.segmenter.counted(shop.id, asked, moments(wiring, shop)) as counted:
        assert counted.scale.usual_s == world.scale.usual_s
        assert counted.scale.cuts == world.scale.cuts
        for rule in rules:
            expected = {}
            for profile, past in world.pasts.items():
                values = values_of(rule, past, world.scale)
                if holds(rule, values, NOW_S):
                    expected[profile] = list(values.values())
            rows = [row for batch in counted.members(rule) for row in batch.to_pylist()]
            assert {row["profile"]: orjson.loads(row["why"]) for row in rows} == expected, rule
            caught += 0 < len(expected) < len(world.pasts)
    assert caught > 25, "most rules tell people apart"


def test_nobody_at_all_is_counted_without_failing(wiring: Worker, shop: Shop) -> None:
    asked = tuple(Measure(figure) for figure in Figure if figure not in {Figure.AFFINITY, Figure.TAG})
    with wiring.segmenter.counted(shop.id, asked, moments(wiring, shop)) as counted:
        assert counted.scale.people == 0
