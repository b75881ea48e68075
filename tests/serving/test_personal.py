"""What is known of a shopper, and how much it counts: pure functions, for any history."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.core.ids import ModelVersion, ProductId
from app.core.recommend.factors import FoldIn
from app.core.recommend.live import FactorsSource
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.rails import CLAIMS, Question
from app.core.recommend.scoring import ItemModel
from app.core.recommend.shopper import MOST_INTERESTS, NOBODY, Shopper
from app.core.recommend.types import RAILS_OF, Rail, ReasonCode, Strategy

PRODUCTS = some.lists(some.integers(1, 60).map(ProductId), max_size=20, unique=True).map(tuple)
SHOPPERS = some.builds(Shopper, PRODUCTS, PRODUCTS, PRODUCTS, PRODUCTS)


def ids(*numbers: int) -> tuple[ProductId, ...]:
    return tuple(ProductId(number) for number in numbers)


@given(SHOPPERS)
def test_interests_are_few_distinct_and_strongest_first(shopper: Shopper) -> None:
    interests = shopper.interests()
    products = [one.product_id for one in interests]
    known = {*shopper.viewed, *shopper.clicked, *shopper.carted, *shopper.bought}
    assert len(products) == len(set(products)) == min(len(known), MOST_INTERESTS)
    assert set(products) <= known
    assert [one.weight for one in interests] == sorted((one.weight for one in interests), reverse=True)
    assert all(0 < one.weight <= 1 for one in interests)


def test_buying_tells_more_than_carting_than_clicking_than_looking() -> None:
    shopper = Shopper(viewed=ids(1, 2), clicked=ids(3), carted=ids(4), bought=ids(5))
    assert [one.product_id for one in shopper.interests()] == [5, 4, 3, 1, 2]


def test_a_product_counts_by_its_strongest_sign_and_is_named_by_it() -> None:
    (interest,) = Shopper(viewed=ids(7), bought=ids(7)).interests()
    assert (interest.weight, interest.code) == (1.0, ReasonCode.BECAUSE_BOUGHT)


def test_a_fresh_look_may_count_more_than_an_old_order() -> None:
    shopper = Shopper(viewed=ids(1), bought=ids(*range(10, 30)))
    (look,) = [one for one in shopper.interests() if one.product_id == 1]
    assert look.code is ReasonCode.BECAUSE_VIEWED


FOLD_IN = FoldIn(regularization=0.5, alpha=5.0)


@pytest.fixture
def model() -> ItemModel:
    """Three hundred items with drawn factors."""
    chance = np.random.default_rng(5)
    return ItemModel(
        ModelVersion("m"),
        Strategy.ITEM_ITEM,
        np.arange(1, 301, dtype=np.int64),
        np.zeros((300, 0), dtype=NEIGHBOUR),
        np.ones(300, dtype=np.float32),
        factors=chance.normal(size=(300, 8)).astype(np.float32),
        fold_in=FOLD_IN,
        for_you=Strategy.ALS,
    )


def test_the_folded_in_taste_ranks_the_whole_catalogue_and_explains_each_item(model: ItemModel) -> None:
    shopper = Shopper(viewed=ids(3, 4), carted=ids(5), bought=ids(6, 7))
    interests = shopper.interests()
    products, weights = [one.product_id for one in interests], [one.weight for one in interests]
    scores = model.scores(model.fold(products, weights))
    found = list(FactorsSource(model).candidates(Question(Rail.FOR_YOU).for_shopper(shopper)))

    liked = [ProductId(n) for n in range(1, 301) if scores[n - 1] > 0 and n not in products]
    assert [one.product_id for one in found] == sorted(liked, key=lambda n: -scores[n - 1])
    assert len(found) > 64
    for one in found[:100]:
        (shares,) = model.contributions(products, weights, [one.product_id])
        assert one.reason.because[0] == products[int(np.argmax(shares))]


def test_what_is_shown_more_because_it_sells_is_said_to_be_popular(model: ItemModel) -> None:
    shopper = Shopper(viewed=ids(3), bought=ids(6))
    products, weights = ids(6, 3), [1.0, 0.4]
    blended = replace(model, fold_in=replace(FOLD_IN, level=0.1))
    taste = model.scores(model.fold(products, weights))
    found = list(FactorsSource(blended).candidates(Question(Rail.FOR_YOU).for_shopper(shopper)))
    popular = {one.product_id for one in found if one.reason.code is ReasonCode.TRENDING}
    assert popular == {one.product_id for one in found if taste[one.product_id - 1] <= 0.1 * (1 + 1e-6)}
    assert 0 < len(popular) < len(found)


def test_nothing_known_of_the_shopper_folds_in_to_nothing(model: ItemModel) -> None:
    assert not list(FactorsSource(model).candidates(Question(Rail.FOR_YOU).for_shopper(NOBODY)))
    stranger = Shopper(viewed=ids(9999))
    assert not list(FactorsSource(model).candidates(Question(Rail.FOR_YOU).for_shopper(stranger)))


def test_every_rail_of_a_page_claims_once() -> None:
    assert {page: sorted(rails) for page, rails in CLAIMS.items()} == {p: sorted(r) for p, r in RAILS_OF.items()}
