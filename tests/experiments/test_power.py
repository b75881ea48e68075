"""The calculator's plans come true: so many visitors show such a lift as often as it says."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.experiments.lift import estimate, lift
from app.core.experiments.power import Baseline, NoPlan, detectable, plan
from app.core.experiments.sequence import sequence
from app.core.experiments.sums import NOTHING, sums_of
from tests.experiments.figures import rate, spent

RATE = Baseline.rate(0.05)


def test_the_planned_visitors_show_the_lift_in_four_experiments_of_five() -> None:
    planned, random, runs = plan(RATE, 0.2, daily=1_000), np.random.default_rng(1), 1_000
    buyers = [random.binomial(planned.units, share, runs).tolist() for share in (0.05, 0.06)]
    shown = [
        sequence(estimate(rate(planned.units, one), rate(planned.units, other)))[0] > 0
        for one, other in zip(*buyers, strict=True)
    ]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.04)


def test_one_look_at_the_end_needs_fewer_and_shows_it_as_often() -> None:
    planned, random, runs = plan(RATE, 0.2, daily=1_000), np.random.default_rng(2), 1_000
    assert planned.units_once < planned.units
    buyers = [random.binomial(planned.units_once, share, runs).tolist() for share in (0.05, 0.06)]
    shown = [
        lift(rate(planned.units_once, one), rate(planned.units_once, other)).low > 0
        for one, other in zip(*buyers, strict=True)
    ]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.05)


def test_days_follow_from_the_visitors_that_all_arms_share() -> None:
    planned = plan(RATE, 0.2, daily=1_000)
    assert planned.days == -(-planned.units * 2 // 1_000)
    assert plan(RATE, 0.2, daily=500).days in (planned.days * 2, planned.days * 2 - 1)


def test_what_can_be_shown_after_the_planned_days_is_the_planned_lift() -> None:
    planned = plan(RATE, 0.08, daily=2_000)
    assert detectable(RATE, days=planned.days, daily=2_000) == pytest.approx(0.08, rel=0.01)


def test_a_covariate_saves_about_the_part_of_visitors_whose_variance_it_removes() -> None:
    plain, helped = plan(RATE, 0.1, daily=1_000), plan(RATE, 0.1, daily=1_000, variance_removed=0.3)
    assert helped.units / plain.units == pytest.approx(0.7, abs=0.02)


def test_a_third_arm_asks_for_more_visitors_in_each() -> None:
    assert plan(RATE, 0.1, daily=1_000, arms=3).units > plan(RATE, 0.1, daily=1_000).units


def test_revenue_needs_far_more_visitors_than_conversion() -> None:
    revenue = Baseline.of(sums_of(spent(np.random.default_rng(3), 50_000, 0.05, spread=1.2)))
    assert plan(revenue, 0.1, daily=1_000).units > 2 * plan(RATE, 0.1, daily=1_000).units


def test_what_was_counted_can_be_the_baseline() -> None:
    assert Baseline.of(rate(10_000, 500)) == RATE
    with pytest.raises(NoPlan, match="Nothing was counted"):
        Baseline.of(NOTHING)


def test_too_few_visitors_show_nothing() -> None:
    assert detectable(RATE, days=1, daily=20) is None
    assert detectable(RATE, days=0, daily=20) is None


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_a_rate_lies_between_nobody_and_everybody(share: float) -> None:
    with pytest.raises(NoPlan):
        Baseline.rate(share)


@pytest.mark.parametrize(
    ("lift", "daily", "removed", "power"),
    [(0.0, 100, 0.0, 0.8), (-1.0, 100, 0.0, 0.8), (19.0, 100, 0.0, 0.8), (0.1, 0, 0.0, 0.8), (0.1, 100, 1.0, 0.8),
     (0.1, 100, 0.0, 1.0), (0.000001, 100, 0.0, 0.8)],
)  # fmt: skip
def test_figures_that_allow_no_plan_are_refused(lift: float, daily: float, removed: float, power: float) -> None:
    with pytest.raises(NoPlan):
        plan(RATE, lift, daily=daily, variance_removed=removed, power=power)
