"""Histories played again: what is asked was never learnt from, and everybody's past is what it was at that moment."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.recommend.histories import Histories
from app.core.recommend.item_statistics import statistics_of
from app.core.recommend.models.replay import MOST_ASKED, MOST_WINDOWS, Replay, replays
from app.core.recommend.tasks import HORIZON_DAYS, Task
from tests.models.histories import chains, sessions_of


def played(histories: Histories, task: Task) -> list[Replay]:
    return list(replays(histories, task, seed=1))


def bought(days: list[list[float]]) -> Histories:
    """One person a list; item 0, 1, 2 … on these days."""
    starts = np.append(0, np.cumsum([len(one) for one in days])).astype(np.int64)
    item = np.array([place for one in days for place in range(len(one))], dtype=np.int32)
    day = np.array([day for one in days for day in one], dtype=np.float32)
    return Histories(np.arange(20, dtype=np.int64), starts, item, item.copy(), day)


def test_the_newest_sessions_are_asked_and_the_others_learnt_from() -> None:
    [replay] = played(sessions_of(*[[1, 2, 3]] * 80, *[[4, 5]] * 20, items=6), Task.SESSION)
    assert set(replay.before.item.tolist()) == {1, 2, 3}
    assert {tuple(one.history.item.tolist()) for one in replay.asked} == {(4,)}
    assert all(one.answers.tolist() == [5] for one in replay.asked)


def test_every_place_of_a_session_can_be_asked() -> None:
    [replay] = played(sessions_of(*[[0, 1]] * 4, [1, 2, 3], items=4), Task.SESSION)
    asked = {(tuple(one.history.item.tolist()), int(one.answers[0])) for one in replay.asked}
    assert asked == {((1,), 2), ((1, 2), 3)}


@pytest.mark.parametrize("task", [Task.SEQUENCE, Task.BASKET])
def test_the_last_step_is_asked_whole_and_learnt_by_nobody(task: Task) -> None:
    steps = np.array([0, 0, 1, 1, 1, 0], dtype=np.int32)
    items = np.array([3, 4, 5, 5, 6, 7], dtype=np.int32)
    [replay] = played(Histories(np.arange(9, dtype=np.int64), np.array([0, 5, 6]), items, steps), task)
    [one] = replay.asked
    assert (one.history.item.tolist(), one.answers.tolist()) == ([3, 4], [5, 6])
    assert replay.before.item.tolist() == [3, 4, 7], "who came once only is learnt from whole"


def test_a_window_asks_what_was_bought_in_it_with_ages_counted_from_its_begin() -> None:
    [replay] = played(bought([[0.0, 80.0, 99.0], [60.0, 62.0]]), Task.TIME)
    [one] = replay.asked
    assert one.answers.tolist() == [1, 2]
    assert one.history.age is not None
    assert one.history.age.tolist() == [100.0 - HORIZON_DAYS]
    assert replay.before.item.tolist() == [0, 0, 1]


def test_a_long_past_is_played_in_several_windows() -> None:
    generator = np.random.default_rng(2)
    windows = played(bought([sorted(generator.uniform(0, 365, 12).tolist()) for _ in range(50)]), Task.TIME)
    assert len(windows) == MOST_WINDOWS
    ends = [one.before.end for one in windows]
    assert ends == sorted(ends, reverse=True)


def test_somebody_who_is_asked_in_several_windows_stays_the_same_person() -> None:
    generator = np.random.default_rng(2)
    past = bought([sorted(generator.uniform(0, 365, 12).tolist()) for _ in range(50)])
    for window in played(past, Task.TIME):
        for one in window.asked:
            assert set(one.answers.tolist()) <= set(past.of(one.person).item.tolist())
            assert past.of(one.person).item[: len(one.history)].tolist() == one.history.item.tolist()


def test_of_a_log_shorter_than_two_horizons_half_is_learnt_from() -> None:
    [replay] = played(bought([[0.5, 12.5], [3.5, 19.5], [15.5]]), Task.TIME)
    assert replay.before.item.tolist() == [0, 0]
    assert sorted(one.answers.tolist() for one in replay.asked) == [[1], [1]]


def test_so_many_questions_are_enough() -> None:
    [replay] = played(chains(sessions=30_000, aisles=4, shelf=9, seed=1), Task.SESSION)
    assert len(replay.asked) == MOST_ASKED


@pytest.mark.parametrize("task", list(Task))
def test_nothing_to_play_is_no_error(task: Task) -> None:
    none = Histories(np.empty(0, np.int64), np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))
    assert all(not one.asked and not len(one.before) for one in played(none, task))


def test_only_kept_events_remain_and_people_without_any_go() -> None:
    kept = sessions_of([1, 2], [3], [4, 5, 6], items=7).keep(np.array([True, False, False, False, True, True]))
    assert [one.item.tolist() for one in kept] == [[1], [5, 6]]


def test_who_has_an_item_counts_once_and_comes_back_in_another_step() -> None:
    steps = np.array([0, 0, 1, 0, 0], dtype=np.int32)
    items = np.array([1, 1, 1, 1, 2], dtype=np.int32)
    found = statistics_of(Histories(np.arange(3, dtype=np.int64), np.array([0, 3, 5]), items, steps))
    assert np.allclose(np.expm1(found.wanted), [0, 2, 1])
    assert found.again[1] > found.again[2]
    assert found.age.tolist() == pytest.approx([1.0, 0.0, 0.8])
