"""Every rail's exam: where there is something to learn it beats its floor, where there is not it is not published."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from app.core.ids import ProductId
from app.core.recommend.cascade import recommend
from app.core.recommend.evaluate import EXAM_DAYS, LEAST_QUESTIONS
from app.core.recommend.interactions import Baskets, baskets_of
from app.core.recommend.models import co_view
from app.core.recommend.models.outcome import Chosen, Material, Outcome
from app.core.recommend.models.training import build, fit_both, learn
from app.core.recommend.questions import cart_questions, complement_questions, customer_questions, pair_questions
from app.core.recommend.rails import Question
from app.core.recommend.scorers import served
from app.core.recommend.served import ServedModel
from app.core.recommend.sessions import sessions_of, suffice, telling
from app.core.recommend.shopper import NOBODY
from app.core.recommend.types import Rail, ReasonCode, Strategy
from tests.models.worlds import TODAY, changed_minds, no_structure, planted_pairs, tasteful


def examined(material: Material) -> Outcome:
    return learn(material, today=TODAY)


# -- the floor -------------------------------------------------------------------------------------------------------


def test_no_model_that_does_not_beat_its_floor_is_published() -> None:
    baskets = changed_minds()
    material = Material(baskets, sessions=baskets, groups=hits_apart(baskets))
    outcome = examined(material)
    model = build(material, outcome, today=TODAY)
    for exam in outcome.exams.values():
        assert exam.result.questions >= LEAST_QUESTIONS
        # Where nothing is sure to go together, there is no look, and what is popular is all that is ranked.
        assert exam.result.high < 0 or exam.rail in (Rail.COMPLETE_THE_LOOK, Rail.BUY_AGAIN)
        assert exam.result.high <= 0 or exam.rail is Rail.BUY_AGAIN
    assert outcome.note.count("the model did not beat what is popular in the exam") == len(Rail) - 1
    assert "Buy again: the model did not beat what customers had bought most often" in outcome.note
    assert (model.strategy, model.for_you, model.rails) == (Strategy.TRENDING, Strategy.TRENDING, frozenset())
    assert set(model.arrays()) == {"item_ids", "neighbours", "popularity", "item_groups"}
    assert model.neighbours.size == 0


def hits_apart(baskets: Baskets) -> npt.NDArray[np.int32]:
    """Two kinds within every taste, and a third of what guests buy."""
    kind = np.where(baskets.items < 1000 + 4 * 24, baskets.items % 2, 2)
    return np.asarray(kind, dtype=np.int32)


# -- for you ---------------------------------------------------------------------------------------------------------


def test_where_customers_have_tastes_the_factors_beat_trending_and_are_published() -> None:
    baskets = tasteful()
    outcome = examined(Material(baskets))
    exam = outcome.exams[Rail.FOR_YOU]
    model = build(Material(baskets), outcome, today=TODAY)
    assert exam.passed
    assert exam.result.low > 0
    assert (outcome.for_you, model.for_you) == (exam.strategy, exam.strategy)
    assert (model.factors is not None) == (exam.strategy is Strategy.ALS)
    assert set(exam.as_json()["rivals"]) == {"als", "item_item"}
    assert set(exam.as_json()["all_items"]) == {"als", "item_item", "trending", "questions"}


def test_nothing_of_customers_and_carts_is_chosen_by_looking_at_the_exam_part() -> None:
    baskets = tasteful(people=400)
    item = baskets.item.copy()
    start = int(baskets.starts[len(baskets.between(0, TODAY + 1 - EXAM_DAYS))])
    item[start:] = (item[start:] + 37) % len(baskets.items)
    first, other = (examined(Material(one, groups=kinds(one, 4))) for one in (baskets, replace(baskets, item=item)))
    assert first.chosen == other.chosen
    assert first.exams[Rail.FOR_YOU].strategy is other.exams[Rail.FOR_YOU].strategy
    assert first.exams[Rail.FOR_YOU].result != other.exams[Rail.FOR_YOU].result


def test_guests_alone_are_nobody_to_ask() -> None:
    outcome = examined(Material(planted_pairs()))
    exam = outcome.exams[Rail.FOR_YOU]
    assert (exam.result.questions, exam.passed) == (0, False)
    assert "there are 0" in exam.note(frozenset())
    assert exam.note(frozenset()).endswith("trending is shown instead")
    assert Rail.BOUGHT_TOGETHER in outcome.passed
    assert "there are 0; what goes with the last looks is shown instead, then trending" in outcome.note


def test_a_customer_is_asked_about_what_is_new_to_them_given_what_they_bought_last() -> None:
    rows = [(0, 1, 10), (0, 1, 20), (1, 1, 30), (2, 2, 10), (5, 1, 20), (5, 1, 40), (6, 1, 50), (7, 3, 10), (8, 0, 10)]
    day, customer, product = (np.array(column) for column in zip(*rows, strict=True))
    baskets = baskets_of(day, product, day.astype(np.int32), customer=customer)
    before, window = baskets.between(0, 5), baskets.between(5, 9)
    (new,) = customer_questions(before, window, only_new=True)
    (whole,) = customer_questions(before, window, only_new=False)
    assert set(new.given) == {10, 20, 30}
    assert new.given[0] == 30
    assert baskets.items[new.others].tolist() == [40]
    assert sorted(baskets.items[new.left_out].tolist()) == [10, 20, 30]
    assert (baskets.items[whole.others].tolist(), whole.left_out.tolist()) == ([20, 40], [])


# -- goes well with your cart ----------------------------------------------------------------------------------------


def test_a_cart_never_holds_what_is_asked_for_nor_more_than_five_products() -> None:
    baskets = tasteful(people=50)
    big = baskets_of(np.zeros(9, dtype=np.int64), np.arange(9), np.zeros(9, dtype=np.int32))
    assert cart_questions(planted_pairs(orders=50)) == []
    for question in [*cart_questions(big), *cart_questions(baskets)]:
        assert 2 <= len(question.given) <= 5
        assert not set(question.left_out.tolist()) & set(question.others.tolist())
    (only,) = cart_questions(big)
    assert (len(only.given), len(only.others)) == (5, 4)


def test_the_exam_of_carts_ranks_what_the_rail_shows() -> None:
    baskets = planted_pairs()
    model, _ = fit_both(Material(baskets, groups=kinds(baskets, 4)), Chosen(), today=TODAY)
    for first in (Strategy.ITEM_ITEM, Strategy.COMPLEMENTS):
        passed = replace(model, goes_well=first, rails=frozenset({Rail.GOES_WELL}))
        cart = tuple(ProductId(int(product)) for product in baskets.items[[3, 30, 60]])
        sources = ServedModel.of(passed).sources(Rail.GOES_WELL, NOBODY)
        shown = recommend(Question(Rail.GOES_WELL, cart=cart).for_shopper(), sources, lambda _product: True).items
        scores = served(passed, Rail.GOES_WELL)(cart)
        best = baskets.items[np.argsort(-scores)[: len(shown)]]
        assert shown[0].reason.code == (
            ReasonCode.BOUGHT_TOGETHER if first is Strategy.ITEM_ITEM else ReasonCode.COMPLETES_THE_LOOK
        )
        assert best.tolist() == [item.product_id for item in shown]


# -- complete the look -----------------------------------------------------------------------------------------------


def kinds(baskets: Baskets, period: int) -> npt.NDArray[np.int32]:
    """Neighbours in the catalogue are of different kinds, so that planted partners complete each other."""
    return np.asarray(baskets.items % period, dtype=np.int32)


def test_partners_of_different_kinds_complete_the_look() -> None:
    baskets = planted_pairs()
    material = Material(baskets, groups=kinds(baskets, 4))
    outcome = examined(material)
    model = build(material, outcome, today=TODAY)
    assert outcome.exams[Rail.COMPLETE_THE_LOOK].result.low > 0
    assert Rail.COMPLETE_THE_LOOK in model.rails
    assert model.complementing is not None
    assert model.groups is not None
    for row, near in enumerate(model.complementing["index"]):
        assert model.groups[row] not in model.groups[near[near >= 0]]


def test_without_kinds_there_is_no_look_and_the_note_says_why() -> None:
    material = Material(planted_pairs())
    outcome = examined(material)
    assert "Complete the look: the products have neither types nor collections" in outcome.note
    assert build(material, outcome, today=TODAY).complementing is None


def test_a_look_is_only_asked_for_and_ranked_among_other_kinds() -> None:
    baskets = planted_pairs(orders=300)
    groups = kinds(baskets, 4)
    groups[::10] = -1
    asked = complement_questions(baskets, groups)
    assert asked
    for question in asked:
        given = groups[np.searchsorted(baskets.items, question.given[0])]
        assert question.among is not None
        assert given >= 0
        assert question.among[question.others].all()
        assert set(groups[question.among].tolist()).isdisjoint({-1, int(given)})


# -- also viewed -----------------------------------------------------------------------------------------------------


def test_views_of_one_session_are_learnt_and_published() -> None:
    baskets, sessions = planted_pairs(orders=600), planted_pairs(orders=3000, days=20, seed=9)
    material = Material(baskets, sessions=sessions)
    outcome = examined(material)
    model = build(material, outcome, today=TODAY)
    assert outcome.exams[Rail.ALSO_VIEWED].result.low > 0
    assert model.viewed is not None
    assert Rail.ALSO_VIEWED in model.rails


def test_views_without_structure_are_not_told_from_what_is_popular() -> None:
    assert co_view.learn(no_structure()).exam.result.low <= 0.02


def test_too_few_sessions_fail_the_exam_whatever_the_figures_are() -> None:
    sessions = planted_pairs(orders=700, seed=9)
    exam = co_view.learn(sessions).exam
    assert not exam.passed
    assert "the exam needs 200 sessions" in exam.note(frozenset())


def test_exactly_enough_sessions_are_enough_to_ask() -> None:
    sessions = telling(planted_pairs(orders=3000, seed=9))
    enough = sessions.part(0, 5 * LEAST_QUESTIONS)
    assert suffice(enough, LEAST_QUESTIONS)
    assert not suffice(sessions.part(0, 5 * LEAST_QUESTIONS - 1), LEAST_QUESTIONS)
    assert co_view.learn(enough).exam.result.questions == LEAST_QUESTIONS


def test_parameters_of_views_are_chosen_without_looking_at_their_exam_part() -> None:
    sessions = telling(planted_pairs(orders=2000, seed=9))
    item = sessions.item.copy()
    start = int(sessions.starts[len(sessions) - len(sessions) // 5])
    item[start:] = (item[start:] + 37) % len(sessions.items)
    assert co_view.learn(replace(sessions, item=item)).parameters == co_view.learn(sessions).parameters


def test_no_sessions_and_one_session_are_no_trouble() -> None:
    sessions = planted_pairs(orders=2)
    for number in (0, 1):
        assert not co_view.learn(sessions.part(0, number)).exam.passed


def test_crawlers_and_single_looks_are_not_learnt_from() -> None:
    sizes = [1, 2, 100, 101]
    session = np.repeat(np.arange(4, dtype=np.int64), sizes)
    product = np.concatenate([np.arange(size, dtype=np.int64) for size in sizes])
    assert telling(sessions_of(session, product, np.zeros(len(session), dtype=np.int32))).sizes.tolist() == [2, 100]


def test_sessions_numbered_browser_by_browser_come_in_the_order_of_their_days() -> None:
    session = np.array([0, 0, 1, 1, 2], dtype=np.int64)
    product = np.array([5, 6, 7, 8, 9], dtype=np.int64)
    day = np.array([9, 10, 3, 3, 9], dtype=np.int32)
    found = sessions_of(session, product, day)
    assert found.day.tolist() == [3, 9, 9]
    assert [found.items[found.of(n)].tolist() for n in range(3)] == [[7, 8], [5, 6], [9]]


def test_a_session_is_one_question() -> None:
    assert len(pair_questions(telling(planted_pairs(orders=100)))) == len(telling(planted_pairs(orders=100)))
