"""The baselines of `attune evaluate`: each does what its name says, and all of them bear the smallest of shops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.core.recommend.item_facts import ItemFacts, attributes_of
from app.core.recommend.models.baselines import FITS, SLOW, names_for
from app.core.recommend.models.roster import Material
from app.core.recommend.models.tifu_knn import Parameters
from app.core.recommend.tasks import Task
from tests.models.histories import sessions_of, viewed


def material(*people: list[int], items: int = 5, task: Task = Task.BASKET) -> Material:
    """Of the attributes, item i has i % 2."""
    number = np.arange(items)
    facts = replace(ItemFacts.unknown(items), attributes=attributes_of(number, number % 2, items=items))
    return Material(sessions_of(*people, items=items), task, facts, 1)


def order(name: str, given: Material, *asked: int) -> list[int]:
    best_first: list[int] = np.argsort(-FITS[name](given).scores(viewed(*asked)), kind="stable").tolist()
    return best_first


def test_own_items_come_by_how_often_and_then_what_is_popular() -> None:
    given = material([3, 3, 2], [3, 1], [1, 4])
    assert order("popular", given)[:2] == [3, 1]
    assert order("own_popular", given, 4, 0, 4) == [4, 0, 3, 1, 2]
    assert FITS["own"](given).scores(viewed(4, 0, 4)).tolist() == [1, 0, 0, 0, 2]


def test_tf_idf_finds_what_is_described_alike() -> None:
    assert set(order("tfidf", material([0, 1, 2]), 4)[:3]) == {0, 2, 4}


def test_tifu_knn_weighs_baskets_within_groups_and_groups_as_its_paper_does() -> None:
    weights = Parameters(group=2, within=0.5, between=0.1).weights(np.array([2, 1, 0]), np.array([3, 3, 3]))
    # Two groups: the newer one of two baskets, the older one of the one that is left.
    assert weights.tolist() == pytest.approx([0.1 / (1 * 2), 0.5 / (2 * 2), 1.0 / (2 * 2)])


def test_tifu_knn_knows_what_people_alike_bought() -> None:
    people = [[0, 1, 2]] * 400 + [[3, 4]] * 400
    assert order("tifu_knn", material(*people), 0, 1)[:3] == [1, 0, 2]


@pytest.mark.parametrize("task", list(Task))
def test_every_baseline_bears_a_shop_with_one_customer(task: Task) -> None:
    for name in names_for(task, described=True):
        if name not in SLOW:
            scores = FITS[name](material([0, 1], items=2, task=task)).scores(viewed(0))
            assert scores.shape == (2,), name
            assert np.isfinite(scores).all(), name
