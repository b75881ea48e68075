"""The blends as rivals: what they learn from, the exam that decides, and what is then published."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.core.ids import ProductId
from app.core.recommend.evaluate import HR
from app.core.recommend.histories import Histories
from app.core.recommend.interactions import baskets_of
from app.core.recommend.models import visits
from app.core.recommend.models.outcome import Material, Outcome
from app.core.recommend.models.ranked import purchases_of
from app.core.recommend.models.training import build, learn
from app.core.recommend.models.visits import visit_questions
from app.core.recommend.past_orders import PastOrder, newest_of
from app.core.recommend.questions import customer_questions
from app.core.recommend.ranked_source import bought_history
from app.core.recommend.scoring import ItemModel
from app.core.recommend.sessions import sessions_of, telling_visits, visits_of
from app.core.recommend.types import Rail, Strategy
from tests.models.worlds import TODAY, VERSION, bought_by, model_of

DAYS = 220
SHELF = 30
VISITS = 1100


def walkers(people: int = 170) -> list[tuple[int, int, int]]:
    """Customers who buy along the shelf of one of eight aisles: who knows its order knows what they buy next."""
    generator = np.random.default_rng(11)
    rows = []
    for person in range(people):
        aisle, place, day = int(generator.integers(8)), int(generator.integers(20)), int(generator.integers(60))
        while place < SHELF and day < DAYS:
            rows.append((day, person, SHELF * aisle + place))
            place, day = place + 1, day + int(generator.integers(18, 40))
    return rows


@pytest.fixture(scope="module")
def material() -> Material:
    """Orders of walkers, and visits in which six products may follow each, whatever came before it."""
    items = 1000 + np.arange(8 * SHELF)
    bought = bought_by(walkers(), DAYS)
    item = np.searchsorted(items, bought.items[bought.item]).astype(np.int32)
    orders = replace(bought, items=items, item=item)
    generator = np.random.default_rng(12)
    follows = generator.integers(len(items), size=(len(items), 6))
    session, product, day = [], [], []
    for number in range(VISITS):
        at = int(generator.integers(len(items)))
        for _ in range(int(generator.integers(7, 12))):
            session.append(number)
            product.append(int(items[at]))
            day.append(TODAY - 60 + number * 60 // VISITS)
            at = int(follows[at, generator.integers(6)])
    seen = (np.array(session), np.array(product), np.array(day, dtype=np.int32))
    return Material(orders, sessions_of(*seen, items=orders.items), visits=visits_of(*seen, items=orders.items))


@pytest.fixture(scope="module")
def outcome(material: Material) -> Outcome:
    return learn(material, today=TODAY, least_customers=40, least_visits=60)


def test_where_order_tells_what_comes_next_the_blends_win_and_are_published(
    material: Material, outcome: Outcome
) -> None:
    exam = outcome.exams[Rail.FOR_YOU]
    model = build(material, outcome, today=TODAY)
    assert exam.strategy is Strategy.RANKED
    rivals = exam.as_json()["rivals"]
    found = {name: (rival[HR], rival["mrr@10"]) for name, rival in rivals.items()}
    assert found["ranked"] > max(found["als"], found["item_item"])
    assert (model.for_you is Strategy.RANKED, model.blends.bought is not None) == (exam.passed, exam.passed)
    assert outcome.chosen.visits.passed
    assert model.blends.visit is not None
    assert outcome.chosen.visits.result.model[HR] > outcome.chosen.visits.result.floor[HR]


def test_an_artefact_holds_the_blends_and_no_row_of_a_person(material: Material, outcome: Outcome) -> None:
    model = build(material, outcome, today=TODAY)
    read = ItemModel.of(VERSION, model.arrays(), model.meta())
    assert read.blends.there.keys() == model.blends.there.keys()
    for name, array in model.blends.arrays().items():
        assert np.array_equal(read.blends.arrays()[name], array, equal_nan=array.dtype == np.float32), name


def test_a_damaged_blend_is_refused_with_the_model_that_holds_it(material: Material, outcome: Outcome) -> None:
    model = build(material, outcome, today=TODAY)
    arrays = model.arrays()
    del arrays["visit__weights"]
    with pytest.raises(ValueError, match="not whole"):
        ItemModel.of(VERSION, arrays, model.meta())


def test_with_few_customers_and_visits_nothing_is_learnt(material: Material) -> None:
    found = learn(replace(material, orders=material.orders.part(0, 300)), today=TODAY)
    assert found.chosen.bought is None
    assert found.chosen.visits is visits.NOT_ASKED
    assert "ranked" not in found.exams[Rail.FOR_YOU].as_json()["rivals"]


# -- histories -------------------------------------------------------------------------------------------------------


def test_customers_orders_become_steps_with_days_and_guests_are_nobody() -> None:
    rows = [(0, 1, 10), (0, 1, 20), (1, 0, 30), (2, 2, 10), (5, 1, 20)]
    day, customer, product = (np.array(column) for column in zip(*rows, strict=True))
    found = purchases_of(baskets_of(day, product, day.astype(np.int32), customer=customer))
    assert [(one.item.tolist(), one.back.tolist()) for one in found] == [([0], [0]), ([0, 1, 1], [1, 1, 0])]
    assert found.day is not None
    assert found.day.tolist() == [2, 0, 0, 5]


def test_nobody_is_an_empty_history() -> None:
    none = baskets_of(np.array([1]), np.array([7]), np.array([3], dtype=np.int32))
    assert len(purchases_of(none)) == 0


def test_a_customer_is_asked_about_as_a_request_would_know_them() -> None:
    rows = [(day, 1, 100 + (day * 7 + n) % 90) for day in range(30) for n in range(4)] + [(40, 1, 99)]
    day, customer, product = (np.array(column) for column in zip(*sorted(rows), strict=True))
    baskets = baskets_of(day, product, day.astype(np.int32), customer=customer)
    before, window = baskets.between(0, 35), baskets.between(35, 50)
    (asked,) = customer_questions(before, window, only_new=True)
    own = [
        PastOrder(int(before.day[b]), tuple(ProductId(int(before.items[i])) for i in before.of(b)))
        for b in reversed(range(len(before)))
    ]
    model = model_of({}, {int(item): 1.0 for item in baskets.items})
    served = bought_history(model, newest_of(own), today=40)
    assert asked.history is not None
    assert asked.history.age is not None
    assert served.age is not None
    assert served.item.tolist() == asked.history.item.tolist()
    assert served.age.tolist() == asked.history.age.tolist()
    assert served.back.tolist() == asked.history.back.tolist()


def test_visits_keep_the_order_of_views_and_stand_beside_their_sessions() -> None:
    session = np.array([0, 0, 0, 0, 1, 1, 2])
    product = np.array([30, 10, 10, 30, 20, 10, 10])
    day = np.array([5, 5, 5, 5, 3, 3, 4], dtype=np.int32)
    items = np.array([10, 20, 30])
    views, sessions = visits_of(session, product, day, items=items), sessions_of(session, product, day, items=items)
    assert [one.item.tolist() for one in views] == [[1, 0], [0], [2, 0, 2]]
    assert [sessions.of(place).tolist() for place in range(3)] == [[0, 1], [0], [0, 2]]
    assert [one.item.tolist() for one in telling_visits(views, sessions)] == [[1, 0], [2, 0, 2]]


def test_a_visit_is_asked_once_about_something_not_yet_looked_at() -> None:
    views = Histories(
        np.arange(5),
        np.array([0, 4, 6]),
        np.array([0, 1, 0, 2, 3, 3], dtype=np.int32),
        np.array([0, 1, 2, 3, 0, 1], dtype=np.int32),
    )
    (asked,) = visit_questions(views)
    assert asked.history is not None
    assert not set(asked.others.tolist()) & set(asked.history.item.tolist())
    assert set(asked.left_out.tolist()) == set(asked.history.item.tolist())
