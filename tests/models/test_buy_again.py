"""The exam of "Buy again": passed where customers keep intervals, not where they don't, and never over guests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.core.recommend.evaluate import EXAM_DAYS, LEAST_QUESTIONS
from app.core.recommend.interactions import Baskets, baskets_of
from app.core.recommend.models import buy_again
from app.core.recommend.models.outcome import Chosen, Material, Outcome
from app.core.recommend.models.training import build
from app.core.recommend.questions import again_questions
from app.core.recommend.types import Rail, Strategy
from tests.models.worlds import TODAY, bought_by, planted_pairs

DAYS = 300
SOON, LATE = 12, 70


def households(*, people: int = 500, seed: int = 7) -> Baskets:
    """Each buys something that is used up within two weeks, more often, and something that lasts ten."""
    generator = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        for usual in (SOON, LATE):
            item = int(generator.integers(8)) + 8 * (usual == LATE)
            day = float(generator.uniform(0, usual))
            while day < DAYS:
                rows.append((int(day), person, item))
                day += usual * float(np.exp(generator.normal(0, 0.15)))
    return bought_by(rows, DAYS)


def without_rhythm(*, people: int = 500, seed: int = 8) -> Baskets:
    """Each has a favourite, taken nine times in ten, on any day, and seven others."""
    generator = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        for day in generator.integers(DAYS, size=20).tolist():
            kind = 0 if generator.random() < 0.9 else 1 + int(generator.integers(7))
            rows.append((day, person, (person % 8) * 8 + kind))
    return bought_by(rows, DAYS)


def parts(baskets: Baskets) -> tuple[Baskets, Baskets]:
    cut = TODAY + 1 - EXAM_DAYS
    return baskets.between(0, cut), baskets.between(cut, TODAY + 1)


def test_where_customers_keep_intervals_it_beats_what_they_bought_most_often() -> None:
    exam = buy_again.examine(*parts(households()), None)
    assert exam.passed
    assert exam.result.low > 0
    assert (exam.rail, exam.strategy, exam.as_json()["by"]) == (Rail.BUY_AGAIN, Strategy.REPLENISH, "mrr@10")
    assert exam.note(frozenset()) == ""


def test_where_they_have_favourites_and_no_rhythm_the_rail_is_not_shown() -> None:
    exam = buy_again.examine(*parts(without_rhythm()), None)
    assert exam.result.questions >= LEAST_QUESTIONS
    assert not exam.passed
    why = "Buy again: the model did not beat what customers had bought most often in the exam; the rail is not shown"
    assert exam.note(frozenset()) == why


def test_guests_alone_are_nobody_to_ask() -> None:
    exam = buy_again.examine(*parts(planted_pairs()), None)
    assert (exam.result.questions, exam.passed) == (0, False)
    assert "customers who came back for something that they had, there are 0; the rail is not shown" in exam.note(
        frozenset()
    )


def test_a_customer_is_asked_on_the_day_on_which_they_come_back() -> None:
    rows = [(0, 1, 10), (3, 1, 20), (4, 2, 10), (9, 1, 20), (9, 1, 30), (11, 1, 10), (12, 2, 30), (13, 3, 10)]
    day, customer, product = (np.array(column) for column in zip(*rows, strict=True))
    baskets = baskets_of(day, product, day.astype(np.int32), customer=customer)
    (asked,) = again_questions(baskets.between(0, 8), baskets.between(8, 14))
    assert baskets.items[asked.others].tolist() == [20]
    assert asked.history is not None
    assert asked.history.age is not None
    assert asked.history.age.tolist() == [9.0, 6.0]


def test_only_a_rail_that_passed_has_intervals_in_the_artefact() -> None:
    baskets = households(people=60)
    exam = buy_again.examine(*parts(baskets), None)
    for passed in (True, False):
        result = replace(exam.result, questions=LEAST_QUESTIONS if passed else 0)
        exams = {rail: replace(exam, rail=rail, result=replace(result, questions=0)) for rail in Rail}
        outcome = Outcome(Chosen(), exams | {Rail.BUY_AGAIN: replace(exam, result=result)})
        model = build(Material(baskets), outcome, today=TODAY)
        assert (model.again is not None) == (Rail.BUY_AGAIN in model.rails) == passed
        assert any(name.startswith("again_") for name in model.arrays()) == passed
        assert model.knows_customers == passed


def test_nothing_in_the_artefact_grows_with_the_number_of_customers() -> None:
    few, many = (buy_again.fit(households(people=people), None) for people in (100, 300))
    assert {name: one.shape for name, one in few.arrays().items()} == {
        name: one.shape for name, one in many.arrays().items()
    }
