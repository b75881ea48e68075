"""Factors: folding in equals the paper's equation, explanations add up, and no person has a row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.core.ids import ProductId
from app.core.recommend.factors import FoldIn, trend_of
from app.core.recommend.models import als
from app.core.recommend.scorers import by_factors
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Strategy
from tests.models.worlds import TODAY, VERSION, model_of, tasteful

ITEMS, WIDTH = 30, 4
FACTORS = np.random.default_rng(1).normal(0, 0.5, (ITEMS, WIDTH)).astype(np.float32)
MODEL = replace(
    model_of({}, {n: float(n % 7) for n in range(1, ITEMS + 1)}), factors=FACTORS, fold_in=FoldIn(0.3, 5.0, 0.5)
)
INTERESTS = some.dictionaries(some.integers(1, ITEMS), some.floats(0.1, 2.0), min_size=1, max_size=8)


@given(INTERESTS)
def test_folding_in_solves_the_equation_of_the_paper(weights: dict[int, float]) -> None:
    y = FACTORS.astype(np.float64)
    confidence = np.ones(ITEMS)
    for product, weight in weights.items():
        confidence[product - 1] += 5.0 * weight
    wanted = np.isin(np.arange(1, ITEMS + 1), list(weights)).astype(float)
    expected = np.linalg.solve(y.T @ np.diag(confidence) @ y + 0.3 * np.eye(WIDTH), y.T @ (confidence * wanted))
    found = MODEL.fold([ProductId(product) for product in weights], list(weights.values()))
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-4)


@given(INTERESTS)
def test_what_each_product_explains_adds_up_to_the_score(weights: dict[int, float]) -> None:
    products, values = [ProductId(product) for product in weights], list(weights.values())
    items = [ProductId(number) for number in (1, 9, 30)]
    parts = MODEL.contributions(products, values, items)
    scores = MODEL.scores(MODEL.fold(products, values))
    assert parts.shape == (3, len(products))
    assert parts.sum(axis=1) == pytest.approx(scores[[0, 8, 29]], rel=1e-3, abs=1e-4)


def test_what_the_model_does_not_know_explains_nothing() -> None:
    known, unknown = ProductId(1), ProductId(999)
    assert MODEL.fold([unknown], [1.0]).tolist() == [0.0] * WIDTH
    assert np.array_equal(MODEL.fold([unknown, known], [1.0, 0.5]), MODEL.fold([known], [0.5]))
    parts = MODEL.contributions([unknown, known], [1.0, 0.5], [known, unknown])
    assert parts[:, 0].tolist() == [0.0, 0.0]
    assert parts[1].tolist() == [0.0, 0.0]


def test_a_model_without_factors_knows_no_taste() -> None:
    plain = model_of({}, {1: 1.0, 2: 2.0})
    assert plain.fold([ProductId(1)], [1.0]).tolist() == []
    assert plain.scores(plain.fold([ProductId(1)], [1.0])).tolist() == [0.0, 0.0]
    assert plain.contributions([ProductId(1)], [1.0], [ProductId(2)]).tolist() == [[0.0]]


def test_what_sells_lately_counts_as_much_as_was_chosen() -> None:
    popularity = np.array([8.0, 2.0, 0.0], dtype=np.float32)
    assert trend_of(popularity, FoldIn(1.0, 1.0, 0.0)).tolist() == [1.0, 1.0, 1.0]
    assert trend_of(popularity, FoldIn(1.0, 1.0, 1.0)) == pytest.approx([1.01, 0.26, 0.01])


@given(INTERESTS)
def test_a_level_far_above_every_preference_leaves_what_sells(weights: dict[int, float]) -> None:
    fold_in = replace(als.Parameters(level=als.ONLY_WHAT_SELLS), regularization=0.3, alpha=5.0).fold_in
    popularity = np.arange(ITEMS, 0, -1, dtype=np.float32)
    model = replace(MODEL, fold_in=fold_in, popularity=popularity)
    scores = by_factors(model)([ProductId(product) for product in weights])
    assert np.argsort(-scores).tolist() == list(range(ITEMS))


@given(INTERESTS)
def test_what_sells_explains_its_own_part_of_a_score(weights: dict[int, float]) -> None:
    model = replace(MODEL, fold_in=FoldIn(0.3, 5.0, 0.5, level=0.2), lately=np.linspace(1, 9, ITEMS).astype(np.float32))
    products, values = [ProductId(product) for product in weights], list(weights.values())
    (parts,) = model.contributions(products, values, [ProductId(9)])
    score = model.scores(model.fold(products, values))[8]
    assert parts.sum() + model.level_of(8) == pytest.approx(score, rel=1e-3, abs=1e-4)


def test_a_model_with_all_its_tables_comes_back_from_its_artefact() -> None:
    made = replace(MODEL, lately=np.ones(ITEMS, dtype=np.float32), goes_well=Strategy.COMPLEMENTS)
    again = ItemModel.of(VERSION, made.arrays(), made.meta())
    assert (again.fold_in, again.rails, again.for_you) == (made.fold_in, made.rails, made.for_you)
    assert again.goes_well is Strategy.COMPLEMENTS
    assert again.lately is not None
    assert again.lately.tolist() == [1.0] * ITEMS
    assert np.array_equal(again.fold([ProductId(3)], [1.0]), MODEL.fold([ProductId(3)], [1.0]))


@pytest.mark.parametrize("als_meta", [None, {}, {"regularization": 1.0, "alpha": 1.0, "unheard_of": 1.0}, 7])
def test_factors_with_odd_values_to_fold_in_with_are_refused(als_meta: object) -> None:
    with pytest.raises(ValueError, match="folded in with"):
        ItemModel.of(VERSION, MODEL.arrays(), {**MODEL.meta(), "als": als_meta})


def test_factors_without_what_they_are_folded_in_with_are_refused() -> None:
    with pytest.raises(ValueError, match="come together"):
        replace(MODEL, fold_in=None)


# -- learning --------------------------------------------------------------------------------------------------------


def test_fitting_twice_gives_the_same_bytes_and_a_row_for_every_item_only() -> None:
    baskets = tasteful(people=200)
    first, second = (als.fit(baskets, als.Parameters(factors=8), today=TODAY, threads=2) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert first.shape == (len(baskets.items), 8)


def test_a_persons_orders_add_up_by_age_and_guests_have_no_row() -> None:
    baskets = tasteful(people=60)
    orders = als.preferences(baskets, today=TODAY, half_life=30.0)
    assert orders.shape == (60, len(baskets.items))
    first = baskets.customer == 1
    ages = TODAY - baskets.day[first].astype(float)
    assert orders[0].sum() == pytest.approx((2 ** (-ages / 30.0) * baskets.sizes[first]).sum(), rel=1e-4)
    guests = replace(baskets, customer=np.zeros_like(baskets.customer))
    assert als.preferences(guests, today=TODAY, half_life=30.0).shape[0] == 0
    assert not als.is_learnable(guests)


def test_a_shopper_is_shown_what_people_of_the_same_taste_buy() -> None:
    baskets = tasteful()
    parameters = als.Parameters(factors=16, trend=0.0)
    model = als.into(model_of({}, dict.fromkeys(baskets.items.tolist(), 1.0)), baskets, parameters, today=TODAY)
    scores = by_factors(model)([ProductId(1000 + n) for n in (50, 53, 57)])
    best = np.argsort(-scores)[:15]
    assert np.mean((baskets.items[best] - 1000) // 25 == 2) > 0.9
