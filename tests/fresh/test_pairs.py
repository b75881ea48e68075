"""New orders added to a model's neighbours give what a training on all orders finds."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.ids import ModelVersion, ProductId
from app.core.recommend.fresh import Fresh
from app.core.recommend.fresh_pairs import MOST_PRODUCTS, MOST_ROWS, WIDTH, Sums, rows_after
from app.core.recommend.interactions import Baskets, baskets_of
from app.core.recommend.models.item_item import Parameters, fit, masses
from app.core.recommend.scoring import ItemModel, Table

TODAY = 1000
UNAGED = Parameters(half_life=1e9, shrinkage=2.0)
"""Where age does not count a training a day later differs in nothing but the new orders."""


def baskets(orders: list[list[int]], *, day: int = TODAY - 1, items: list[int] | None = None) -> Baskets:
    order = np.repeat(np.arange(len(orders)), [len(one) for one in orders]).astype(np.int64)
    product = np.array([product for one in orders for product in one], dtype=np.int64)
    catalogue = None if items is None else np.array(items, dtype=np.int64)
    return baskets_of(order, product, np.full(len(order), day, dtype=np.int32), items=catalogue)


def learnt(orders: Baskets, parameters: Parameters = UNAGED) -> tuple[ItemModel, Sums]:
    model = fit(orders, parameters, today=TODAY, trending_half_life=28.0, version=ModelVersion("v"))
    return model, Sums.of(masses(orders, parameters, TODAY), TODAY, parameters.as_json())


def random_orders(number: int, seed: int = 1) -> list[list[int]]:
    generator = np.random.default_rng(seed)
    return [sorted(set(generator.integers(1, 13, size=generator.integers(1, 5)).tolist())) for _ in range(number)]


OLD, NEW = random_orders(200), random_orders(40, seed=2)
CATALOGUE = list(range(1, 13))


def test_the_neighbours_are_those_of_a_training_on_all_orders() -> None:
    model, sums = learnt(baskets(OLD, items=CATALOGUE))
    expected, _ = learnt(baskets(OLD + NEW, items=CATALOGUE))
    rows = rows_after(model, sums, baskets(NEW, day=TODAY))
    assert set(rows) == set(CATALOGUE)
    for product, row in rows.items():
        trained = dict(expected.neighbours_of(product))
        assert [other for other, _ in row] == list(trained), product
        assert [score for _, score in row] == pytest.approx(list(trained.values()), rel=1e-4)


def test_what_is_newer_weighs_more() -> None:
    model, sums = learnt(baskets(OLD, items=CATALOGUE), Parameters(half_life=10.0))
    today, later = (
        dict(rows_after(model, sums, baskets([[1, 2]], day=TODAY + days))[ProductId(1)]) for days in (0, 10)
    )
    assert later[ProductId(2)] > today[ProductId(2)] > dict(model.neighbours_of(ProductId(1)))[ProductId(2)]


def test_one_order_makes_no_pair_and_two_do() -> None:
    model, sums = learnt(baskets([[1, 2], [1, 2], [3, 4], [3, 4]]))
    assert ProductId(3) not in dict(rows_after(model, sums, baskets([[1, 3]], day=TODAY))[ProductId(1)])
    assert ProductId(3) in dict(rows_after(model, sums, baskets([[1, 3], [1, 3]], day=TODAY))[ProductId(1)])


def test_a_product_that_the_model_does_not_know_has_neighbours_once_it_sells() -> None:
    model, sums = learnt(baskets([[1, 2], [1, 2]]))
    rows = rows_after(model, sums, baskets([[1, 99], [1, 99]], day=TODAY))
    assert [other for other, _ in rows[ProductId(99)]] == [1]
    assert {other for other, _ in rows[ProductId(1)]} == {2, 99}


def test_only_neighbours_from_orders_are_replaced_and_only_in_their_own_version() -> None:
    model, _ = learnt(baskets(OLD, items=CATALOGUE))
    rows = {ProductId(1): ((ProductId(7), 9.0),)}
    assert model.beside(Fresh(model.version, rows)).neighbours_of(ProductId(1)) == [(7, 9.0)]
    assert model.beside(Fresh(model.version, rows)).neighbours_of(ProductId(1), Table.VIEWED) == []
    assert model.beside(Fresh(ModelVersion("w"), rows)).neighbours_of(ProductId(1)) == model.neighbours_of(ProductId(1))
    assert model.neighbours_of(ProductId(2)) == model.beside(Fresh(model.version, rows)).neighbours_of(ProductId(2))


def test_where_neighbours_did_not_pass_nothing_is_called_bought_together() -> None:
    model, sums = learnt(baskets(OLD, items=CATALOGUE))
    nobody = ItemModel(model.version, model.strategy, model.item_ids, model.neighbours[:, :0], model.popularity)
    assert rows_after(nobody, sums, baskets(NEW, day=TODAY)) == {}
    assert rows_after(model, sums, baskets([])) == {}


def test_a_product_in_every_one_of_thousands_of_orders_has_one_short_row() -> None:
    model, sums = learnt(baskets(OLD, items=CATALOGUE))
    orders = [[1, 100 + number % 1500] for number in range(4000)] + [list(range(2000, 2001 + MOST_PRODUCTS))]
    rows = rows_after(model, sums, baskets(orders, day=TODAY))
    assert len(rows) == MOST_ROWS
    assert len(rows[ProductId(1)]) == WIDTH
    assert ProductId(2000) not in rows


def test_what_was_learnt_is_read_as_it_was_written_and_nothing_else_is() -> None:
    fresh = Fresh(ModelVersion("v"), {ProductId(1): ((ProductId(2), 0.5),)}, {ProductId(3): ()})
    assert Fresh.of(fresh.as_json()) == fresh
    for damaged in ({}, {**fresh.as_json(), "bought": {"1": [2]}}, {**fresh.as_json(), "placed": []}):
        with pytest.raises(ValueError):  # noqa: PT011 - the message is for the log
            Fresh.of(damaged)
