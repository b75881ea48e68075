"""Buy it again: what is due for one customer, and the sentence that says why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.core.ids import ProductId
from app.core.recommend.cascade import Context
from app.core.recommend.replenish_source import Bought, DueAgain, ReplenishSource, due_text, history_of, in_words
from app.core.recommend.signals.intervals import Intervals
from app.core.recommend.signals.replenish import ReplenishSignal
from app.core.recommend.types import Placement, ReasonCode, Strategy


def floats(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)


INTERVALS = Intervals(
    np.log(floats(14, 60, 30, 20)),
    floats(0.5, 0.5, 0.5, 0.5),
    floats(0.9, 0.8, 0.0, 0.5),
    floats(900, 300, 0, 1),
    weight=0.5,
    again_weight=2.0,
    own_spread=0.2,
)
SIGNAL = ReplenishSignal(INTERVALS, 7.0)
ITEM_IDS = np.array([100, 200, 300, 400], dtype=np.int64)
ASKED = Context(Placement.HOME, None, (), 8)


def source(*purchases: tuple[int, int, float]) -> ReplenishSource:
    """(product, order, days ago)."""
    rows = tuple([Bought(ProductId(product), order, ago) for product, order, ago in purchases])
    return ReplenishSource(SIGNAL, ITEM_IDS, rows, ReasonCode.BECAUSE_BOUGHT, Strategy.NONE)


def test_what_is_due_comes_the_likeliest_first_and_what_came_lately_does_not() -> None:
    found = source((200, 2, 55.0), (100, 3, 15.0), (300, 1, 80.0)).due()
    assert [one.product_id for one in found] == [100, 200]
    assert source((100, 1, 2.0)).due() == []


def test_candidates_name_the_product_itself_as_the_reason() -> None:
    (one,) = source((200, 1, 55.0)).candidates(ASKED)
    assert one.product_id == 200
    assert one.reason.because == (200,)
    assert 0 < one.score < 1


def test_nothing_is_said_of_a_product_that_hardly_anybody_bought_again() -> None:
    assert source((400, 1, 40.0)).due() == []
    own = source((400, 1, 60.0), (400, 2, 40.0), (400, 3, 20.0)).due()
    assert [one.is_own for one in own] == [True]


def test_without_purchases_or_with_unknown_ones_nothing_is_due() -> None:
    assert list(source().candidates(ASKED)) == []
    assert source((999, 1, 55.0), (1, 2, 20.0)).due() == []


def test_orders_become_steps_oldest_first() -> None:
    rows = [Bought(ProductId(100), 8, 3.0), Bought(ProductId(200), 7, 20.0), Bought(ProductId(100), 7, 20.0)]
    one = history_of(rows, ITEM_IDS)
    assert one.item.tolist() == [0, 1, 0]
    assert one.back.tolist() == [1, 1, 0]
    assert one.age is not None
    assert one.age.tolist() == [20.0, 20.0, 3.0]


def test_a_source_over_another_catalogue_or_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="days"):
        ReplenishSource(SIGNAL, ITEM_IDS[:2], (), ReasonCode.BECAUSE_BOUGHT, Strategy.NONE)


def test_the_sentence_says_whose_habit_it_is() -> None:
    one = DueAgain(ProductId(100), 0.3, 42.0, 35.0, is_own=False)
    assert due_text(one) == "You bought it 6 weeks ago; most come back after 5 weeks"
    assert (
        due_text(replace(one, is_own=True, usual=1.0)) == "You bought it 6 weeks ago; you usually come back after 1 day"
    )


@pytest.mark.parametrize(
    ("days", "words"), [(0.2, "1 day"), (13.0, "13 days"), (15.0, "2 weeks"), (60.0, "9 weeks"), (92.0, "3 months")]
)
def test_times_are_said_in_the_unit_that_people_use(days: float, words: str) -> None:
    assert in_words(days) == words
