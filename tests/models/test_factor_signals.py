"""Tastes, likeness and popularity as signals: who is alike is found, nobody is stored, and little data does no harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix

from app.core.recommend.factors import FoldIn
from app.core.recommend.histories import NOTHING, Histories
from app.core.recommend.models import popular, similar, taste
from app.core.recommend.models.people import LONGEST, newest_people, people_by_items
from app.core.recommend.signals.factors import FactorSignal
from app.core.recommend.signals.popular import PopularSignal
from app.core.recommend.signals.roster import described, signal_of
from app.core.recommend.signals.types import Signal
from app.core.recommend.tasks import Task
from tests.models.histories import sessions_of, viewed

ITEMS, PEOPLE = 30, 240
Fit = Callable[[Histories], Signal]
PERSONAL: list[Fit] = [taste.fit_als, taste.fit_bpr, similar.fit]
ALL: list[Fit] = [*PERSONAL, popular.fit]
NAMES = ["als", "bpr", "similar", "popular"]


def two_camps(seed: int = 5) -> Histories:
    """Half of the people have even items, half odd ones; one item in ten is any."""
    generator = np.random.default_rng(seed)
    rows = []
    for person in range(PEOPLE):
        own = generator.integers(ITEMS // 2, size=6) * 2 + person % 2
        rows.append(np.where(generator.random(6) < 0.9, own, generator.integers(ITEMS, size=6)).tolist())
    return sessions_of(*rows, items=ITEMS)


@pytest.mark.parametrize("fit", PERSONAL, ids=NAMES[:3])
def test_a_shopper_of_one_camp_is_shown_that_camp(fit: Fit) -> None:
    signal = fit(two_camps())
    for camp in (0, 1):
        scores = signal.scores(viewed(camp, camp + 4, camp + 8))
        assert scores[camp::2].mean() > 2 * scores[1 - camp :: 2].mean()


@pytest.mark.parametrize("fit", ALL, ids=NAMES)
def test_the_same_histories_teach_the_same(fit: Fit) -> None:
    first, second = fit(two_camps()), fit(two_camps())
    for name, array in first.arrays().items():
        assert np.array_equal(array, second.arrays()[name])


@pytest.mark.parametrize("fit", ALL, ids=NAMES)
def test_an_artefact_holds_items_alone_and_answers_alike(fit: Fit) -> None:
    signal = fit(two_camps())
    assert all(len(array) == ITEMS for array in signal.arrays().values())
    restored = signal_of(signal.arrays(), described(signal))
    assert np.array_equal(restored.scores(viewed(3, 5)), signal.scores(viewed(3, 5)))


@pytest.mark.parametrize("fit", ALL, ids=NAMES)
@pytest.mark.parametrize(
    "histories",
    [sessions_of(items=3), sessions_of([0], items=1), sessions_of([2], items=3), sessions_of([0, 1], [2], items=3)],
    ids=["nobody", "one item", "one event", "two people"],
)
def test_hardly_any_data_does_no_harm(fit: Fit, histories: Histories) -> None:
    signal = fit(histories)
    for history in (NOTHING, viewed(0, 0), viewed(*range(len(histories.items)))):
        scores = signal.scores(history)
        assert scores.shape == (len(histories.items),)
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()
        assert (scores >= 0).all()


@pytest.mark.parametrize("fit", PERSONAL, ids=NAMES[:3])
def test_nothing_is_said_to_somebody_unknown_or_of_an_item_that_nobody_had(fit: Fit) -> None:
    people = two_camps()
    signal = fit(Histories(np.arange(ITEMS + 1), people.starts, people.item, people.step))
    assert not signal.scores(NOTHING).any()
    assert not signal.scores(viewed(ITEMS)).any()
    assert signal.scores(viewed(1, 3))[ITEMS] == 0


def test_a_taste_folded_in_is_the_vector_that_implicit_gives_the_same_person() -> None:
    people = two_camps()
    signal = taste.fit_als(people, taste.ALS(factors=8, decay=1.0))
    solver = AlternatingLeastSquares(factors=8, regularization=10.0, alpha=1.0, random_state=1)
    own = csr_matrix(people_by_items(people, once=False)[:3])
    own.data = 1.0 + np.float32(10.0) * own.data
    solver.item_factors = signal.factors
    for person in range(3):
        vector = solver.recalculate_user(person, own[person])
        expected = np.maximum(signal.factors @ vector, 0.0)
        assert signal.scores(people.of(person)) == pytest.approx(expected, rel=1e-2, abs=1e-3)


def test_without_a_fold_in_a_taste_is_the_mean_of_what_the_history_holds() -> None:
    factors = np.eye(3, dtype=np.float32)
    scores = FactorSignal("bpr", factors, None, decay=0.5).scores(viewed(0, 1, 1))
    assert scores.tolist() == pytest.approx([0.25 / 1.75, 1.5 / 1.75, 0.0])


@pytest.mark.parametrize(
    ("kind", "arrays", "meta"),
    [
        (FactorSignal, {}, {"name": "als", "fold_in": None, "decay": 1, "newest": 5}),
        (FactorSignal, {"factors": np.zeros(3)}, {"name": "als", "fold_in": None, "decay": 1, "newest": 5}),
        (PopularSignal, {}, {"name": "popular"}),
        (PopularSignal, {"count": np.zeros((3, 2))}, {"name": "popular"}),
    ],
)
def test_arrays_that_are_missing_or_do_not_fit_are_refused(kind: Any, arrays: Any, meta: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="has the array"):
        kind.of(arrays, meta)


def test_a_model_with_a_fold_in_says_so_in_its_artefact() -> None:
    signal = FactorSignal("als", np.eye(2, dtype=np.float32), FoldIn(3.0, 2.0), 0.7, 9)
    restored = FactorSignal.of(signal.arrays(), signal.meta())
    assert (restored.fold_in, restored.decay, restored.newest) == (FoldIn(3.0, 2.0), 0.7, 9)


@pytest.mark.parametrize("choose", [taste.chosen_als, taste.chosen_bpr, similar.chosen, popular.chosen])
def test_with_few_questions_the_defaults_stand(choose: Callable[[Histories, Task], Any]) -> None:
    defaults = (taste.DEFAULT_ALS, taste.DEFAULT_BPR, similar.DEFAULT, popular.DEFAULT)
    assert choose(sessions_of([0, 1], [1, 2], items=3), Task.SEQUENCE) in defaults


def test_factors_are_no_wider_than_asked_for() -> None:
    assert taste.chosen_als(two_camps(), Task.SEQUENCE, widest=16, most=150).factors <= 16


# -- people as rows ----------------------------------------------------------------------------------------------------


def test_of_a_bot_only_the_newest_is_read() -> None:
    bot = [0] + [1 + number % (ITEMS - 1) for number in range(100_000)]
    has = people_by_items(sessions_of([0, 1], bot, items=ITEMS), once=False)
    assert has[1].sum() == LONGEST
    assert has[1, 0] == 0


def test_what_a_person_had_twice_weighs_as_its_newest_time() -> None:
    histories = Histories(
        np.arange(2), np.array([0, 3]), np.array([0, 1, 0], np.int32), np.arange(3, dtype=np.int32),
        np.array([0.0, 50.0, 100.0], np.float32),
    )  # fmt: skip
    assert people_by_items(histories, recency=1.0).toarray()[0].tolist() == pytest.approx([1.0, np.exp(-0.5)])
    added = people_by_items(histories, recency=1.0, once=False)
    assert added[0, 0] == pytest.approx(1.0 + np.exp(-1.0))


def test_parameters_are_chosen_with_the_newest_people() -> None:
    people = sessions_of([0, 1, 2], [3, 4], [5], items=6)
    assert [one.item.tolist() for one in newest_people(people, 3)] == [[3, 4], [5]]
    assert len(newest_people(people, 6)) == 3
    assert len(newest_people(people, 0)) == 1
    assert len(newest_people(sessions_of(items=2), 3)) == 0


# -- popularity --------------------------------------------------------------------------------------------------------


def test_what_is_newer_is_more_popular() -> None:
    dated = sessions_of([0], [0], [1], items=2, days=[0.0, 0.0, 56.0])
    assert popular.fit(dated).scores(NOTHING).tolist() == pytest.approx([0.5, 1.0])
    undated = popular.fit(sessions_of([0], [1], items=2), popular.Parameters(half_share=0.5)).scores(NOTHING)
    assert undated.tolist() == pytest.approx([0.5, 1.0])


def test_last_years_same_weeks_bring_their_items_back() -> None:
    days = [0.0, 14.0, 180.0, 360.0]
    signal = popular.fit(sessions_of([0], [1], [2], [3], items=4, days=days), popular.SEASON)
    assert np.argsort(-signal.count).tolist()[:2] == [1, 0]
    assert signal.count[2:].max() < 1e-6


def test_without_a_year_there_is_no_season() -> None:
    year = sessions_of([0], [1], items=2, days=[0.0, 100.0])
    assert not popular.fit(year, popular.SEASON).count.any()
    assert not popular.fit(sessions_of([0], [1], items=2), popular.SEASON).count.any()


def test_an_answer_may_be_written_over() -> None:
    signal = popular.fit(sessions_of([0], [1], items=2))
    signal.scores(NOTHING)[:] = 0
    assert signal.scores(NOTHING).any()


def test_bought_again_by_many_in_other_times_the_choice_prefers_the_old() -> None:
    """Where everything stays as it is, forgetting loses counts: the longest memory is chosen."""
    generator = np.random.default_rng(3)
    share = np.arange(1, 41)[::-1] ** 1.5
    rows = [generator.choice(40, 3, replace=False, p=share / share.sum()).tolist() for _ in range(400)]
    assert popular.chosen(sessions_of(*rows, items=40), Task.SESSION).half_share >= 0.3
