"""Content: what a new item is worth is learnt from what well-known items with such descriptions are worth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pytest
from scipy.sparse import csr_matrix

from app.core.recommend.histories import NOTHING, Histories, History
from app.core.recommend.item_facts import Attributes, attributes_of
from app.core.recommend.models import cold, content
from app.core.recommend.models.together import together
from app.core.recommend.signals.content import ContentSignal
from tests.conftest import real_data

KINDS, EACH, FLAVOURS = 12, 30, 5
ITEMS = KINDS * EACH


def kind_of(item: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.integer[Any]]:
    return item // EACH


def described() -> Attributes:
    """Every item has its kind, one flavour, and a word that all of them have."""
    item = np.arange(ITEMS)
    pairs = [(item, kind_of(item)), (item, KINDS + item % FLAVOURS), (item, np.full(ITEMS, KINDS + FLAVOURS))]
    return attributes_of(*(np.concatenate(column) for column in zip(*pairs, strict=True)), items=ITEMS)


def world(*, people: int = 900, seed: int = 1) -> Histories:
    """Whoever took one thing takes next something of the following kind and of the same flavour: never of its own."""
    generator = np.random.default_rng(seed)
    item = []
    for _ in range(people):
        kind, flavour = int(generator.integers(KINDS)), int(generator.integers(FLAVOURS))
        for step in range(5):
            likely = EACH * ((kind + step) % KINDS) + flavour + FLAVOURS * int(generator.integers(EACH // FLAVOURS))
            item.append(likely if generator.random() < 0.8 else int(generator.integers(ITEMS)))
    starts = np.arange(0, 5 * people + 1, 5)
    return Histories(
        np.arange(ITEMS, dtype=np.int64),
        starts,
        np.array(item, np.int32),
        np.tile(np.arange(5, dtype=np.int32), people),
    )


def one(*items: int) -> History:
    return History(np.array(items, dtype=np.int32), np.arange(len(items), dtype=np.int32))


def by_texts(attributes: Attributes) -> Any:
    """How like the history's items each item is, and nothing learnt."""
    rows, _ = content.weighted(attributes)
    return lambda history: np.asarray(rows @ rows[history.item].sum(axis=0).T).ravel().astype(np.float32)


def test_a_new_item_is_found_where_its_description_belongs_though_likeness_would_not_find_it() -> None:
    part = cold.hide(world(), seed=3)
    signal = content.fit(part.before, attributes=described())
    found = cold.recall(signal.scores, part.asked, k=20)
    assert not part.hidden[part.before.item].any()
    assert found > 5 * 20 / ITEMS
    assert found > 2 * cold.recall(by_texts(described()), part.asked, k=20)


def test_new_items_take_their_share_of_the_lists_and_no_more() -> None:
    shares = []
    for seed in (1, 2, 3):
        part = cold.hide(world(), seed=seed, share=0.2)
        signal = content.fit(part.before, attributes=described())
        best = [np.argsort(-signal.scores(asked.history), kind="stable")[:20] for asked in part.asked[:300]]
        shares.append(part.hidden[np.concatenate(best)].mean())
    assert 0.15 < np.mean(shares) < 0.25


def test_what_goes_with_a_new_item_is_known_from_its_description() -> None:
    part = cold.hide(world(), seed=3)
    signal = content.fit(part.before, attributes=described())
    new = np.flatnonzero(part.hidden)
    right = [(kind_of(np.argsort(-signal.scores(one(item)))[:5]) - item // EACH) % KINDS for item in new.tolist()]
    # The order of things tells most, but what came before an item goes with it too.
    assert np.isin(np.concatenate(right), (1, 2, KINDS - 1)).mean() > 0.9


def test_every_item_is_scored_as_if_its_own_history_had_been_left_out() -> None:
    """Against a ridge regression that is really fitted again without each item."""
    histories, ridge = world(people=300), 4.0
    parameters = replace(content.DEFAULT, ridge=ridge, granted=0.0)
    rows, _ = content.weighted(described())
    model = content.learnt(histories, rows, parameters)
    table, asked = content.table(model), 17
    seen, target = rows.toarray(), model.companions[asked].toarray().ravel()
    expected = np.zeros(ITEMS)
    for item in range(ITEMS):
        others = model.known & (np.arange(ITEMS) != item)
        left = seen[others].T @ seen[others] + ridge * np.eye(rows.shape[1])
        expected[item] = seen[item] @ np.linalg.solve(left, seen[others].T @ target[others])
    expected[asked] = 0.0
    best = np.argsort(-expected, kind="stable")[: table.shape[1]]
    best = best[expected[best] > 1e-6]
    assert np.allclose(table["score"][asked, : len(best)], expected[best], atol=1e-5)
    assert len(np.intersect1d(table["index"][asked, : len(best)], best)) >= len(best) - 1


def test_the_best_of_a_large_catalogue_are_the_best_though_not_all_are_sorted() -> None:
    generator = np.random.default_rng(4)
    scores = generator.normal(size=(6, 5000)).astype(np.float32)
    scores[1] = -1.0
    scores[1, 7] = 1.0
    scores[2, 16:] = -1.0
    row, column = content._promising(scores, 100)
    for place in range(len(scores)):
        wanted = np.argsort(-scores[place])[:100]
        assert np.isin(wanted[scores[place, wanted] > 0], column[row == place]).all()
    assert np.count_nonzero(row == 0) < 1000


def test_pairs_count_by_steps_and_direction_and_never_an_item_with_itself() -> None:
    histories = Histories(
        np.arange(4, dtype=np.int64),
        np.array([0, 4, 6]),
        np.array([0, 1, 2, 0, 3, 3], dtype=np.int32),
        np.array([0, 0, 1, 2, 0, 1], dtype=np.int32),
    )
    found = together(histories, reach=2, away=0.5, backward=0.1).toarray()
    expected = np.zeros((4, 4))
    expected[0, 1] = expected[1, 0] = 1.0
    expected[1, 2], expected[2, 1] = 0.5, 0.05
    expected[0, 2], expected[2, 0] = 0.5 + 0.05, 0.05 + 0.5
    expected[1, 0] += 0.25
    expected[0, 1] += 0.025
    assert np.allclose(found, expected)


def test_one_who_looks_at_everything_is_heard_no_more_than_others() -> None:
    items = np.tile(np.arange(10, dtype=np.int32), 10_000)
    histories = Histories(
        np.arange(10, dtype=np.int64), np.array([0, len(items)]), items, np.arange(len(items), dtype=np.int32)
    )
    assert together(histories, reach=5, away=1.0, backward=1.0).sum() <= 2 * 5 * 200


def test_the_same_data_give_the_same_signal_and_an_artefact_gives_it_back() -> None:
    histories = world(people=100)
    first, second = (content.fit(histories, attributes=described()) for _ in range(2))
    assert all(np.array_equal(first.arrays()[name], array) for name, array in second.arrays().items())
    read = ContentSignal.of(first.arrays(), first.meta())
    assert np.array_equal(read.scores(one(3, 40)), first.scores(one(3, 40)))
    assert first.scores(NOTHING).tolist() == [0.0] * ITEMS


@pytest.mark.parametrize("broken", ["attribute", "rows", "starts"])
def test_an_artefact_that_lacks_an_array_or_is_cut_short_is_refused(broken: str) -> None:
    signal = content.fit(world(people=50), attributes=described())
    arrays = signal.arrays()
    with pytest.raises(ValueError, match=r"fit together|one description|table of neighbours"):
        ContentSignal.of({**arrays, broken: arrays[broken][:-1]}, signal.meta())
    with pytest.raises(ValueError, match=f"array.* {broken}"):
        ContentSignal.of({name: array for name, array in arrays.items() if name != broken}, signal.meta())


@pytest.mark.parametrize("items", [0, 1, 2, 3])
def test_where_nothing_is_known_nothing_is_said(items: int) -> None:
    empty = Histories(
        np.arange(items, dtype=np.int64), np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.int32)
    )
    bare = attributes_of(np.arange(items), np.zeros(items, dtype=np.int64), items=items)
    for attributes in (None, bare, attributes_of(np.empty(0, np.int64), np.empty(0, np.int64), items=items)):
        signal = content.fit(empty, attributes=attributes)
        assert signal.scores(NOTHING).tolist() == [0.0] * items
        assert ContentSignal.of(signal.arrays(), signal.meta()).scores(NOTHING).shape == (items,)


def test_items_without_a_description_are_neither_scored_nor_in_the_way() -> None:
    whole = described()
    there = whole.item % 10 > 0
    some = attributes_of(whole.item[there], whole.attribute[there], items=ITEMS)
    scores = content.fit(world(people=300), attributes=some).scores(one(31, 62))
    assert np.isfinite(scores).all()
    assert scores.max() > 0
    assert not scores[::10].any()


def test_attributes_of_another_catalogue_are_refused() -> None:
    with pytest.raises(ValueError, match="catalogue of 360"):
        content.fit(world(people=10), attributes=attributes_of(np.array([0]), np.array([0]), items=2))


def test_a_newcomer_is_placed_beside_the_known_items_that_are_most_like_it() -> None:
    signal = content.fit(world(people=100), attributes=described())
    near, shares = signal.alike(np.array([3, KINDS + 2, KINDS + FLAVOURS, 9_999], dtype=np.int32))
    alike = (kind_of(near) == 3) & (near % FLAVOURS == 2)
    assert shares.sum() == pytest.approx(1.0)
    assert alike[:6].all()
    assert shares[alike].sum() > 0.5
    assert [len(part) for part in signal.alike(np.array([9_999], dtype=np.int32))] == [0, 0]


@pytest.mark.realdata
def test_on_beauty_hidden_items_are_found_far_more_often_than_by_chance_or_by_likeness() -> None:
    read = duckdb.connect().execute
    sequences = real_data("amazon_s3rec/beauty_sequences.parquet")
    path = real_data("amazon_s3rec/beauty_item_attributes.parquet")
    lists = [items[:-1] for (items,) in read(f"SELECT items FROM '{sequences}' LIMIT 12000").fetchall()]
    rows = read(f"SELECT item, unnest(attributes) AS attribute FROM '{path}'").fetchnumpy()
    items = int(rows["item"].max())
    attributes = attributes_of(rows["item"] - 1, rows["attribute"], items=items)
    starts = np.append(0, np.cumsum([len(one) for one in lists])).astype(np.int64)
    item = np.concatenate(lists).astype(np.int32) - 1
    step = (np.arange(len(item)) - np.repeat(starts[:-1], np.diff(starts))).astype(np.int32)
    part = cold.hide(Histories(np.arange(items, dtype=np.int64), starts, item, step), seed=1, most=300)
    found = cold.recall(content.fit(part.before, attributes=attributes).scores, part.asked)
    assert found >= 5 * 100 / items
    assert found >= cold.recall(by_texts(attributes), part.asked)


def test_only_so_many_attributes_are_learnt_about_the_most_frequent_ones() -> None:
    generator = np.random.default_rng(5)
    item = np.repeat(np.arange(9000), 2)
    attributes = attributes_of(item, generator.integers(4000, size=len(item)), items=9000)
    rows, numbers = content.weighted(attributes)
    sizes = np.bincount(attributes.attribute, minlength=4000)
    assert rows.shape == (9000, content.MOST_ATTRIBUTES)
    assert sizes[numbers].min() >= np.delete(sizes, numbers).max()
    lengths = np.sqrt(np.asarray(csr_matrix(rows).multiply(rows).sum(axis=1)).ravel())
    assert np.allclose(lengths[lengths > 0], 1.0, atol=1e-5)


@pytest.mark.parametrize("items", [0, 1, 5])
def test_a_world_in_which_nothing_happened_has_nothing_to_hide(items: int) -> None:
    empty = Histories(
        np.arange(items, dtype=np.int64), np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.int32)
    )
    part = cold.hide(empty, seed=1)
    assert (len(part.before), part.asked, cold.recall(lambda _: np.zeros(items, np.float32), part.asked)) == (
        0,
        (),
        0.0,
    )
