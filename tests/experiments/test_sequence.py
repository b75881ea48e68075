"""The interval by which decisions are made holds at every look, also for revenue, and shows what is there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.core.experiments.judgement import DecisionKind
from app.core.experiments.lift import estimate, lift
from app.core.experiments.sequence import reach, sequence
from app.core.experiments.sums import Floats, sums_of
from app.core.experiments.verdict import judge
from tests.experiments.figures import converted, experiment, rate, reading, spent
from tests.experiments.simulating import excludes_nothing

GOLDEN = json.loads((Path(__file__).parent / "golden_gbstats.json").read_text())["reach"]


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['units']} units at {case['alpha']}")
def test_it_reaches_as_many_standard_errors_as_that_of_gbstats(case: dict[str, float]) -> None:
    assert reach(int(case["units"]), alpha=case["alpha"]) == pytest.approx(case["errors"], rel=1e-9)


def test_it_is_wider_than_the_interval_of_one_look_and_holds_it() -> None:
    arms = rate(10_000, 300), rate(10_000, 345)
    low, high = sequence(estimate(*arms))
    once = lift(*arms)
    assert low < once.low < once.high < high


def test_which_arm_is_called_the_control_changes_nothing() -> None:
    first, second = rate(1_000, 60), rate(1_200, 100)
    low, high = sequence(estimate(first, second))
    other_low, other_high = sequence(estimate(second, first))
    assert (1 + low) * (1 + other_high) == pytest.approx(1)
    assert (1 + high) * (1 + other_low) == pytest.approx(1)


def test_it_says_nothing_of_a_figure_below_0() -> None:
    assert sequence(estimate(sums_of([1.0, 3.0]), sums_of([-1.0, -3.0]))) == (-1.0, float("inf"))


def test_equal_arms_that_are_looked_at_daily_are_hardly_ever_told_to_ship_or_to_stop() -> None:
    random, runs, days = np.random.default_rng(11), 150, 28
    made = experiment()
    wrong = 0
    for _ in range(runs):
        units = np.cumsum(np.full((2, days), 200), axis=1)
        buyers = np.cumsum(random.binomial(200, 0.04, (2, days)), axis=1)
        looks = (
            reading(converted(*zip(units[:, day].tolist(), buyers[:, day].tolist(), strict=True)), days=day + 1)
            for day in range(days)
        )
        kinds = {judge(made, look, now=look.at).decision.kind for look in looks}
        wrong += bool(kinds & {DecisionKind.SHIP, DecisionKind.STOP})
    assert wrong / runs <= 0.06


def test_equal_arms_of_heavy_tailed_revenue_are_hardly_ever_told_apart_either() -> None:
    """Around the relative lift itself the same interval tells one pair in ten apart."""
    random = np.random.default_rng(12)

    def a_day() -> Floats:
        return spent(random, 150, 0.04, spread=1.6)

    wrong = sum(excludes_nothing(a_day, a_day, days=28) for _ in range(300))
    assert wrong / 300 <= 0.06


def test_a_clear_lift_is_seen_within_the_month() -> None:
    random = np.random.default_rng(13)
    seen = sum(
        excludes_nothing(
            lambda: (random.random(1_000) < 0.03).astype(float),
            lambda: (random.random(1_000) < 0.04).astype(float),
            days=28,
        )
        for _ in range(30)
    )
    assert seen >= 28
