"""What a shopper's own history says of the items in it, counted by visit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.core.recommend.histories import NOTHING, History
from app.core.recommend.signals.intervals import Clock
from app.core.recommend.signals.own import own_features, own_items
from tests.models.histories import people_of


def test_own_features_count_by_visit() -> None:
    one = History(
        np.array([4, 4, 2, 4, 7], dtype=np.int32),
        np.array([0, 0, 0, 1, 2], dtype=np.int32),
        np.array([40, 40, 40, 20, 5], dtype=np.float32),
    )
    items, columns = own_features(one)
    assert items.tolist() == [2, 4, 7]
    assert columns["own_times"].tolist() == [1, 2, 1]
    assert columns["own_share"] == pytest.approx([1 / 3, 2 / 3, 1 / 3])
    assert columns["own_steps"].tolist() == [2, 1, 0]
    assert columns["own_days"].tolist() == [40, 20, 5]
    assert columns["own_interval"][1] == pytest.approx(20)
    assert np.isnan(columns["own_interval"][[0, 2]]).all()
    assert np.isnan(columns["own_due"]).all()
    assert columns["own_decayed"] == pytest.approx([0.85**2, 0.85**2 + 0.85, 1.0])


def test_a_history_without_days_counts_in_visits_and_says_nothing_of_days() -> None:
    _, columns = own_features(people_of([[1], [2], [1]], items=3).of(0))
    assert np.isnan(columns["own_days"]).all()
    assert columns["own_interval"][0] == pytest.approx(2)


def test_nothing_known_gives_columns_without_rows() -> None:
    items, columns = own_features(NOTHING)
    assert len(items) == 0
    assert {len(column) for column in columns.values()} == {0}


@given(some.lists(some.tuples(some.integers(0, 3), some.booleans()), min_size=1, max_size=12))
def test_gaps_are_those_between_visits_with_the_item(events: list[tuple[int, bool]]) -> None:
    item = np.array([one for one, _ in events], dtype=np.int32)
    step = np.cumsum([starts for _, starts in events]).astype(np.int32)
    own = own_items(History(item, step), Clock.STEPS)
    order = {value: place for place, value in enumerate(sorted(set(step.tolist())))}
    for row, one in enumerate(own.item.tolist()):
        visits = sorted({order[value] for value in step[item == one].tolist()})
        gaps = [after - before for before, after in pairwise(visits)]
        assert own.times[row] == len(visits)
        assert own.gaps[row] == len(gaps)
        assert own.log_gaps[row] == pytest.approx(float(np.sum(np.log(gaps))), abs=1e-5)
        assert own.back[row] == len(order) - 1 - visits[-1]
