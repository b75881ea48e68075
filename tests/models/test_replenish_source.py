"""Buy it again: what is due for one customer, and the sentence that says why in every language."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.core.ids import ModelVersion, ProductId
from app.core.recommend.explain import reason_text
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.past_orders import PastOrder
from app.core.recommend.rails import Question, impersonal, sources_of_rails
from app.core.recommend.replenish_source import ReplenishSource
from app.core.recommend.scoring import ItemModel
from app.core.recommend.sentences import LANGUAGES
from app.core.recommend.shopper import NOBODY, Shopper
from app.core.recommend.signals.intervals import Intervals
from app.core.recommend.signals.replenish import ReplenishSignal
from app.core.recommend.types import Again, Candidate, Rail, Reason, ReasonCode, Strategy

TODAY = 20_000


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
MODEL = ItemModel(
    ModelVersion("m"),
    Strategy.TRENDING,
    np.array([100, 200, 300, 400], dtype=np.int64),
    np.zeros((4, 0), dtype=NEIGHBOUR),
    floats(1, 1, 1, 1),
    rails=frozenset({Rail.BUY_AGAIN}),
    again=ReplenishSignal(INTERVALS, 7.0),
)


def customer(*orders: tuple[int, list[int]], carted: tuple[int, ...] = ()) -> Shopper:
    """Orders as (days ago, products)."""
    kept = [
        PastOrder(TODAY - ago, tuple(ProductId(product) for product in products)) for ago, products in sorted(orders)
    ]
    return Shopper(orders=tuple(kept), today=TODAY, carted=tuple(ProductId(product) for product in carted))


def due(shopper: Shopper, model: ItemModel = MODEL) -> list[Candidate]:
    return list(ReplenishSource(model).candidates(Question(Rail.BUY_AGAIN).for_shopper(shopper)))


def ids(found: list[Candidate]) -> list[int]:
    return [one.product_id for one in found]


def test_what_is_due_comes_the_likeliest_first_and_what_came_lately_does_not() -> None:
    assert ids(due(customer((55, [200]), (15, [100]), (80, [300])))) == [100, 200]
    assert due(customer((2, [100]))) == []


def test_nobody_is_reminded_of_what_they_stopped_buying_long_ago() -> None:
    assert ids(due(customer((80, [100]), (300, [200])))) == [100, 200]
    assert ids(due(customer((90, [100]), (300, [200])))) == [200]
    assert due(customer((400, [100, 200]))) == []


def test_a_candidate_tells_when_it_was_bought_and_what_is_usual() -> None:
    (one,) = due(customer((55, [200])))
    assert 0 < one.score < 1
    assert (one.reason.code, one.reason.because) == (ReasonCode.BUY_AGAIN, (200,))
    again = one.reason.again
    assert again is not None
    assert (round(again.days_ago), round(again.usual), again.is_own) == (55, 60, False)


def test_nothing_is_said_of_a_product_that_hardly_anybody_bought_again() -> None:
    assert due(customer((40, [400]))) == []
    (own,) = due(customer((60, [400]), (40, [400]), (20, [400])))
    assert own.reason.again is not None
    assert own.reason.again.is_own


def test_nothing_is_said_of_a_product_that_few_come_back_for() -> None:
    shares = replace(INTERVALS, again=floats(0.05, 0.8, 0.0, 0.5))
    rare = replace(MODEL, again=ReplenishSignal(shares, 7.0))
    assert ids(due(customer((55, [200]), (15, [100])), rare)) == [200]
    assert ids(due(customer((15, [100]), (30, [100]), (45, [100])), rare)) == [100]


def test_without_purchases_with_unknown_products_or_without_days_nothing_is_due() -> None:
    assert due(NOBODY) == due(customer()) == due(customer((55, [999]), (20, [1]))) == []
    undated = replace(customer((15, [100])), orders=(PastOrder(None, (ProductId(100),)),))
    assert due(undated) == []


def test_an_order_without_a_day_does_not_hide_the_others() -> None:
    known = customer((15, [100]))
    both = replace(known, orders=(PastOrder(None, (ProductId(200),)), *known.orders))
    assert ids(due(both)) == [100]


def test_what_is_in_the_cart_already_is_left_out() -> None:
    context = Question(Rail.BUY_AGAIN).for_shopper(customer((15, [100]), carted=(100,)))
    assert ProductId(100) in context.left_out


def test_the_rail_holds_nothing_else_and_nothing_for_strangers() -> None:
    (source,) = sources_of_rails(MODEL)[Rail.BUY_AGAIN]
    assert isinstance(source, ReplenishSource)
    assert impersonal((source,)) == ()
    failed = replace(MODEL, rails=frozenset(), again=None)
    assert sources_of_rails(failed)[Rail.BUY_AGAIN] == ()
    assert due(customer((15, [100])), failed) == []


def test_an_artefact_gives_back_what_was_put_in_and_is_refused_over_other_items() -> None:
    again = ItemModel.of(MODEL.version, MODEL.arrays(), MODEL.meta())
    shopper = customer((55, [200]), (15, [100]))
    assert due(shopper, again) == due(shopper)
    with pytest.raises(ValueError, match="intervals"):
        replace(MODEL, again=ReplenishSignal(only_first(INTERVALS, 3), 7.0))
    with pytest.raises(ValueError, match="lacks"):
        ItemModel.of(MODEL.version, {k: v for k, v in MODEL.arrays().items() if k != "again_spread"}, MODEL.meta())


def only_first(intervals: Intervals, items: int) -> Intervals:
    """The same for fewer items."""
    return Intervals.of({name: array[:items] for name, array in intervals.arrays().items()}, intervals.meta())


# -- the sentence ------------------------------------------------------------------------------------------------------


def said(again: Again, language: str = "en") -> str:
    return reason_text(Reason(ReasonCode.BUY_AGAIN, (ProductId(1),), again), {ProductId(1): "{0} 'Tea'|"}, language)


HABIT = Again(days_ago=42.0, usual=35.0, is_own=True)


def test_the_sentence_says_whose_habit_it_is() -> None:
    assert said(HABIT) == "You bought it 6 weeks ago; you usually come back after 5 weeks"
    assert said(replace(HABIT, is_own=False)) == "You bought it 6 weeks ago; others usually come back after 5 weeks"


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("de", "Vor 6 Wochen gekauft; meist kaufst du es nach 1 Tag wieder"),
        ("fr", "Acheté il y a 6 semaines ; d’habitude, vous y revenez au bout de 1 jour"),
        ("es", "Lo compraste hace 6 semanas; sueles volver a comprarlo al cabo de 1 día"),
    ],
)
def test_every_language_says_it(language: str, sentence: str) -> None:
    assert said(replace(HABIT, usual=0.4), language) == sentence


@pytest.mark.parametrize(
    ("days", "words"),
    [(0.2, "1 day"), (13.4, "13 days"), (13.6, "2 weeks"), (60.0, "9 weeks"), (61.0, "2 months"), (92.0, "3 months")],
)
def test_times_are_said_in_the_unit_that_people_use(days: float, words: str) -> None:
    assert LANGUAGES["en"].again.length(days) == words


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_could_end_a_string_of_liquid_or_stand_for_two(language: str) -> None:
    for days in (0.0, 3.0, 20.0, 90.0, 4000.0):
        for own in (True, False):
            assert not set(said(Again(days, days, own), language)) & set("'\"{}%|<>&[]\\")
