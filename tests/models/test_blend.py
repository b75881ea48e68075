"""The blend: what it picks, in which order, and that an artefact ranks like what was trained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.recommend.blend import NEWEST, Blend, Mask
from app.core.recommend.foremost import best_of, foremost
from app.core.recommend.forest import LinearRanker
from app.core.recommend.histories import NOTHING, Histories, History
from app.core.recommend.models import blending
from app.core.recommend.models.batch import Batch
from app.core.recommend.models.replay import Effort
from app.core.recommend.signals.session_neighbours import Parameters as NeighbourParameters
from app.core.recommend.signals.session_neighbours import SessionNeighbours
from app.core.recommend.tasks import Task
from tests.models.histories import chains, sessions_of, viewed


@pytest.fixture(scope="module")
def blend() -> Blend:
    """Learnt from sessions that walk through one of ten aisles, each in its order."""
    return learnt(chains(sessions=800, aisles=10, shelf=8, seed=1), Task.SESSION)


@pytest.fixture(scope="module")
def bought() -> Blend:
    """Learnt from orders along the same aisles, a day apart; with factors, which are asked about candidates only."""
    walks = chains(sessions=300, aisles=10, shelf=8, seed=4)
    return learnt(replace(walks, day=np.sort(np.arange(len(walks.item)) % 400).astype(np.float32)), Task.TIME)


def learnt(histories: Histories, task: Task) -> Blend:
    """As `blending.fit`, from fewer questions."""
    return blending.learn(histories, task, effort=Effort(asked=600, windows=1)).refitted(histories)


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


def test_nothing_that_a_long_history_holds_is_new(blend: Blend) -> None:
    long = viewed(*range(40), *[79] * (2 * NEWEST))
    assert set(blend.rank(long, only_new=True).at.tolist()) == set(range(40, 79))


def test_what_the_ranker_holds_equal_is_equal_to_who_measures() -> None:
    # Two items that nobody can tell apart: an order of the two would be luck.
    twins = sessions_of(*[[0, 1], [2, 1], [1, 0], [1, 2]] * 6, [0, 1, 2], [2, 1, 0], items=3)
    scores = blending.fit(twins, Task.SESSION).scores(viewed(1))
    ranked = blending.fit(twins, Task.SESSION).rank(viewed(1))
    assert (np.diff(scores[ranked.at]) == 0).tolist() == (np.diff(ranked.score) == 0).tolist()


def test_a_damaged_artefact_is_refused_in_words(blend: Blend) -> None:
    arrays, meta = blend.arrays(), blend.meta()
    with pytest.raises(ValueError, match="not whole"):
        Blend.of({name: array for name, array in arrays.items() if name != "weights"}, meta)
    with pytest.raises(ValueError, match="one weight"):
        Blend.of({**arrays, "weights": arrays["weights"][:-1]}, meta)
    with pytest.raises(ValueError, match="unknown kind"):
        Blend.of(arrays, {**meta, "signals": [{**one, "kind": "oracle"} for one in meta["signals"]]})


def test_the_same_histories_give_the_same_blend() -> None:
    one, other = (learnt(chains(sessions=500, aisles=5, shelf=6, seed=2), Task.SESSION) for _ in range(2))
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
    blend = blending.fit(none, Task.SESSION)
    assert len(blend.rank(NOTHING).at) == 0
    assert [len(one) for one in Batch.of(blend).best([NOTHING], places=3)] == [0]


def test_the_best_are_the_highest_that_are_allowed_and_of_equals_those_that_stand_first() -> None:
    total = np.array([0.1, 7.0, 0.9, 0.5, 0.5, 0.5], dtype=np.float32)
    allowed = np.array([True, False, True, True, True, True])
    assert best_of(total, allowed, 3).tolist() == [2, 3, 4]
    assert best_of(total, allowed, 3, among=np.array([0, 4, 5])).tolist() == [2, 3, 4]
    assert best_of(total, allowed, 10).tolist() == [0, 2, 3, 4, 5]
    assert best_of(total, ~allowed, 0).tolist() == []


@given(st.lists(st.integers(0, 3), max_size=12), st.integers(0, 14))
def test_the_foremost_are_those_that_a_stable_sort_puts_first(scores: list[int], most: int) -> None:
    values = np.array(scores, dtype=np.float32)
    assert foremost(values, most).tolist() == sorted(np.argsort(-values, kind="stable")[:most].tolist())


HISTORIES = st.lists(st.tuples(st.integers(0, 79), st.booleans()), max_size=30)


@given(HISTORIES, st.lists(st.booleans(), min_size=80, max_size=80), st.booleans())
@settings(max_examples=60, deadline=None)
def test_asking_for_named_items_only_finds_what_asking_for_all_items_finds(
    blend: Blend, bought: Blend, events: list[tuple[int, bool]], shown: list[bool], only_new: bool
) -> None:
    asked, mask = walked(events), np.array(shown)
    for one in (blend, bought):
        found = one.rank(asked, mask, only_new=only_new, most=30).at[:20].tolist()
        assert found == densely(one, asked, mask, only_new).tolist()


def walked(events: list[tuple[int, bool]]) -> History:
    """Items with whether each begins another order, some days apart."""
    step = np.cumsum([new for _, new in events], dtype=np.int32)
    age = np.float32(9.0) * (step.max(initial=0) - step).astype(np.float32)
    return History(np.array([item for item, _ in events], dtype=np.int32), step, age)


def densely(blend: Blend, asked: History, mask: Mask, only_new: bool) -> npt.NDArray[np.intp]:
    """The first twenty of thirty candidates by one score of every signal for every item."""
    voices = blend.voices(asked)
    best = voices.max(axis=1)
    wanted = blend.features.statistics.wanted
    total = (blend.weights / np.maximum(best, 1e-12)) @ voices + wanted * 1e-6 / max(float(wanted.max()), 1.0)
    total[~mask] = -np.inf
    total[asked.item if only_new else []] = -np.inf
    order = np.argsort(-total, kind="stable")[:30]
    at = np.sort(order[np.isfinite(total[order])])
    late = np.array([signal.among(asked, at) for signal in blend.late], dtype=np.float32).reshape(
        len(blend.late), len(at)
    )
    said, best = np.concatenate([voices[:, at], late]), np.append(best, late.max(axis=1, initial=0.0))
    rows = blend.features.rows(asked, said, best, at)
    scores = (blend.new if only_new else blend.anything).scores(rows)
    return at[np.argsort(-scores, kind="stable")][:20]


def test_a_batch_ranks_like_one_request_after_the_other(bought: Blend) -> None:
    generator = np.random.default_rng(5)
    lengths = generator.integers(20, size=90).tolist()
    asked = [
        walked(list(zip(generator.integers(80, size=n).tolist(), (generator.random(n) < 0.5).tolist(), strict=True)))
        for n in lengths
    ]
    mask = generator.random(80) < 0.8
    found = list(Batch.of(bought).best(asked, mask, places=12, most=30))
    assert [one.tolist() for one in found] == [
        bought.rank(one, mask, only_new=True, most=30).at[:12].tolist() for one in asked
    ]


@pytest.mark.parametrize("every", [True, False])
def test_a_batch_finds_the_session_neighbours_that_a_request_finds(bought: Blend, every: bool) -> None:
    parameters = NeighbourParameters(neighbours=20, sample=30, newest=3, every=every)
    signals = [
        replace(one, parameters=parameters) if isinstance(one, SessionNeighbours) else one for one in bought.signals
    ]
    few = replace(bought, signals=tuple(signals))
    asked = [walked([(first + 7 * step, step % 3 > 0) for step in range(6)]) for first in range(40)]
    found = list(Batch.of(few).best(asked, places=12, most=30))
    wanted = [few.rank(one, only_new=True, most=30).at[:12] for one in asked]
    assert [one.tolist() for one in found] == [one.tolist() for one in wanted]
    assert found[0].tolist() != bought.rank(asked[0], only_new=True, most=30).at[:12].tolist()


def test_a_batch_names_nothing_that_a_long_history_holds(bought: Blend) -> None:
    long = viewed(*range(40), *[79] * (2 * NEWEST))
    (found,) = Batch.of(bought).best([long], places=12, most=30)
    assert found.tolist() == bought.rank(long, only_new=True, most=30).at[:12].tolist()
    assert min(found.tolist()) >= 40


def test_a_batch_is_short_only_where_too_little_may_be_shown(bought: Blend) -> None:
    mask = np.zeros(80, dtype=np.bool_)
    mask[[3, 4, 5]] = True
    (first, second) = Batch.of(bought).best([viewed(3, 60), NOTHING], mask, places=12)
    assert sorted(first.tolist()) == [4, 5]
    assert sorted(second.tolist()) == [3, 4, 5]
    assert list(Batch.of(bought).best([], mask, places=12)) == []


def test_ages_and_steps_of_a_history_count_from_its_newest_event() -> None:
    asked = History(np.array([1, 2, 3, 4], np.int32), np.array([0, 0, 3, 9], np.int32))
    assert asked.back.tolist() == [2, 2, 1, 0]
    assert asked.newest(2).item.tolist() == [3, 4]
