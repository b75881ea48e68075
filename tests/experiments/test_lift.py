"""The lift of one arm over another agrees with gbstats, refuses what can't be compared, and covers what it states."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cli.bench.statistics_cases import CASES
from app.core.experiments.lift import Estimate, Unreadable, Why, lift, posterior
from app.core.experiments.priors import FLAT, STATED, learn
from app.core.experiments.reading import cap_of
from app.core.experiments.sums import NOTHING, Sums, sums_of
from tests.experiments.figures import rate, spent

GOLDEN: Mapping[str, Any] = json.loads((Path(__file__).parent / "golden_gbstats.json").read_text())
LIFTS = [case for case in CASES if case["kind"] != "srm"]


@pytest.mark.parametrize("case", LIFTS, ids=lambda case: case["name"])
def test_every_figure_of_a_lift_is_that_of_gbstats(case: Mapping[str, Any]) -> None:
    found = lift(case["control"], case["treatment"], prior=case.get("prior", FLAT), adjust=case["kind"] == "cuped")
    for name, expected in GOLDEN["answers"][case["name"]].items():
        assert getattr(found, name) == pytest.approx(expected, rel=1e-9, abs=1e-12), name


def test_345_buyers_of_10_000_against_300_are_15_per_cent_more_and_better_with_a_chance_of_95_35_per_cent() -> None:
    found = lift(rate(10_000, 300), rate(10_000, 345))
    assert round(found.relative, 3) == 0.150
    assert round(found.chance_to_win, 4) == 0.9535
    assert (round(found.low, 3), round(found.high, 3)) == (-0.025, 0.325)
    assert round(found.expected_loss, 4) == 0.0017


@pytest.mark.parametrize(
    ("control", "treatment", "why"),
    [
        (NOTHING, rate(100, 5), Why.ARM_EMPTY),
        (rate(100, 5), NOTHING, Why.ARM_EMPTY),
        (rate(100, 0), rate(100, 5), Why.CONTROL_NOTHING),
        (sums_of([-3.0, 1.0]), rate(100, 5), Why.CONTROL_NOTHING),
        (rate(100, 5), rate(100, 0), Why.NO_VARIANCE),
        (rate(100, 100), rate(100, 5), Why.NO_VARIANCE),
        (sums_of([0.1] * 1000), sums_of([0.1, 0.2]), Why.NO_VARIANCE),
        (sums_of([5.0]), sums_of([4.0, 6.0]), Why.NO_VARIANCE),
        (rate(100, 5), sums_of([1.0, 2.0], denominators=[1, 2]), Why.DIFFERENT_METRICS),
        (sums_of([0.0, 0.0], denominators=[0, 0]), sums_of([1.0, 2.0], denominators=[1, 2]), Why.ARM_EMPTY),
    ],
)
def test_what_can_t_be_compared_is_refused_with_its_reason(control: Sums, treatment: Sums, why: Why) -> None:
    with pytest.raises(Unreadable) as refused:
        lift(control, treatment)
    assert refused.value.code is why


def test_zeros_and_ones_are_known_as_a_proportion_and_other_values_are_not() -> None:
    assert sums_of([0, 1, 1, 0]).is_proportion
    assert not sums_of([0, 2, 1, 0]).is_proportion
    assert not sums_of([-1, 1, 1, 0]).is_proportion


def test_a_prior_pulls_a_small_experiment_more_than_a_large_one() -> None:
    small, large = (lift(rate(n, n // 10), rate(n, n // 5), prior=STATED).relative for n in (200, 20_000))
    assert small < 0.75
    assert 0.95 < large < 1.0


def test_intervals_cover_the_lift_of_cut_revenue_95_times_in_100_though_its_tail_is_heavy() -> None:
    random, held, runs = np.random.default_rng(4), 0, 600
    cap = cap_of(spent(random, 10**6, 0.5, spread=1.4))
    assert cap
    base, other = (np.minimum(spent(random, 10**6, 0.03 * up, spread=1.4), cap).mean() for up in (1.0, 1.1))
    for _ in range(runs):
        arms = (sums_of(np.minimum(spent(random, 8_000, 0.03 * up, spread=1.4), cap)) for up in (1.0, 1.1))
        found = lift(*arms)
        held += found.low <= other / base - 1 <= found.high
    assert 0.925 <= held / runs <= 0.975


def test_revenue_is_cut_at_the_same_buyer_whatever_the_conversion() -> None:
    amounts = np.arange(1.0, 1001.0)
    alone, among_many = cap_of(amounts), cap_of(np.concatenate([amounts, np.zeros(99_000)]))
    assert alone == among_many == 996
    assert cap_of(np.zeros(50)) is None


def test_the_prior_is_the_stated_one_until_five_tests_have_ended() -> None:
    assert learn([(0.1, 0.02)] * 4) == STATED


def test_a_prior_is_learnt_from_how_far_past_lifts_lie_apart_beyond_their_errors() -> None:
    random = np.random.default_rng(2)
    errors = random.uniform(0.02, 0.06, 400)
    past = [(float(random.normal(0, np.hypot(0.08, error))), float(error)) for error in errors]
    assert learn(past).sd == pytest.approx(0.08, abs=0.01)


def test_past_tests_without_any_lift_leave_a_narrow_prior_but_never_a_certain_one() -> None:
    sds = [learn([(0.001, 0.05)] * number).sd or 0.0 for number in (5, 10, 100)]
    assert 0.2 > sds[0] > sds[1] > sds[2] > 0.005


@pytest.mark.parametrize("spread", [0.05, 0.1, 0.2])
def test_intervals_with_a_prior_that_five_tests_have_taught_hold_as_often_as_they_say(spread: float) -> None:
    """With the one spread that explains the tests best two in three held."""
    random, runs, held, error = np.random.default_rng(4), 1_500, 0, 0.2
    for _ in range(runs):
        lifts = random.normal(0, spread, 5)
        prior = learn([(measured, error) for measured in random.normal(lifts, error).tolist()])
        true = float(random.normal(0, spread))
        found = posterior(Estimate(1.0, 0.0, float(random.normal(true, error)), 0.0, error**2, 0.0, 100, 100), prior)
        held += found.low <= true <= found.high
    assert held / runs >= 0.92
