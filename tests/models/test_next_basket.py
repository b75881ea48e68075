"""The next basket: chances that were planted are found again, what is known and what is new stand apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.core.recommend.histories import NOTHING, Histories, History
from app.core.recommend.models import next_basket
from app.core.recommend.models.repeats import newest_of_each, purchases_of
from app.core.recommend.signals.next_basket import ExploreSignal, NextBasketSignal
from app.core.recommend.signals.own import OwnSignal
from app.core.recommend.tasks import Task
from tests.models.histories import people_of

Person = list[list[int]]
MILK, UMBRELLA = 0, 1
PEOPLE = some.lists(
    some.lists(some.lists(some.integers(0, 5), min_size=1, max_size=4), min_size=1, max_size=6), max_size=5
)


def shoppers(people: int = 300, visits: int = 8, seed: int = 5) -> Histories:
    """Milk comes back three times in four, the umbrella hardly ever; who buys 2k takes up 2k + 1 in the next visit."""
    generator = np.random.default_rng(seed)
    everybody = []
    for _ in range(people):
        first = int(generator.integers(1, 20)) * 2
        person = [[MILK, UMBRELLA, first], [first + 1]]
        for _ in range(visits - 2):
            basket = [MILK] * int(generator.random() < 0.75) + [UMBRELLA] * int(generator.random() < 0.03)
            person.append([*basket, int(generator.integers(42, 60))])
        everybody.append(person)
    return people_of(*everybody, items=60)


def history(*visits: list[int]) -> History:
    return people_of(visits, items=60).of(0)


HISTORIES = shoppers()
LEARNT = next_basket.fit(HISTORIES)


# -- counting --------------------------------------------------------------------------------------------------------


def test_purchases_end_in_the_next_one_or_stay_open_until_the_last_visit() -> None:
    bought = purchases_of(people_of([[3, 3], [1], [3], [2]], [[3]], items=4))
    assert bought.item.tolist() == [1, 2, 3, 3, 3]
    assert bought.times.tolist() == [1, 1, 1, 2, 1]
    assert bought.came_back.tolist() == [False, False, True, False, False]
    assert bought.visits_to.tolist() == [2, 0, 2, 1, 0]
    assert bought.visits.tolist() == [4, 4, 4, 4, 1]


def test_one_persons_last_purchase_does_not_end_in_the_next_ones_first() -> None:
    bought = purchases_of(people_of([[0]], [[0]], [[0], [0]], items=1))
    assert bought.came_back.tolist() == [False, False, True, False]


@given(PEOPLE)
def test_chances_are_counted_as_visit_by_visit(people: list[Person]) -> None:
    """Against a plain count of every item that a person knows at every later visit."""
    asked: dict[tuple[int, int], list[bool]] = {}
    for person in people:
        for now in range(1, len(person)):
            for item in {item for visit in person[:now] for item in visit}:
                had = [place for place in range(now) if item in person[place]]
                asked.setdefault((len(had), now - 1 - had[-1]), []).append(item in person[now])
    bought = purchases_of(people_of(*people, items=6))
    exposures, came = next_basket._counted(bought)
    expected = np.zeros((2, *exposures.shape))
    for (times, back), answers in asked.items():
        row = int(np.searchsorted(next_basket.TIMES_FROM, times, side="right")) - 1
        column = int(np.searchsorted(next_basket.BACK_FROM, back, side="right")) - 1
        expected[:, row, column] += len(answers), sum(answers)
    assert np.array_equal(exposures, expected[0])
    assert np.array_equal(came, expected[1])


# -- what the shopper knows ------------------------------------------------------------------------------------------


def test_what_people_come_back_for_has_a_lift_and_what_they_do_not_has_none() -> None:
    assert LEARNT.own.lift[MILK] > 1 > LEARNT.own.lift[UMBRELLA]
    item, chance = LEARNT.own.known(history(*[[MILK, UMBRELLA]] * 5))
    assert item.tolist() == [MILK, UMBRELLA]
    assert chance[0] == pytest.approx(0.75, abs=0.15)
    assert chance[1] < chance[0] - 0.15


def test_before_lifts_the_table_expects_what_really_came_back() -> None:
    """The chances that stand before each visit, added up over everybody, against a plain count."""
    plain = replace(LEARNT.own, lift=np.ones(60, dtype=np.float32))
    expected, came = 0.0, 0
    for one in HISTORIES:
        for now in range(1, int(one.step[-1]) + 1):
            before, visit = one.step < now, one.item[one.step == now]
            item, chance = plain.known(History(one.item[before], one.step[before]))
            expected += float(chance.sum())
            came += int(np.isin(item, visit).sum())
    assert expected == pytest.approx(came, rel=0.06)


def test_only_known_items_have_an_own_score() -> None:
    scores = LEARNT.own.scores(history([3, 3], [5]))
    assert np.flatnonzero(scores).tolist() == [3, 5]


def test_what_was_bought_often_is_likelier() -> None:
    chance = LEARNT.own.chance
    assert chance[0, 0] < chance[1, 0] < chance[3, 0]


def test_what_was_bought_lately_is_likelier_where_people_move_on() -> None:
    moving = [[[item], [item], [item + 1], [item + 1], [item + 2], [item + 2]] for item in range(0, 54, 3)]
    chance = next_basket.fit_own(people_of(*moving * 5, items=60)).chance
    assert chance[0, 0] > 2 * chance[0, 1]
    assert chance[1, 0] < chance[0, 0]


# -- what is new -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [2, 8, 20, 38])
def test_what_is_taken_up_after_an_item_leads_among_what_is_new(first: int) -> None:
    own_part = replace(LEARNT.explore, trend_weight=0.0).scores(history([first]))
    rivals = [own_part[other + 1] for other in range(2, 40, 2) if other != first]
    assert own_part[first + 1] > max(rivals)


def test_for_a_shopper_who_is_not_known_what_is_taken_up_lately_stands() -> None:
    assert np.array_equal(LEARNT.explore.scores(NOTHING), LEARNT.explore.trend)
    assert LEARNT.explore.trend.sum() == pytest.approx(1.0)
    assert np.argmax(LEARNT.explore.trend) >= 42


def test_shares_of_what_is_new_add_up_to_one() -> None:
    assert LEARNT.explore.scores(history([2], [50])).sum() == pytest.approx(1.0, rel=1e-5)


def test_recent_days_count_more_in_the_trend_where_days_are_known() -> None:
    people = people_of(*[[[0]]] * 30, *[[[1]]] * 10, items=2, days=[0.0] * 30 + [200.0] * 10)
    trend = next_basket.fit(people, next_basket.Parameters(half_life=14.0)).explore.trend
    assert trend[1] > 0.99
    assert trend.sum() == pytest.approx(1.0)


def test_the_window_and_the_person_bound_what_leads_to_an_item() -> None:
    """Item 0 is out of the window when 3 is taken up, and what another person had before leads to nothing."""
    people = people_of([[0], [1], [2], [3]], [[4]], items=5)
    explore = next_basket.fit(people, next_basket.Parameters(window=2)).explore
    leads = {
        (item, int(other))
        for item in range(5)
        for other, weight in zip(explore.following[item], explore.weight[item], strict=True)
        if weight > 0
    }
    assert leads == {(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)}


# -- the union -------------------------------------------------------------------------------------------------------


def test_a_catalogue_may_have_more_items_than_sixteen_bits_number() -> None:
    last = 69_999
    follows = people_of(*[[[last - 1], [last]]] * 5, [[3], [4]], items=last + 1)
    explore = next_basket.fit(follows, next_basket.Parameters(trend_weight=0.0)).explore
    assert int(np.argmax(explore.scores(History(np.array([last - 1], np.int32), np.zeros(1, np.int32))))) == last


def test_the_union_gives_known_items_their_own_chance_and_all_others_what_is_new() -> None:
    asked = history([MILK, 4], [45])
    scores, own, explore = LEARNT.scores(asked), LEARNT.own.scores(asked), LEARNT.explore.scores(asked)
    known = np.unique(asked.item)
    unknown = np.setdiff1d(np.arange(60), known)
    assert scores[known] == pytest.approx(own[known])
    assert scores[unknown] == pytest.approx(LEARNT.new_each * explore[unknown])


def test_what_is_new_is_counted_per_visit() -> None:
    people = people_of([[0], [1, 2], [0, 3]], [[5]], items=6)
    assert next_basket.fit(people).new_each == pytest.approx(1.5)


def test_the_union_finds_more_of_the_next_baskets_than_counting() -> None:
    """On shoppers that it has not learnt from; counting ranks by own times, then by everybody's."""
    others = shoppers(people=120, seed=6)
    found = {"learnt": 0, "counted": 0}
    sold = np.bincount(HISTORIES.item, minlength=60) / len(HISTORIES.item)
    for one in others:
        last = one.step == one.step[-1]
        asked = History(one.item[~last], one.step[~last])
        counted = np.bincount(asked.item, minlength=60) + sold
        for name, best_last in (("learnt", np.argsort(LEARNT.scores(asked))), ("counted", np.argsort(counted))):
            found[name] += int(np.isin(best_last[-2:], one.item[last]).sum())
    assert found["learnt"] > found["counted"]


def test_parameters_are_chosen_from_what_is_offered_and_stand_where_there_is_too_little() -> None:
    assert next_basket.chosen(shoppers(people=30), Task.BASKET) == next_basket.Parameters()
    chosen = next_basket.chosen(HISTORIES, Task.BASKET)
    assert chosen == next_basket.chosen(HISTORIES, Task.BASKET)
    assert chosen.half_life == next_basket.Parameters().half_life
    assert chosen.trend_weight in (0.7, *next_basket.CHOICES["trend_weight"])


# -- life ------------------------------------------------------------------------------------------------------------


def test_learning_leaves_the_histories_as_they_are_and_gives_the_same_twice() -> None:
    histories = shoppers(people=50)
    item, step = histories.item.copy(), histories.step.copy()
    first, second = next_basket.fit(histories), next_basket.fit(histories)
    assert np.array_equal(histories.item, item)
    assert np.array_equal(histories.step, step)
    for name, array in first.arrays().items():
        assert array.tobytes() == second.arrays()[name].tobytes()


def test_it_comes_back_from_its_artefact_and_holds_nobody() -> None:
    again = NextBasketSignal.of(LEARNT.arrays(), LEARNT.meta())
    asked = history([MILK, 4], [45])
    assert np.array_equal(again.scores(asked), LEARNT.scores(asked))
    longer = next_basket.fit(shoppers(people=600)).arrays()
    assert {name: array.shape for name, array in longer.items()} == {
        name: array.shape for name, array in LEARNT.arrays().items()
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("chance", np.full((2, 2), 0.1, dtype=np.float32)),
        ("chance", np.full((8, 18), 1.5, dtype=np.float32)),
        ("lift", np.full(60, np.nan, dtype=np.float32)),
        ("lift", np.zeros(60, dtype=np.float32)),
        ("lift", np.ones(59, dtype=np.float32)),
        ("following", np.full((60, 60), 60, dtype=np.int32)),
        ("following", np.full((60, 60), -1, dtype=np.int32)),
        ("weight", np.zeros((60, 3), dtype=np.float32)),
        ("trend", np.full(60, -1.0, dtype=np.float32)),
        ("trend", np.ones(60)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    name: str, value: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> None:
    with pytest.raises(ValueError, match=r"own|explore|next basket"):
        NextBasketSignal.of({**LEARNT.arrays(), name: value}, LEARNT.meta())


@pytest.mark.parametrize("meta", [{}, {"new_each": None}, {"trend_weight": 2.0, "new_each": 1.0}, {"new_each": -1.0}])
def test_odd_values_beside_the_arrays_are_refused(meta: dict[str, float]) -> None:
    whole = {**LEARNT.meta(), **meta} if meta else {}
    with pytest.raises(ValueError, match=r"own|explore|next basket"):
        NextBasketSignal.of(LEARNT.arrays(), whole)
    with pytest.raises(ValueError, match="lacks"):
        ExploreSignal.of({}, LEARNT.meta())
    with pytest.raises(ValueError, match="lacks"):
        OwnSignal.of({}, {})


@given(PEOPLE)
def test_whatever_people_did_scores_are_finite_and_never_negative(people: list[Person]) -> None:
    histories = people_of(*people, items=6)
    learnt = next_basket.fit(histories)
    for asked in (NOTHING, *histories):
        scores = learnt.scores(asked)
        assert scores.shape == (6,)
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()
        assert (scores >= 0).all()


def test_an_empty_catalogue_is_no_error() -> None:
    assert next_basket.fit(people_of(items=0)).scores(NOTHING).tolist() == []


def test_a_bot_is_one_person_with_its_newest_events_only() -> None:
    bot = [[view % 7] for view in range(5000)]
    cut = newest_of_each(people_of(bot, [[1], [2]], items=7))
    assert cut.lengths.tolist() == [1000, 2]
    assert cut.item[:1000].tolist() == [view % 7 for view in range(4000, 5000)]
    assert np.isfinite(next_basket.fit(people_of(bot, [[1], [2]], items=7)).scores(NOTHING)).all()
