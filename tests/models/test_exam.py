"""One exam for every model: on a world with planted pairs it beats its floor, without structure it cannot."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.core.recommend import evaluate, metrics
from app.core.recommend.interactions import Baskets
from app.core.recommend.models import item_item, trending
from app.core.recommend.models.item_item import Parameters
from app.core.recommend.models.outcome import Material, Outcome
from app.core.recommend.models.training import build, learn
from app.core.recommend.questions import pair_questions
from app.core.recommend.scorers import Scorer, beside, popular
from app.core.recommend.scoring import ItemModel
from tests.models.worlds import TODAY, VERSION, no_structure, planted_pairs

CUT = TODAY + 1 - evaluate.EXAM_DAYS
RECOMMENDERS: dict[str, Callable[[Baskets], ItemModel]] = {
    "item_item": lambda part: item_item.fit(
        part, Parameters(), today=CUT, trending_half_life=28.0, version=VERSION, threads=1
    ),
}


def learn_orders(baskets: Baskets) -> Outcome:
    return learn(Material(baskets), today=TODAY)


def floor(part: Baskets) -> ItemModel:
    return trending.fit(part, today=CUT, half_life=28.0, version=VERSION)


@pytest.mark.parametrize("name", RECOMMENDERS)
def test_a_recommender_beats_its_floor_where_pairs_are_planted(name: str) -> None:
    baskets = planted_pairs()
    part, asked = baskets.between(0, CUT), pair_questions(baskets.between(CUT, TODAY + 1))
    result = evaluate.examine(beside(RECOMMENDERS[name](part)), popular(floor(part)), asked)
    assert result.passed
    assert result.model["hr@10"] > 1.2 * result.floor["hr@10"]
    assert result.low > 0


def test_trending_beats_knowing_nothing() -> None:
    baskets = planted_pairs()
    part, asked = baskets.between(0, CUT), pair_questions(baskets.between(CUT, TODAY + 1))
    assert evaluate.score(popular(floor(part)), asked) > evaluate.score(ignorant(len(baskets.items)), asked)


def ignorant(items: int) -> Scorer:
    """Scores everything alike."""
    return lambda _given: np.ones(items)


def test_a_model_that_scores_everything_alike_has_no_hits() -> None:
    baskets = planted_pairs(orders=1000)
    assert evaluate.score(ignorant(len(baskets.items)), pair_questions(baskets)) == 0.0


def test_parameters_are_chosen_without_looking_at_the_exam_part() -> None:
    baskets = planted_pairs()
    blind = baskets.between(0, CUT)
    altered = _with_other_exam(baskets)
    assert learn_orders(baskets).chosen == learn_orders(altered).chosen
    assert len(blind) < len(altered)


def _with_other_exam(baskets: Baskets) -> Baskets:
    """The same history with the products of the exam part shuffled."""
    item = baskets.item.copy()
    start = int(baskets.starts[len(baskets.between(0, CUT))])
    item[start:] = (item[start:] + 37) % len(baskets.items)
    return Baskets(baskets.items, baskets.starts, item, baskets.day, baskets.customer)


def test_too_few_orders_fail_the_exam_whatever_the_figures_are() -> None:
    outcome = learn_orders(planted_pairs(orders=400))
    assert outcome.result.questions < evaluate.LEAST_QUESTIONS
    assert not outcome.result.passed
    assert "the exam needs 200 orders" in outcome.note


def test_without_structure_the_difference_is_not_told_from_nothing() -> None:
    baskets = no_structure()
    outcome = learn_orders(baskets)
    assert outcome.result.low <= 0.02


@pytest.mark.parametrize("orders", [0, 1])
def test_an_empty_history_and_a_single_order_are_no_trouble(orders: int) -> None:
    baskets = planted_pairs(orders=1).between(0, TODAY + 1 if orders else 0)
    outcome = learn_orders(baskets)
    model = build(Material(baskets), outcome, today=TODAY, version=VERSION)
    assert not outcome.passed
    assert len(list(model.trending())) == (len(baskets.item) if orders else 0)
    assert len(model.neighbours) == len(baskets.items)


def test_a_question_never_asks_for_the_given_product() -> None:
    baskets = planted_pairs(orders=300)
    for question in pair_questions(baskets):
        assert not set(question.left_out.tolist()) & set(question.others.tolist())
        assert len(question.others) >= 1


# -- metrics ---------------------------------------------------------------------------------------------------------

SCORES = some.lists(some.integers(0, 5), min_size=3, max_size=30).map(lambda values: np.array(values, dtype=np.float64))


@given(SCORES, some.data())
def test_the_rank_of_the_best_target_equals_sorting_with_targets_last_among_equals(
    scores: npt.NDArray[np.float64], data: some.DataObject
) -> None:
    given_at = data.draw(some.integers(0, len(scores) - 1))
    rest = [place for place in range(len(scores)) if place != given_at]
    targets = data.draw(some.sets(some.sampled_from(rest), min_size=1))
    ranked = sorted(rest, key=lambda place: (-scores[place], place in targets))
    expected = [rank for rank, place in enumerate(ranked, start=1) if place in targets]
    chosen = np.array(sorted(targets))
    left_out = np.array([given_at])
    assert metrics.rank_of_best(scores, chosen, left_out) == expected[0]
    assert metrics.ranks_of(scores, chosen, left_out).tolist() == expected


@given(SCORES, some.data())
def test_items_that_are_not_among_the_ranked_ones_stand_in_nobodys_way(
    scores: npt.NDArray[np.float64], data: some.DataObject
) -> None:
    among = np.array(data.draw(some.lists(some.booleans(), min_size=len(scores), max_size=len(scores))))
    among[data.draw(some.integers(0, len(scores) - 1))] = True
    targets = np.flatnonzero(among)[:1]
    few = np.flatnonzero(among)
    nobody = np.array([], dtype=np.int64)
    expected = metrics.rank_of_best(scores[few], np.searchsorted(few, targets), nobody)
    assert metrics.rank_of_best(scores, targets, nobody, among) == expected


def test_metrics_have_their_published_values() -> None:
    ranks = np.array([1, 3, 11], dtype=np.int64)
    assert metrics.hit_rate(ranks, 10) == pytest.approx(2 / 3)
    assert metrics.reciprocal_rank(ranks, 10) == pytest.approx((1 + 1 / 3) / 3)
    assert metrics.recall(ranks, 10) == pytest.approx(2 / 3)
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    assert metrics.ndcg(ranks, 10) == pytest.approx((1 + 1 / np.log2(4)) / ideal)


def test_metrics_of_nothing_are_zero() -> None:
    nothing = np.array([], dtype=np.int64)
    for metric in (metrics.hit_rate, metrics.reciprocal_rank, metrics.recall, metrics.ndcg):
        assert metric(nothing, 10) == 0.0
