"""What nobody has wanted yet gets its share of a ranking, and no more."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.core.recommend.untried import MOST, placed, share_of


def test_the_share_is_that_of_the_catalogue_up_to_a_limit() -> None:
    wanted = np.ones(100, dtype=np.float32)
    assert share_of(wanted) == 0.0
    wanted[:5] = 0.0
    assert share_of(wanted) == 0.05
    wanted[:50] = 0.0
    assert share_of(wanted) == MOST
    assert share_of(np.empty(0, dtype=np.float32)) == 0.0


def test_the_item_that_content_speaks_for_most_comes_at_its_share_and_the_next_one_share_later() -> None:
    liked = np.zeros(60, dtype=np.float32)
    liked[[57, 58, 59]] = 1.0, 3.0, 2.0
    order = placed(np.arange(60), liked, 0.05)
    assert [int(np.flatnonzero(order == item)[0]) + 1 for item in (58, 59, 57)] == [20, 40, 60]


def test_what_stands_further_ahead_by_itself_stays_there() -> None:
    liked = np.zeros(40, dtype=np.float32)
    liked[3] = 1.0
    assert placed(np.arange(40), liked, 0.05).tolist() == list(range(40))


def test_a_rail_of_ten_is_the_rankers_own() -> None:
    liked = np.zeros(300, dtype=np.float32)
    liked[200:] = 1.0
    assert not set(placed(np.arange(300), liked, MOST)[:9].tolist()) & set(range(200, 300))


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=120), st.sampled_from([0.01, 0.05, MOST]))
def test_others_keep_their_order_and_nothing_is_lost(likes: list[float], share: float) -> None:
    liked = np.array([one if one > 0.7 else 0.0 for one in likes], dtype=np.float32)
    order = np.random.default_rng(len(likes)).permutation(len(likes))
    found = placed(order, liked, share)
    assert sorted(found.tolist()) == list(range(len(likes)))
    others = [item for item in found.tolist() if not liked[item]]
    assert others == [item for item in order.tolist() if not liked[item]]
    for number in range(1, min(int(len(order) * share), int(np.count_nonzero(liked))) + 1):
        assert np.count_nonzero(liked[found[: round(number / share)]]) >= number
