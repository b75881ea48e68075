"""Transitions: what comes after what, counted as defined, in one direction, and bounded."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from app.core.recommend.histories import NOTHING
from app.core.recommend.models.transitions import DEFAULT, LONGEST, OF_A_STEP, Parameters, chosen, counted, fit
from app.core.recommend.models.validation import ndcg, validation_part
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.signals.tables import TableSignal, table_of
from app.core.recommend.tasks import Task
from tests.models.histories import habits, people_of, sessions_of, viewed

FORWARD = Parameters(backward=0.0, shrinkage=0.0, lift=0.0, recency=0.0)


def test_what_comes_after_is_not_what_came_before() -> None:
    signal = fit(sessions_of([0, 1, 2], items=3), FORWARD)
    assert np.flatnonzero(signal.scores(viewed(1))).tolist() == [2]
    both = fit(sessions_of([0, 1, 2], items=3), Parameters(backward=0.5, recency=0.0)).scores(viewed(1))
    assert both[2] > both[0] > 0


@pytest.mark.parametrize("reach", [1, 3])
def test_pairs_are_counted_by_their_distance(reach: int) -> None:
    generator = np.random.default_rng(4)
    people = [[generator.integers(9, size=generator.integers(1, 4)).tolist() for _ in range(6)] for _ in range(20)]
    expected: dict[tuple[int, int], float] = defaultdict(float)
    for person in people:
        for first, step in enumerate(person):
            for second in range(first + 1, min(first + reach, len(person) - 1) + 1):
                for item in step:
                    for other in person[second]:
                        expected[item, other] += FORWARD.away ** (second - first - 1)
    found = counted(people_of(*people, items=9), Parameters(reach=reach, recency=0.0)).pairs.toarray()
    assert found == pytest.approx(np.array([[expected[i, j] for j in range(9)] for i in range(9)]))


def test_a_score_is_the_share_of_what_came_after() -> None:
    signal = fit(sessions_of([0, 1], [0, 1], [0, 1], [0, 2], items=3), FORWARD)
    assert signal.scores(viewed(0)).tolist() == pytest.approx([0.0, 0.75, 0.25])


def test_rare_items_speak_softly() -> None:
    sessions = sessions_of(*[[0, 1]] * 20, [2, 3], items=4)
    signal = fit(sessions, Parameters(backward=0.0, shrinkage=5.0, lift=0.0, recency=0.0))
    assert signal.scores(viewed(0))[1] == pytest.approx(20 / 25)
    assert signal.scores(viewed(2))[3] == pytest.approx(1 / 6)


def test_lift_lowers_what_comes_after_everything() -> None:
    sessions = sessions_of([0, 1], [0, 1], [0, 2], *([other, 1] for other in range(3, 10)), items=10)
    assert np.argmax(fit(sessions, FORWARD).scores(viewed(0))) == 1
    lifted = Parameters(backward=0.0, shrinkage=0.0, lift=1.0, recency=0.0)
    assert np.argmax(fit(sessions, lifted).scores(viewed(0))) == 2


def test_one_person_ends_where_the_next_begins() -> None:
    assert fit(sessions_of([0, 1], [2, 0], items=3), FORWARD).scores(viewed(1)).tolist() == [0.0, 0.0, 0.0]


def test_what_was_bought_at_once_did_not_follow() -> None:
    assert fit(people_of([[0, 1], [2]], items=3), FORWARD).scores(viewed(0)).tolist() == [0.0, 0.0, 1.0]


def test_the_same_item_again_is_a_transition() -> None:
    assert fit(sessions_of([0, 0, 1], items=2), FORWARD).scores(viewed(0))[0] > 0


def test_of_a_large_order_some_items_count_for_all() -> None:
    size = 4 * OF_A_STEP
    pairs = counted(people_of([list(range(10)), list(range(10, 10 + size))], items=10 + size), FORWARD).pairs
    assert np.asarray(pairs.sum(axis=1)).ravel()[:10].tolist() == pytest.approx([size] * 10)
    assert pairs.nnz == 10 * OF_A_STEP
    met = np.count_nonzero(np.asarray(pairs.sum(axis=0)).ravel())
    assert met == size


@pytest.mark.parametrize("days", [None, [10.0, 40.0]])
def test_newer_people_count_more(days: list[float] | None) -> None:
    signal = fit(sessions_of([0, 1], [0, 2], items=3, days=days), Parameters(backward=0.0, recency=0.3))
    scores = signal.scores(viewed(0))
    assert scores[2] > scores[1] > 0


def test_a_bot_is_read_in_part() -> None:
    pairs = counted(sessions_of([0, 1] * 50_000, [0, 2], items=3), FORWARD).pairs
    assert pairs.sum() < LONGEST / (1.0 - FORWARD.away) + 2


def test_with_too_many_events_only_nearer_steps_are_paired() -> None:
    sessions = sessions_of([0, 1, 2, 3], items=4)
    assert counted(sessions, FORWARD, most=5).pairs.toarray()[0].tolist() == [0.0, 1.0, 0.6, 0.0]
    assert counted(sessions, FORWARD, most=3).pairs.toarray()[0].tolist() == [0.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("rows", [[], [[1]], [[], []]])
def test_of_nothing_nothing_is_said(rows: list[list[int]]) -> None:
    signal = fit(sessions_of(*rows, items=3))
    assert signal.scores(viewed(1, 2)).tolist() == [0.0, 0.0, 0.0]
    assert signal.scores(NOTHING).tolist() == [0.0, 0.0, 0.0]


def test_what_is_chosen_answers_the_validation_part_no_worse_than_the_defaults() -> None:
    histories = habits(900, 60)
    parameters = chosen(histories, Task.SESSION, most=200)
    part = validation_part(histories, Task.SESSION, 200)
    assert parameters != DEFAULT
    assert ndcg(fit(part.before, parameters), part.asked) >= ndcg(fit(part.before), part.asked)


def test_with_few_questions_the_defaults_stand() -> None:
    assert chosen(habits(40, 10), Task.SESSION) == DEFAULT


# -- tables ----------------------------------------------------------------------------------------------------------


def test_newer_steps_weigh_more_and_repeats_add_up() -> None:
    signal = TableSignal("t", fit(sessions_of([0, 1], [2, 3], items=4), FORWARD).rows, decay=0.5)
    assert signal.scores(viewed(0, 2)).tolist() == [0.0, 0.5, 0.0, 1.0]
    assert signal.scores(viewed(2, 0, 2)).tolist() == [0.0, 0.5, 0.0, 1.25]


def test_a_table_keeps_the_best_of_every_row_and_the_lower_position_of_equals() -> None:
    source, target = np.array([1, 1, 1, 0]), np.array([3, 2, 0, 1])
    table = table_of(source, target, np.array([0.5, 0.5, 0.9, 0.0]), 4, 2)
    assert table["index"].tolist() == [[-1, -1], [0, 2], [-1, -1], [-1, -1]]
    assert table["score"][1].tolist() == pytest.approx([0.9, 0.5])


def test_a_table_survives_its_artefact() -> None:
    signal = fit(habits(100, 10))
    again = TableSignal.of(signal.arrays(), signal.meta())
    assert again.name == "transitions"
    assert np.array_equal(again.scores(viewed(1, 2)), signal.scores(viewed(1, 2)))


@pytest.mark.parametrize("position", [-2, 3])
def test_a_table_that_names_unknown_items_is_refused(position: int) -> None:
    rows = np.array([[(position, 1.0)]] * 3, dtype=NEIGHBOUR)
    with pytest.raises(ValueError, match="outside the catalogue"):
        TableSignal.of({"rows": rows}, TableSignal("t", rows).meta())
