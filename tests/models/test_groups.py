"""Kinds of products: the merchant's types, else collections, else nothing is claimed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.core.ids import CollectionId, ProductId
from app.core.recommend.groups import groups_of
from app.core.recommend.models.complements import of_other_kinds
from app.core.recommend.neighbours import NEIGHBOUR

ITEMS = np.arange(1, 11, dtype=np.int64)


def types(**of: str) -> dict[ProductId, str]:
    return {ProductId(int(name[1:])): kind for name, kind in of.items()}


def collections(*members: set[int]) -> dict[CollectionId, frozenset[ProductId]]:
    return {CollectionId(n): frozenset(map(ProductId, held)) for n, held in enumerate(members, start=1)}


def kinds(groups: npt.NDArray[np.int32] | None) -> list[set[int]]:
    assert groups is not None
    return [set(ITEMS[groups == group].tolist()) for group in np.unique(groups[groups >= 0])]


def test_types_are_kinds_however_they_are_spelt() -> None:
    written = types(p1="Cup", p2=" cup ", p3="CUP", p4="Tea  Pot", p5="tea pot")
    assert sorted(map(sorted, kinds(groups_of(ITEMS, written, {})))) == [[1, 2, 3], [4, 5]]


def test_where_types_say_nothing_collections_do_and_catch_alls_are_no_kind() -> None:
    everything = set(range(1, 11))
    held = collections(everything, {1, 2, 3, 4}, {3, 4}, {5, 6})
    for written in ({}, dict.fromkeys(map(ProductId, everything), "Product"), types(p1="Cup", p2="Pot")):
        assert sorted(map(sorted, kinds(groups_of(ITEMS, written, held)))) == [[1, 2], [3, 4], [5, 6]]


def test_without_types_and_collections_there_are_no_kinds() -> None:
    assert groups_of(ITEMS, {}, {}) is None
    assert groups_of(ITEMS, {}, collections({1, 2})) is None
    assert groups_of(np.empty(0, dtype=np.int64), {}, {}) is None


def test_complements_are_of_other_kinds_the_best_of_each_before_the_second_of_any() -> None:
    near = np.zeros((7, 6), dtype=NEIGHBOUR)
    near["index"] = -1
    near[0] = [(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.6), (5, 0.5), (6, 0.4)]
    groups = np.array([0, 0, 1, 1, 2, 2, -1], dtype=np.int32)
    found = of_other_kinds(near, groups, width=4)
    assert found[0]["index"].tolist() == [2, 4, 3, 5]
    assert found[0]["score"].tolist() == near["score"][0, [1, 3, 2, 4]].tolist()
    assert (found["index"][1:] == -1).all()
