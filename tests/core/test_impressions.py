"""The impression discount: what is ignored sinks, comes back with time, and never vanishes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.core.ids import ProductId
from app.core.recommend.diversify import Head, rerank
from app.core.recommend.impressions import LEAST, MOST_KEPT, left_of, left_of_all, visit_of
from app.core.recommend.steering import Steering

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = visit_of(NOON)
A_DAY = visit_of(NOON + timedelta(days=1)) - NOW


def test_two_showings_cost_nothing_and_each_further_one_costs_more() -> None:
    left = [left_of([NOW] * number, NOW) for number in range(MOST_KEPT + 1)]
    assert left[:3] == [1.0, 1.0, 1.0]
    assert left[3:] == sorted(set(left[3:]), reverse=True)
    assert LEAST <= left[-1] < 0.5


def test_what_was_ignored_comes_back_with_time() -> None:
    left = [left_of([NOW] * 6, NOW + days * A_DAY) for days in (0, 3, 7, 14, 30)]
    assert left == sorted(left)
    assert left[0] < 0.5
    assert left[-1] == 1.0


def test_however_often_a_product_was_shown_something_is_left_of_it() -> None:
    assert left_of([NOW + 5] * 1000, NOW) == LEAST


def test_what_was_taken_up_is_not_ignored() -> None:
    shown = {ProductId(1): [NOW] * 8, ProductId(2): [NOW] * 8}
    left = left_of_all([ProductId(1), ProductId(2), ProductId(3)], shown, {ProductId(2)}, NOW)
    assert left[0] < 0.5
    assert left[1:].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(("slider", "first"), [(0.0, 0), (1.0, 1)])
def test_an_ignored_product_sinks_in_its_rail_and_stays_in_it(slider: float, first: int) -> None:
    head = Head(4, ignored=np.array([LEAST, 1, 1, 1], dtype=np.float32))
    found = rerank(head, 4, Steering(impressions=slider)).tolist()
    assert found[0] == first
    assert sorted(found) == [0, 1, 2, 3]
