"""Off-policy estimates: the arithmetic by hand, the truth of simulated logs, and words for logs that can't tell."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from app.cli.bench.statistics_off_policy import measure, simulated, simulated_rail
from app.core.experiments.click_model import ClickModel
from app.core.experiments.explore import draw
from app.core.experiments.influence import Groups, Value
from app.core.experiments.off_policy import BadLog, Estimates, NoOverlap, Warn, estimate
from app.core.experiments.replay import LoggedAnswers, replay
from app.core.ids import ProductId
from tests.conftest import real_data

REWARDS, LOGGED, TARGET = [1.0, 0.0, 1.0, 0.0], [0.5, 0.25, 0.5, 0.25], [0.5, 1.0, 0.0, 0.0]
"""Weights 1, 4, 0, 0."""


def test_the_estimators_by_hand() -> None:
    found = estimate(REWARDS, LOGGED, TARGET, [0.5, 0.5, 0.5, 0.5], [0.25, 0.25, 0.75, 0.75])
    assert found.logged.value == 0.5
    assert found.ips.value == 1 / 4
    assert found.snips.value == 1 / 5
    assert found.dr is not None
    assert found.dr.value == pytest.approx((0.25 + 0.5 + 0.25 - 4 * 0.5 + 0.75 + 0.75) / 4)
    assert found.effective_sample_size == pytest.approx(25 / 17)
    assert found.rewarded == pytest.approx(25 / 17 / 5)


def test_a_target_like_the_log_earns_what_the_log_did() -> None:
    found = estimate(REWARDS, LOGGED, LOGGED)
    assert found.ips == found.snips == found.logged
    assert (found.gain.value, found.gain.low, found.gain.high) == (0.0, 0.0, 0.0)
    assert found.effective_sample_size == 4


def test_clipping_is_stated_with_what_it_does() -> None:
    found = estimate(REWARDS, [0.5, 0.25, 0.5, 0.25], [0.5, 1.0, 1.0, 0.0], clip=1.5)
    assert found.ips.value == pytest.approx((1 + 1.5) / 4)
    assert found.clipping.rows == 2
    assert found.clipping.removed == pytest.approx(1 - 4 / 7)
    assert found.clipping.unclipped == pytest.approx(3 / 4)
    assert Warn.CLIPPED in found.warnings
    assert Warn.CLIPPED not in estimate(REWARDS, LOGGED, TARGET).warnings


def test_rows_in_which_the_log_had_no_choice_are_the_models_alone() -> None:
    possible = [True, True, False, True]
    found = estimate(REWARDS, LOGGED, [0.5, 1.0, 1.0, 0.0], [0.0] * 4, [0.1, 0.1, 0.9, 0.1], possible=possible)
    assert found.possible == 0.75
    assert found.ips.value == pytest.approx(1 / 3)
    assert found.snips.value == pytest.approx(1 / 5)
    assert found.dr is not None
    assert found.dr.value == pytest.approx((0.1 + 1 + 0.1 + 0.9 + 0.1) / 4)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rewards": [], "logged": [], "target": []}, "the log is empty"),
        ({"logged": [0.5, 0.0, 0.5, 0.5]}, "a chance above 0"),
        ({"logged": [0.5, 1.5, 0.5, 0.5]}, "at most 1"),
        ({"target": [0.5, -0.1, 0.5, 0.5]}, "from 0 to 1"),
        ({"rewards": [1.0, np.nan, 0.0, 0.0]}, "rewards hold something that is no number"),
        ({"logged": [0.5, np.nan, 0.5, 0.5]}, "logged chances hold something that is no number"),
        ({"target": [0.5, 0.5]}, "of one length"),
        ({"rewards": [[1.0, 0.0, 0.0, 0.0]]}, "vectors"),
        ({"groups": ["ada"] * 4}, "two visitors at least"),
        ({"groups": ["ada", "bob"]}, "of one length"),
        ({"predicted": [0.5] * 4}, "come together"),
        ({"predicted": [0.5] * 4, "expected": [0.5, 0.5, np.inf, 0.5]}, "expectations hold something"),
        ({"idle": [True, False, False, False]}, "has no chance"),
        ({"clip": 0.0}, "above 0 only"),
        ({"clip": np.nan}, "above 0 only"),
    ],
)
def test_a_log_that_makes_no_sense_is_refused_with_words(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadLog, match=words):
        estimate(**{"rewards": REWARDS, "logged": LOGGED, "target": TARGET, **changes})


@pytest.mark.parametrize("target", [[0.0] * 4, [0.0, 0.0, 1.0, 0.0]])
def test_a_target_that_the_log_never_follows_can_not_be_told(target: list[float]) -> None:
    with pytest.raises(NoOverlap):
        estimate(REWARDS, LOGGED, target, possible=[True, True, False, True])


def test_what_the_log_never_tries_is_noticed() -> None:
    generator = np.random.default_rng(3)
    # Of three actions the log tries two; the target takes the third one in half of all cases.
    action = generator.integers(2, size=4000)
    rewards = generator.random(4000) < 0.1
    aware = estimate(rewards, np.full(4000, 0.5), np.where(action == 0, 0.5, 0.0))
    assert Warn.NO_SUPPORT in aware.warnings
    assert aware.covered.value == pytest.approx(0.5, abs=0.05)
    whole = estimate(rewards, np.full(4000, 0.5), np.where(action == 0, 0.8, 0.2))
    assert whole.warnings == ()


def test_a_handful_of_heavy_rows_is_noticed() -> None:
    generator = np.random.default_rng(4)
    logged = np.where(generator.random(3000) < 0.01, 0.01, 0.99)
    rewards = generator.random(3000) < 0.05
    found = estimate(rewards, logged, np.where(logged < 0.5, 1.0, 0.0))
    assert found.effective_sample_size == pytest.approx((logged < 0.5).sum())
    assert {Warn.FEW_EFFECTIVE, Warn.FEW_REWARDED} <= set(found.warnings)


def test_rows_of_one_visitor_do_not_count_as_many() -> None:
    generator = np.random.default_rng(5)
    of_visitors = generator.random(500) < 0.3
    alone = estimate(of_visitors, [0.5] * 500, [0.5] * 500)
    tenfold = estimate(np.repeat(of_visitors, 10), [0.5] * 5000, [0.5] * 5000, groups=np.repeat(np.arange(500), 10))
    assert tenfold.ips.standard_error == pytest.approx(alone.ips.standard_error)
    assert (tenfold.ips.low, tenfold.ips.high) == pytest.approx((alone.ips.low, alone.ips.high))


def test_the_interval_is_the_normal_one_without_skew_and_leans_to_the_long_tail_with_it() -> None:
    even = Value.mean(np.array([-1.0, 1.0] * 50)).estimate(Groups.of(np.arange(100)))
    assert (even.low, even.high) == pytest.approx(
        (-1.95996 * even.standard_error, 1.95996 * even.standard_error), rel=1e-5
    )
    rare = Value.mean(np.array([1.0] * 10 + [0.0] * 990)).estimate(Groups.of(np.arange(1000)))
    assert rare.high - rare.value > 1.3 * (rare.value - rare.low) > 0


def test_what_is_never_negative_has_no_negative_interval() -> None:
    rewards = [1.0] + [0.0] * 99
    assert estimate(rewards, [0.5] * 100, [0.25] * 100).ips.low >= 0.0
    assert estimate([-1.0, 1.0] * 50, [0.5] * 100, [0.25] * 100).ips.low < 0.0
    # A model that promises too little, and one weighty failure, would make it less than nothing.
    below = estimate(rewards, [0.1] * 100, [0.0] * 99 + [1.0], [0.9] * 100, [0.01] * 100).dr
    assert below is not None
    assert below.value == below.low == 0.0


# -- Rails -----------------------------------------------------------------------------------------------------------


def answers(*rows: tuple[str, int, list[int], list[float], list[bool]]) -> LoggedAnswers:
    """Rows of browser, question, products, propensities, clicks."""
    sizes = [len(row[2]) for row in rows]
    return LoggedAnswers(
        question=np.array([row[1] for row in rows]),
        browser=np.array([row[0] for row in rows]),
        request=np.array([f"r{number}" for number in range(len(rows))]),
        answer=np.repeat(np.arange(len(rows)), sizes),
        place=np.concatenate([np.arange(size) for size in sizes]),
        product=np.concatenate([row[2] for row in rows]),
        propensity=np.concatenate([row[3] for row in rows]),
        clicked=np.concatenate([row[4] for row in rows]),
    )


def lists(**products: list[int]) -> dict[int, list[ProductId]]:
    return {int(name[1:]): [ProductId(one) for one in own] for name, own in products.items()}


def test_places_that_hold_what_the_list_wants_count_by_their_rarity() -> None:
    logged = answers(
        ("ada", 1, [11, 12], [0.5, 0.25], [True, True]),
        ("bob", 1, [13, 12], [0.5, 0.5], [True, False]),
        ("eve", 2, [11, 14], [0.8, 0.5], [False, True]),
    )
    found = replay(logged, lists(q1=[11, 12], q2=[14, 15]))
    # Of the third answer, the list wants 14 first, which stood second, and 15 second.
    assert found.possible == 1.0
    assert found.ips.value == pytest.approx((2 + 4 + 0) / 6)
    assert found.snips.value == pytest.approx((2 + 4) / (2 + 4 + 2))


def test_what_stood_further_up_already_can_not_be_compared() -> None:
    logged = answers(("ada", 0, [12, 11, 13], [0.5] * 3, [True] * 3), ("bob", 0, [11, 14, 13], [0.5] * 3, [False] * 3))
    found = replay(logged, lists(q0=[11, 12, 13]))
    assert found.possible == pytest.approx(5 / 6)


def test_the_click_model_knows_places_products_and_pages() -> None:
    # Pairs: product 0 on two pages, product 1 on one, product 2 never shown.
    pair = np.repeat([0, 1, 2], 400)
    place = np.tile([0, 1], 600)
    clicked = np.zeros(1200, dtype=np.bool_)
    clicked[:400:4] = True
    model = ClickModel.fit(place, pair, clicked, places=2, product_of_pair=np.array([0, 0, 1, 2]))
    first, second, other, unknown = model.by_pair.tolist()
    assert first > 2 * second > 2 * other
    assert unknown == pytest.approx(1.0, abs=0.2)
    rates = model.rate(np.array([0, 1, 0]), np.array([0, 0, -1])).tolist()
    assert rates == [pytest.approx(0.5, abs=0.05), 0.0, 0.0]


def test_the_click_model_tells_a_good_place_from_the_good_products_in_it() -> None:
    generator = np.random.default_rng(8)
    pair = np.where(generator.random(40_000) < 0.9, 0, 1)
    place = np.where(generator.random(40_000) < 0.8, pair, 1 - pair)
    clicked = generator.random(40_000) < np.array([0.4, 0.1])[pair] / (1 + place)
    model = ClickModel.fit(place, pair, clicked, places=2, product_of_pair=np.arange(2))
    assert model.rate(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])) == pytest.approx([0.4, 0.2, 0.1, 0.05], abs=0.02)


def test_the_model_speaks_for_what_stood_further_up() -> None:
    """The list has the log's two favourites the other way round, so that its second place can't be compared."""
    generator = Random(9)
    rows = []
    for number in range(3000):
        drawn = draw([1, 2, 3], 2, 0.2, generator)
        clicks = [generator.random() < {1: 0.1, 2: 0.6, 3: 0.3}[one] / (1 + k) for k, one in enumerate(drawn.items)]
        rows.append((f"v{number}", 0, list(drawn.items), list(drawn.propensities), clicks))
    found = replay(answers(*rows), lists(q0=[2, 1]))
    assert found.possible < 0.6
    assert found.warnings == (Warn.MODELLED,)
    assert found.best.low < (0.6 + 0.1 / 2) / 2 < found.best.high
    assert found.snips.value > found.best.high


def test_a_short_list_leaves_places_empty() -> None:
    logged = answers(("ada", 0, [11, 12], [0.5, 0.5], [True, True]), ("bob", 0, [11, 12], [0.5, 0.5], [True, True]))
    found = replay(logged, lists(q0=[11]))
    assert (found.possible, found.ips.value) == (1.0, 1.0)
    # What is in the first places weighs 2 each, and the nothing in the second ones 1.
    assert found.snips.value == pytest.approx(4 / 6)
    assert found.covered.value == 1.5
    assert found.dr is not None
    assert found.dr.value <= 1.0


def test_revenue_is_estimated_in_its_own_unit() -> None:
    logged = answers(("ada", 0, [11], [0.5], [True]), ("bob", 0, [12], [0.5], [False]), ("eve", 0, [11], [0.5], [True]))
    found = replay(logged, lists(q0=[11]), worth=np.array([500.0, 0.0, 700.0]))
    assert found.ips.value == pytest.approx((1000 + 1400) / 3)
    assert found.snips.value == pytest.approx(600)


@pytest.mark.parametrize("rows", [[], [("ada", 0, [11], [0.5], [True]), ("ada", 1, [12], [0.5], [True])]])
def test_an_empty_log_and_one_of_a_single_browser_are_refused(rows: list[Any]) -> None:
    none = LoggedAnswers(*(np.empty(0, dtype=np.int64) for _ in range(8)))  # type: ignore[arg-type]
    with pytest.raises(BadLog):
        replay(answers(*rows) if rows else none, lists(q0=[11]))


def test_other_numbers_for_products_and_questions_change_nothing() -> None:
    generator = Random(2)
    rows = []
    for number in range(400):
        drawn = draw([1, 2, 3, 4, 5], 3, 0.5, generator)
        clicks = [generator.random() < 0.3 for _ in drawn.items]
        rows.append((f"v{number}", number % 3, list(drawn.items), list(drawn.propensities), clicks))
    plain = replay(answers(*rows), lists(q0=[3, 2, 1], q1=[5, 4, 3], q2=[1, 2, 3]))
    renamed = [(who, 7 - q, [10**15 - p for p in items], *rest) for who, q, items, *rest in rows]
    wanted = {7 - q: [ProductId(10**15 - p) for p in own] for q, own in enumerate(([3, 2, 1], [5, 4, 3], [1, 2, 3]))}
    other = replay(answers(*renamed), wanted)  # type: ignore[arg-type]
    assert best(other) == pytest.approx(best(plain))


def best(found: Estimates) -> tuple[float, float, float]:
    return found.best.value, found.best.low, found.best.high


# -- What is known ---------------------------------------------------------------------------------------------------


def test_the_intervals_hold_the_truth_of_simulated_rails() -> None:
    covered = simulated(60, seed=7)
    for estimator in ("ips", "snips", "dr"):
        assert covered[f"off_policy_coverage_{estimator}"] >= 0.90
        assert abs(covered[f"off_policy_bias_{estimator}"]) < 0.08


def test_the_model_makes_the_estimate_more_precise_than_weighting_alone() -> None:
    found = [simulated_rail(np.random.default_rng(seed))[0] for seed in range(10)]
    errors = np.array([(one.ips.standard_error, one.dr.standard_error) for one in found if one.dr])
    assert (errors[:, 1] < errors[:, 0]).all()


@pytest.mark.realdata
def test_the_bandits_click_rate_is_told_from_the_random_log() -> None:
    found = measure(real_data("open_bandit_zozo/random_men.parquet").parent, runs=1)
    assert found["open_bandit_truth"] == 0.0069
    for estimator in ("ips", "snips", "dr"):
        low, high = found[f"open_bandit_{estimator}_low"], found[f"open_bandit_{estimator}_high"]
        assert low < found["open_bandit_truth"] < high
        # Better than what the random log itself says of the bandit.
        error = abs(found[f"open_bandit_{estimator}"] - found["open_bandit_truth"])
        assert error < found["open_bandit_truth"] - found["open_bandit_random"]
