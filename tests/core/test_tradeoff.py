"""The table of what a slider costs and brings, on answers whose figures can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.recommend.histories import History
from app.core.recommend.protocols.exam import Case
from app.core.recommend.signals.types import Scores
from app.core.recommend.steering import OFF, Steering
from app.core.recommend.tradeoff import SETTINGS, SLIDERS, About, Measured, gini, grid, table, trade_off

ABOUT = About(
    popularity=np.array([7, 3, 1, 1, 0, 0], dtype=np.float32),
    kind=np.array([0, 0, 0, 1, 1, -1], dtype=np.int32),
    vectors=np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 0]], dtype=np.float32),
)


def case(*history: int, targets: tuple[int, ...]) -> Case:
    item = np.array(history, dtype=np.int32)
    return Case(History(item, np.arange(len(item), dtype=np.int32)), np.array(targets, dtype=np.int32), 0)


def in_order(history: History, *, only_new: bool) -> Scores:
    return np.array([6, 5, 4, 3, 2, 1], dtype=np.float32)


def test_the_figures_of_a_ranking_that_is_the_same_for_all() -> None:
    cases = [case(3, 0, targets=(0, 4)), case(0, targets=(2,))]
    found = trade_off(in_order, cases, ABOUT, [OFF], k=2)[0].values
    assert found["recall"] == pytest.approx((0.5 + 0.0) / 2)
    assert found["ndcg"] == pytest.approx(1 / (1 + 1 / np.log2(3)) / 2)
    assert found["coverage"] == pytest.approx(2 / 6)
    assert found["novelty"] == pytest.approx(-np.log2([8 / 18, 4 / 18]).mean())
    assert found["alike"] == 1.0
    assert found["kinds"] == 1.0
    divergence = 0.5 * np.log(0.5 / (0.99 + 0.005)) + 0.5 * np.log(0.5 / 0.005)
    assert found["off_mix"] == pytest.approx((divergence + np.log(1.0)) / 2)


def test_variety_brings_what_it_promises_in_the_same_table() -> None:
    cases = [case(0, targets=(1,)), case(0, targets=(1,))]
    off, varied = trade_off(in_order, cases, ABOUT, [OFF, Steering(diversity=1)], k=2)
    assert varied.values["alike"] == 0.0 < off.values["alike"]
    assert varied.values["ndcg"] == 0.0 < off.values["ndcg"]
    assert "| diversity 1 | 0.0000 (-100.0: -100.0 to -100.0) |" in table([off, varied])


def test_a_change_in_accuracy_has_the_interval_of_the_paired_differences() -> None:
    values = {"ndcg": 0.0}
    before = Measured(OFF, values, np.array([0.2, 0.4, 0.6, 0.8]))
    after = Measured(Steering(diversity=1), values, np.array([0.1, 0.4, 0.5, 0.8]))
    found = after.change_from(before)
    assert found is not None
    error = np.std([-0.1, 0.0, -0.1, 0.0], ddof=1) / 2
    assert found == pytest.approx((-0.1, -0.1 - 1.96 * error / 0.5, -0.1 + 1.96 * error / 0.5))
    assert after.change_from(Measured(OFF, values, np.zeros(4))) is None
    assert after.change_from(Measured(OFF, values, np.array([0.5]))) is None, "one question has no spread"


def test_known_items_are_left_out_where_only_new_ones_are_asked_for() -> None:
    cases = [case(0, 1, targets=(0, 2)), case(4, targets=(4,))]
    found = trade_off(in_order, cases, ABOUT, [OFF], k=1, only_new=True)[0].values
    assert found["recall"] == 1.0, "the second question has no new answer"
    assert found["coverage"] == pytest.approx(1 / 6)


@pytest.mark.parametrize("score", [float("nan"), -3.0, 0.0])
def test_scores_that_say_nothing_fill_the_rail_with_what_sells(score: float) -> None:
    def silent(history: History, *, only_new: bool) -> Scores:
        return np.full(6, score, dtype=np.float32)

    found = trade_off(silent, [case(5, targets=(0, 1))], ABOUT, grid(), k=2)
    assert found[0].values["recall"] == 1.0
    assert len(found) == 1 + len(SETTINGS) * len(SLIDERS)


def test_nothing_asked_is_measured_as_nothing() -> None:
    found = trade_off(in_order, [], ABOUT, [OFF])[0].values
    assert np.isnan(found["ndcg"])
    assert found["coverage"] == 0.0
    assert "nan" in table(trade_off(in_order, [], ABOUT, [OFF]))


def test_the_gini_coefficient_is_0_when_all_are_alike_and_near_1_for_one_alone() -> None:
    assert gini(np.array([5, 5, 5])) == pytest.approx(0.0)
    assert gini(np.array([0, 0, 0, 9])) == pytest.approx(0.75)
    assert gini(np.array([0, 0])) == 0.0
