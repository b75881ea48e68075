"""The blend: what it picks, in which order, and that an artefact ranks like what was trained."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.recommend.blend import Blend, best_of
from app.core.recommend.forest import LinearRanker
from app.core.recommend.histories import NOTHING, Histories, History
from app.core.recommend.models import blending
from app.core.recommend.tasks import Task
from tests.models.histories import chains, viewed


@pytest.fixture(scope="module")
def blend() -> Blend:
    """Learnt from sessions that walk through one of ten aisles, each in its order."""
    return blending.fit(chains(sessions=1500, aisles=10, shelf=8, seed=1), Task.SESSION)


def test_what_usually_comes_next_stands_first(blend: Blend) -> None:
    found = [int(blend.rank(viewed(aisle * 8, aisle * 8 + 1)).at[0]) for aisle in range(10)]
    assert sum(one == aisle * 8 + 2 for aisle, one in enumerate(found)) >= 9


def test_an_artefact_ranks_like_what_was_trained(blend: Blend) -> None:
    read = Blend.of(blend.arrays(), blend.meta())
    for asked in (viewed(3), viewed(3, 4, 5), viewed(70, 2, 9), NOTHING):
        assert np.array_equal(read.scores(asked), blend.scores(asked))
        assert np.array_equal(read.rank(asked, only_new=True).at, blend.rank(asked, only_new=True).at)


def test_scores_of_all_items_follow_the_ranking(blend: Blend) -> None:
    ranked = blend.rank(viewed(8, 9))
    order = np.argsort(-blend.scores(viewed(8, 9)), kind="stable")
    assert order[: len(ranked.at)].tolist() == ranked.at.tolist()


def test_what_the_shopper_knows_is_no_candidate_when_only_new_ones_are_asked_for(blend: Blend) -> None:
    assert not set(blend.rank(viewed(8, 9, 10), only_new=True).at.tolist()) & {8, 9, 10}
    assert 9 in blend.rank(viewed(8, 9, 10)).at


@given(st.lists(st.booleans(), min_size=80, max_size=80), st.lists(st.integers(0, 79), max_size=12), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_a_ranking_is_short_only_where_too_little_may_be_shown(
    blend: Blend, shown: list[bool], seen: list[int], most: int
) -> None:
    mask = np.array(shown)
    at = blend.rank(viewed(*seen), mask, most=most).at.tolist()
    assert len(at) == len(set(at)) == min(most, int(mask.sum()))
    assert mask[at].all()


def test_a_damaged_artefact_is_refused_in_words(blend: Blend) -> None:
    arrays, meta = blend.arrays(), blend.meta()
    with pytest.raises(ValueError, match="not whole"):
        Blend.of({name: array for name, array in arrays.items() if name != "weights"}, meta)
    with pytest.raises(ValueError, match="one weight"):
        Blend.of({**arrays, "weights": arrays["weights"][:-1]}, meta)
    with pytest.raises(ValueError, match="unknown kind"):
        Blend.of(arrays, {**meta, "signals": [{**one, "kind": "oracle"} for one in meta["signals"]]})


def test_the_same_histories_give_the_same_blend() -> None:
    one, other = (blending.fit(chains(sessions=900, aisles=5, shelf=6, seed=2), Task.SESSION) for _ in range(2))
    assert one.meta() == other.meta()
    assert {name: array.tobytes() for name, array in one.arrays().items()} == {
        name: array.tobytes() for name, array in other.arrays().items()
    }


@pytest.mark.parametrize("task", list(Task))
def test_with_too_little_to_learn_from_stated_priors_rank(task: Task) -> None:
    few = chains(sessions=12, aisles=2, shelf=4, seed=3)
    blend = blending.fit(few, task)
    assert isinstance(blend.new, LinearRanker)
    assert len(blend.rank(viewed(0, 1)).at) == 8


@pytest.mark.parametrize("task", list(Task))
def test_one_person_with_one_item_is_enough_to_answer(task: Task) -> None:
    one = Histories(np.array([7]), np.array([0, 1]), np.zeros(1, np.int32), np.zeros(1, np.int32))
    assert blending.fit(one, task).rank(viewed(0)).at.tolist() == [0]


def test_nobody_and_nothing_is_an_empty_blend() -> None:
    none = Histories(np.empty(0, np.int64), np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))
    assert len(blending.fit(none, Task.SESSION).rank(NOTHING).at) == 0


def test_the_best_are_the_highest_that_are_not_left_out() -> None:
    total = np.array([0.1, -np.inf, 0.9, 0.5, -np.inf], dtype=np.float32)
    assert best_of(total, 2).tolist() == [2, 3]
    assert best_of(total, 10).tolist() == [0, 2, 3]


def test_ages_and_steps_of_a_history_count_from_its_newest_event() -> None:
    asked = History(np.array([1, 2, 3, 4], np.int32), np.array([0, 0, 3, 9], np.int32))
    assert asked.back.tolist() == [2, 2, 1, 0]
    assert asked.newest(2).item.tolist() == [3, 4]
