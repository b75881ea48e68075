"""What completes a look is found in orders beyond chance; what only sells, or stands in for a product, is kept out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.core.recommend.interactions import Baskets, baskets_of
from app.core.recommend.item_facts import attributes_of
from app.core.recommend.models.complements import fit
from app.core.recommend.models.item_item import counts_together

KINDS, EACH = 12, 10
GROUPS = (np.arange(KINDS * EACH) // EACH).astype(np.int32)
Pairs = set[tuple[int, int]]


def store(*, orders: int = 20_000, seed: int = 7) -> tuple[Baskets, Pairs]:
    """Products sell by rank. In one order of two, a product of an even kind brings its partner in the kind after it;
    else two products meet by chance. The baskets, and the pairs of partners."""
    generator = np.random.default_rng(seed)
    products = KINDS * EACH
    chance = 1.0 / (1 + generator.permutation(products)) ** 0.7
    first = generator.choice(products, orders, p=chance / chance.sum())
    other = generator.choice(products, orders, p=chance / chance.sum())
    partner = np.where(GROUPS[first] % 2 == 0, first + EACH, first - EACH)
    other = np.where(generator.random(orders) < 0.5, partner, other)
    order = np.repeat(np.arange(orders), 2)
    day = (order // 1000).astype(np.int32)
    baskets = baskets_of(order, np.stack([first, other], axis=1).ravel(), day, items=np.arange(products))
    true = {(one, one + EACH) for one in range(products - EACH) if GROUPS[one] % 2 == 0}
    return baskets, true | {(other, one) for one, other in true}


def found(baskets: Baskets, groups: npt.NDArray[np.int32] = GROUPS) -> list[list[int]]:
    table = fit(baskets, groups, counts=counts_together(baskets))["index"]
    return [[int(other) for other in row if other >= 0] for row in table]


def test_partners_are_found_and_products_that_only_sell_stay_out() -> None:
    baskets, true = store()
    pairs = {(one, other) for one, row in enumerate(found(baskets)) for other in row}
    assert len(pairs & true) >= 0.9 * len(true)
    assert len(pairs & true) >= 0.9 * len(pairs)


def test_where_products_meet_by_chance_alone_nothing_goes_together() -> None:
    generator = np.random.default_rng(3)
    chance = 1.0 / np.arange(1, KINDS * EACH + 1)
    order = np.repeat(np.arange(20_000), 3)
    product = generator.choice(KINDS * EACH, len(order), p=chance / chance.sum())
    baskets = baskets_of(order, product, np.zeros(len(order), dtype=np.int32), items=np.arange(KINDS * EACH))
    assert sum(map(len, found(baskets))) <= 2


def test_what_is_of_one_kind_or_of_none_is_no_complement() -> None:
    baskets, _ = store()
    joined = (GROUPS // 2).astype(np.int32)
    assert found(baskets, joined) == [[] for _ in joined]
    unknown = np.where(GROUPS == 0, -1, GROUPS).astype(np.int32)
    rows = found(baskets, unknown)
    assert all(not rows[one] for one in np.flatnonzero(unknown < 0))
    assert all(unknown[other] >= 0 for row in rows for other in row)


def test_what_is_described_in_the_same_words_stands_in_for_a_product() -> None:
    baskets, true = store()
    one, twin = next(iter(sorted(true)))
    words = np.arange(KINDS * EACH)
    words[twin] = one
    attributes = attributes_of(np.arange(KINDS * EACH), words, items=KINDS * EACH)
    table = fit(baskets, GROUPS, counts=counts_together(baskets), attributes=attributes)["index"]
    assert twin in found(baskets)[one]
    assert twin not in table[one]
    assert sum(len(row) for row in found(baskets)) == np.count_nonzero(table >= 0) + 2


def test_a_shared_style_brings_a_complement_forward() -> None:
    """Three products of other kinds are in orders with one equally often; the third shares its maker."""
    rows = [(number, 0, 1 + number % 3 * 2) for number in range(600)]
    rows += [(600 + number, 1 + number % 3 * 2, 7) for number in range(600)]
    rows += [(1200 + number, 7, 8) for number in range(6000)]
    order = np.array([number for number, *_ in rows]).repeat(2)
    product = np.array([pair for _, *pair in rows]).ravel()
    baskets = baskets_of(order, product, np.zeros(len(order), dtype=np.int32), items=np.arange(9))
    groups = np.arange(9, dtype=np.int32)
    vendor = attributes_of(np.array([0, 5, 0, 1, 3, 5]), np.array([1, 1, 2, 3, 4, 5]), items=9)
    counts = counts_together(baskets)
    assert fit(baskets, groups, counts=counts)["index"][0, 0] == 1
    assert fit(baskets, groups, counts=counts, attributes=vendor)["index"][0, 0] == 5


def test_stores_without_orders_or_kinds_have_empty_tables() -> None:
    empty = np.empty(0, dtype=np.int64)
    nothing = baskets_of(empty, empty, empty.astype(np.int32))
    assert fit(nothing, empty.astype(np.int32), counts=counts_together(nothing)).shape[0] == 0
    baskets, _ = store(orders=50)
    assert found(baskets, np.full(KINDS * EACH, -1, dtype=np.int32)) == [[] for _ in range(KINDS * EACH)]
