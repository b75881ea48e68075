"""Scoring reads what the trainer wrote: neighbours, sums over a cart, popularity, and the order of the exam."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.sparse import csr_matrix

from app.core.ids import ModelVersion, ProductId
from app.core.recommend.interactions import Baskets, baskets_of
from app.core.recommend.models import item_item
from app.core.recommend.models.item_item import Parameters, fit, nearest, weighted_by
from app.core.recommend.scoring import ItemModel, sources_of
from app.core.recommend.types import Strategy
from tests.models.worlds import TODAY, VERSION, model_of, planted_pairs

MODEL = model_of({1: [(2, 0.9), (3, 0.5)], 2: [(3, 0.3), (4, 0.6)]}, {1: 5.0, 2: 1.0, 3: 0.0, 4: 7.0})


def test_neighbours_come_best_first_and_unknown_products_have_none() -> None:
    found = MODEL.neighbours_of(ProductId(1))
    assert dict(found) == pytest.approx({2: 0.9, 3: 0.5})
    assert [product for product, _ in found] == [2, 3]
    assert MODEL.neighbours_of(ProductId(99)) == []


def test_a_cart_sums_the_similarities_and_names_the_most_influential_product_first() -> None:
    both = {item: (score, because) for item, score, because in MODEL.neighbours_of_all([ProductId(1), ProductId(2)])}
    assert both[ProductId(3)][0] == pytest.approx(0.8)
    assert both[ProductId(3)][1] == (1, 2)
    assert list(both) == [2, 3, 4]


def test_trending_leaves_out_what_never_sold() -> None:
    assert [product for product, _ in MODEL.trending()] == [4, 1, 2]


def test_the_exam_ranks_as_the_cascade_shows_neighbours_then_popularity() -> None:
    scores = MODEL.catalogue_scores([ProductId(1)])
    assert MODEL.item_ids[np.argsort(-scores, kind="stable")].tolist() == [2, 3, 4, 1]


def test_a_trending_model_feeds_one_source_only() -> None:
    assert [source.strategy for source in sources_of(model_of({}, {1: 1.0}))] == [Strategy.TRENDING]


def test_arrays_that_do_not_fit_together_are_refused() -> None:
    arrays = {**MODEL.arrays(), "popularity": np.zeros(2, dtype=np.float32)}
    with pytest.raises(ValueError, match="do not fit"):
        ItemModel.of(VERSION, arrays, {"strategy": "item_item"})


ORDERS = some.lists(some.sets(some.integers(1, 12), min_size=1, max_size=5), min_size=1, max_size=25)


@given(ORDERS, some.sampled_from([0.0, 0.5, 1.0]), some.sampled_from([0.0, 3.0]), some.sampled_from([0.0, 1.0]))
def test_the_neighbours_equal_the_formula_computed_pair_by_pair(
    orders: list[set[int]], exponent: float, shrinkage: float, size_exponent: float
) -> None:
    order = np.concatenate([[number] * len(items) for number, items in enumerate(orders)])
    product = np.concatenate([sorted(items) for items in orders])
    baskets = baskets_of(order, product, (TODAY - 30 + order).astype(np.int32))
    parameters = Parameters(exponent, shrinkage, 60.0, size_exponent)
    found = nearest(weighted_by(baskets, parameters, TODAY), all_pairs(baskets), 12, threads=1)
    weight = {n: 2 ** (-(30 - n) / 60) / len(items) ** size_exponent for n, items in enumerate(orders)}
    mass = {i: sum(w for n, w in weight.items() if i in orders[n]) + shrinkage for i in range(1, 13)}
    for row, item in enumerate(baskets.items.tolist()):
        expected = {
            other: sum(w for n, w in weight.items() if {item, other} <= orders[n])
            / (mass[item] * mass[other]) ** exponent
            for other in baskets.items.tolist()
            if other != item and any({item, other} <= basket for basket in orders)
        }
        got = {int(baskets.items[i]): float(s) for i, s in found[row].tolist() if i >= 0}
        assert got == pytest.approx(expected, rel=1e-5)


def test_fitting_twice_gives_the_same_bytes() -> None:
    baskets = planted_pairs(orders=500)
    pairs = all_pairs(baskets)
    tables = [nearest(weighted_by(baskets, Parameters(), TODAY), pairs, 10, threads=2) for _ in range(2)]
    assert tables[0].tobytes() == tables[1].tobytes()


def all_pairs(baskets: Baskets) -> csr_matrix:
    return csr_matrix(np.ones((len(baskets.items), len(baskets.items)), dtype=np.bool_))


def test_what_was_bought_together_once_is_not_called_often_bought_together() -> None:
    order = np.array([0, 0, 1, 1, 2, 2], dtype=np.int64)
    product = np.array([10, 20, 10, 20, 10, 30], dtype=np.int64)
    baskets = baskets_of(order, product, np.full(6, TODAY, dtype=np.int32))
    model = fit(baskets, Parameters(), today=TODAY, trending_half_life=28.0, version=ModelVersion("v"))
    assert [item for item, _ in model.neighbours_of(ProductId(10))] == [20]
    assert model.neighbours_of(ProductId(30)) == []


@pytest.mark.parametrize("block", [1, 2, 1000])
def test_pairs_are_counted_the_same_whatever_the_block(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_item, "BLOCK", block)
    generator = np.random.default_rng(3)
    order = np.repeat(np.arange(40, dtype=np.int64), 3)
    product = generator.integers(1, 8, len(order))
    baskets = baskets_of(order, product, np.zeros(len(order), dtype=np.int32))
    held = np.zeros((len(baskets), len(baskets.items)), dtype=int)
    for number in range(len(baskets)):
        held[number, baskets.item[baskets.starts[number] : baskets.starts[number + 1]]] = 1
    assert (item_item.pairs_together(baskets).toarray() == (held.T @ held >= item_item.LEAST_TOGETHER)).all()
