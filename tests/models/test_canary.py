"""A canary's rules: who gets it, and what it takes to be taken back or used by all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.core.experiments.assign import Assigned, Plan
from app.core.experiments.sums import sums_of
from app.core.experiments.types import UNCHANGED, Treatment, Unit
from app.core.ids import ModelVersion
from app.core.recommend.canary import (
    Canary,
    Ruling,
    Served,
    Stage,
    Trial,
    compares_models,
    evidence,
    judge_canary,
)
from app.core.recommend.watched_days import DAYS_BEFORE, Day, chance_of, judge_days
from tests.experiments.running import experiment

BEGAN = datetime(2026, 3, 2, 3, tzinfo=UTC)
TRIAL = Trial(ModelVersion("new"), ModelVersion("old"), Stage.CANARY, 0.1, 20.0, BEGAN)
SOON = BEGAN + timedelta(hours=1)


def served(
    visitors: int, rate: float, *, seed: int = 1, troubled_units: int = 0, troubled: int | None = None
) -> Served:
    """Visitors who see eight cards each and click on one with this chance."""
    clicks = np.random.default_rng(seed).random(visitors) < rate
    cards = np.full(visitors, 8.0)
    sums = sums_of(clicks.astype(float), denominators=cards) if visitors else Served().clicks
    return Served(sums, visitors, 2 * visitors, troubled_units if troubled is None else troubled, troubled_units)


def test_a_share_of_visitors_gets_it_and_always_the_same_ones() -> None:
    units = [Unit(f"{number:032x}") for number in range(20_000)]
    canary = Canary(ModelVersion("v2"), 0.1)
    taken = {unit for unit in units if canary.takes(unit)}
    assert 0.09 < len(taken) / len(units) < 0.11
    assert taken == {unit for unit in units if canary.takes(unit)}
    wider = {unit for unit in units if Canary(ModelVersion("v2"), 0.2).takes(unit)}
    assert taken < wider


def test_the_next_version_is_tried_on_other_visitors() -> None:
    units = [Unit(f"{number:032x}") for number in range(20_000)]
    both = [u for u in units if Canary(ModelVersion("a"), 0.1).takes(u) and Canary(ModelVersion("b"), 0.1).takes(u)]
    assert 0.005 < len(both) / len(units) < 0.015


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (1.0, 100)])
def test_nobody_and_everybody_are_exact(share: float, expected: int) -> None:
    canary = Canary(ModelVersion("v"), share)
    assert sum(canary.takes(Unit(str(number))) for number in range(100)) == expected


def test_an_experiment_that_compares_versions_keeps_its_visitors_to_itself() -> None:
    versions = experiment(1, UNCHANGED, Treatment(model_version=ModelVersion("v1")))
    other = experiment(2)
    assert compares_models(Plan(assigned=(Assigned(versions, versions.control),)))
    assert not compares_models(Plan(assigned=(Assigned(other, other.arms[1]),)))


def test_one_as_good_as_the_model_in_use_waits_for_its_time_and_is_then_used_by_all() -> None:
    new, old = served(500, 0.1), served(4_500, 0.1, seed=2)
    assert judge_canary(TRIAL, new, old, SOON).ruling is Ruling.WAIT
    assert judge_canary(TRIAL, new, old, BEGAN + timedelta(hours=20)).ruling is Ruling.PASS


def test_one_that_nobody_came_to_see_passes_when_its_time_is_over() -> None:
    verdict = judge_canary(TRIAL, Served(), Served(), BEGAN + timedelta(hours=21))
    assert verdict.ruling is Ruling.PASS
    assert "lift" not in verdict.figures


def test_a_training_that_comes_early_ends_only_a_trial_that_has_told_something() -> None:
    def closing(hours: float) -> Ruling:
        return judge_canary(TRIAL, Served(), Served(), BEGAN + timedelta(hours=hours), closing=True).ruling

    assert (closing(4.9), closing(5.1)) == (Ruling.WAIT, Ruling.PASS)


def test_one_that_is_clicked_less_goes_back_before_its_time_is_over() -> None:
    verdict = judge_canary(TRIAL, served(3_000, 0.05), served(27_000, 0.1, seed=2), SOON)
    assert verdict.ruling is Ruling.TAKE_BACK
    assert "clicked less" in verdict.reason
    assert verdict.figures["lift"]["high"] < 0


def test_one_that_nobody_clicks_goes_back_although_no_interval_can_be_told() -> None:
    verdict = judge_canary(TRIAL, served(200, 0.0), served(1_800, 0.1, seed=2), SOON)
    assert verdict.ruling is Ruling.TAKE_BACK
    assert "0 of" in verdict.reason


def test_one_that_is_clearly_no_worse_is_used_by_all_early() -> None:
    verdict = judge_canary(TRIAL, served(30_000, 0.13), served(270_000, 0.1, seed=2), SOON)
    assert verdict.ruling is Ruling.PASS
    assert "excluded" in verdict.reason


def test_failing_sources_take_it_back_above_the_limit_and_not_below() -> None:
    old = served(1_800, 0.1, seed=2, troubled_units=4)
    failing = served(200, 0.1, troubled_units=40)
    assert judge_canary(TRIAL, failing, old, SOON).ruling is Ruling.TAKE_BACK
    assert judge_canary(TRIAL, replace(failing, troubled=4), old, SOON).ruling is Ruling.WAIT


def test_one_visitor_with_many_failures_does_not_condemn_a_model() -> None:
    failing = served(200, 0.1, troubled_units=1, troubled=100)
    assert judge_canary(TRIAL, failing, served(1_800, 0.1, seed=2), SOON).ruling is Ruling.WAIT


def test_an_equally_good_canary_is_hardly_ever_taken_back_however_often_one_looks() -> None:
    """150 trials, looked at 20 times each: at most 5 % may ever be taken back. Most that are half as good are."""
    generator = np.random.default_rng(11)
    assert sum(_ever_taken_back(generator, 1.0) for _ in range(150)) <= 0.05 * 150
    assert sum(_ever_taken_back(generator, 0.5) for _ in range(40)) >= 32


def _ever_taken_back(generator: np.random.Generator, effect: float) -> bool:
    visitors = 12_000
    is_new = generator.random(visitors) < 0.1
    liking = generator.gamma(0.5, 0.2, visitors) * np.where(is_new, effect, 1.0)
    cards = generator.geometric(0.1, visitors).astype(float)
    clicks = generator.poisson(liking * cards / 10).astype(float)
    for end in range(600, visitors + 1, 600):
        new, old = (
            Served(sums_of(clicks[:end][mask], denominators=cards[:end][mask]))
            for mask in (is_new[:end], ~is_new[:end])
        )
        if judge_canary(TRIAL, new, old, SOON).ruling is Ruling.TAKE_BACK:
            return True
    return False


def test_evidence_against_a_fair_split_is_rarely_large_at_any_time() -> None:
    """Ville's inequality: of fair splits, at most 1 in 20 ever reaches 20."""
    generator = np.random.default_rng(7)
    reached = 0
    for _ in range(150):
        hits = np.cumsum(generator.random(200) < 0.1)
        reached += any(evidence(int(k), n, 0.1, fewer=False) >= 20 for n, k in enumerate(hits.tolist(), start=1))
    assert reached <= 0.05 * 150


def test_evidence_grows_in_its_own_direction_only() -> None:
    assert evidence(0, 100, 0.1, fewer=True) > 100
    assert evidence(0, 100, 0.1, fewer=False) < 1
    assert evidence(40, 100, 0.1, fewer=False) > 100
    assert evidence(40, 100, 0.1, fewer=True) < 1
    assert evidence(0, 0, 0.1, fewer=True) == pytest.approx(1.0)
    assert evidence(100_000, 1_000_000, 0.1, fewer=True) < 1
    assert evidence(0, 1_000_000, 0.1, fewer=True) > 1e100


# -- after everybody has got it --------------------------------------------------------------------------------------

LIVE = replace(TRIAL, stage=Stage.LIVE, live_at=BEGAN)


def days(rates: list[float], *, after: list[float], cards: int = 5_000) -> list[Day]:
    numbered = [*zip(range(-len(rates), 0), rates, strict=True), *enumerate(after)]
    return [Day(number, cards, round(cards * rate), 1_000, 0) for number, rate in numbered]


USUAL = [0.040, 0.042, 0.038, 0.041, 0.039, 0.043, 0.037, 0.040, 0.041, 0.040]


def test_a_day_like_those_before_keeps_it_and_three_end_the_watch() -> None:
    assert judge_days(LIVE, days(USUAL, after=[0.038]), 1.2).ruling is Ruling.WAIT
    assert judge_days(LIVE, days(USUAL, after=[0.038, 0.04, 0.041]), 3.0).ruling is Ruling.PASS


def test_a_day_far_below_those_before_takes_it_back_once_it_is_over() -> None:
    fallen = days(USUAL, after=[0.02])
    assert judge_days(LIVE, fallen, 0.9).ruling is Ruling.WAIT
    assert judge_days(LIVE, fallen, 1.0).ruling is Ruling.TAKE_BACK


@pytest.mark.parametrize(
    ("before", "cards"),
    [(USUAL[:5], 5_000), (USUAL, 100), ([0.02, 0.06, 0.03, 0.05, 0.08, 0.01, 0.04, 0.07], 5_000)],
    ids=["too few days", "too few cards", "days that differ as much"],
)
def test_where_days_tell_too_little_nothing_is_concluded(before: list[float], cards: int) -> None:
    assert judge_days(LIVE, days(before, after=[0.02], cards=cards), 1.0).ruling is Ruling.WAIT


def test_a_small_fall_is_tolerated_however_alike_the_days_were() -> None:
    assert judge_days(LIVE, days([0.04] * DAYS_BEFORE, after=[0.0365]), 1.0).ruling is Ruling.WAIT


def test_failures_take_it_back_within_its_first_hours() -> None:
    failing = [*days(USUAL, after=[]), Day(0, 1_000, 40, 400, 30)]
    assert judge_days(LIVE, failing, 0.1).ruling is Ruling.TAKE_BACK
    assert judge_days(replace(LIVE, incumbent=None), failing, 0.1).ruling is Ruling.WAIT


def test_the_chance_of_a_low_value_is_students() -> None:
    """t = -2.5 with 9 degrees of freedom: 0.016941 (tables of the t distribution)."""
    earlier = [float(value) for value in range(10)]
    spread = float(np.std(earlier, ddof=1)) * np.sqrt(1.1)
    assert chance_of(4.5 - 2.5 * spread, earlier) == pytest.approx(0.016941, abs=2e-5)
    assert chance_of(4.5 + 2.5 * spread, earlier) == pytest.approx(1 - 0.016941, abs=2e-5)
    assert (chance_of(0.9, [1.0, 1.0]), chance_of(1.0, [1.0, 1.0])) == (0.0, 1.0)
