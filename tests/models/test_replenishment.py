"""Replenishment: planted intervals are found again, shrunk where little is known, and what is due comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import erf, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.core.recommend.histories import NOTHING, Histories, History
from app.core.recommend.models import replenishment
from app.core.recommend.signals.intervals import Clock, Intervals
from app.core.recommend.signals.own import own_features
from app.core.recommend.signals.replenish import ReplenishSignal, normal_share

Orders = list[tuple[float, int]]
COFFEE, SOAP, LAMP, RARE = 0, 1, 2, 3
TYPICAL = {COFFEE: 14.0, SOAP: 60.0}
DAYS = 400.0


def ordered(*people: Sequence[tuple[float, int]], items: int = 4) -> Histories:
    """People's (day, item), each in order; what is bought on one day is one step."""
    lengths = [len(person) for person in people]
    every = [event for person in people for event in person]
    day = np.array([day for day, _ in every], dtype=np.float32)
    return Histories(
        np.arange(items, dtype=np.int64),
        np.append(0, np.cumsum(lengths)).astype(np.int64),
        np.array([item for _, item in every], dtype=np.int32),
        np.floor(day).astype(np.int32),
        day,
    )


def households(people: int = 300, leave: float = 0.1, seed: int = 9) -> Histories:
    """Each with its own rhythm for coffee and soap, which some leave at every purchase; a lamp once, one oddity."""
    generator = np.random.default_rng(seed)
    everybody = []
    for number in range(people):
        events: Orders = [(float(generator.uniform(0, DAYS)), LAMP)]
        for item, typical in TYPICAL.items():
            own = typical * np.exp(generator.normal(0, 0.4))
            day = float(generator.uniform(0, own))
            while day < DAYS:
                events.append((day, item))
                if generator.random() < leave:
                    break
                day += own * np.exp(generator.normal(0, 0.2))
        if number == 0:
            events += [(10.0, RARE), (13.0, RARE)]
        everybody.append(sorted(events))
    return ordered(*everybody)


HISTORIES = households()
INTERVALS = replenishment.fit(HISTORIES)
SIGNAL = ReplenishSignal(INTERVALS, 7.0)


def bought(*purchases: tuple[int, float]) -> History:
    """(item, days ago), oldest first, each a step of its own."""
    item, age = zip(*purchases, strict=True)
    return History(
        np.array(item, dtype=np.int32), np.arange(len(item), dtype=np.int32), np.array(age, dtype=np.float32)
    )


def chance(item: int, *days_ago: float) -> float:
    return float(SIGNAL.scores(bought(*[(item, ago) for ago in days_ago]))[item])


# -- learning --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("item", [COFFEE, SOAP])
def test_planted_intervals_come_out(item: int) -> None:
    assert np.exp(INTERVALS.log_interval[item]) == pytest.approx(TYPICAL[item], rel=0.15)


def test_the_spread_of_one_person_is_told_from_that_among_people() -> None:
    assert INTERVALS.own_spread == pytest.approx(0.2 * sqrt(2 / 2), rel=0.25)
    assert INTERVALS.weight == pytest.approx((0.2 / 0.4) ** 2, rel=0.6)
    assert INTERVALS.spread[COFFEE] == pytest.approx(sqrt(0.2**2 + 0.4**2), rel=0.25)


def test_how_many_come_back_is_not_fooled_by_those_who_will() -> None:
    """A plain count would take everybody's last soap of the year for the last one ever."""
    assert INTERVALS.again[COFFEE] == pytest.approx(0.9, abs=0.05)
    assert INTERVALS.again[SOAP] == pytest.approx(0.9, abs=0.08)


def test_what_nobody_buys_again_has_no_chance() -> None:
    assert INTERVALS.again[LAMP] == 0.0
    assert INTERVALS.evidence[LAMP] == 0.0
    assert chance(LAMP, 30.0) == 0.0


def test_one_odd_interval_is_shrunk_to_the_shops() -> None:
    assert INTERVALS.evidence[RARE] == 1.0
    assert np.exp(INTERVALS.log_interval[RARE]) > 5.0


def test_with_kinds_a_rare_item_is_shrunk_to_its_kind() -> None:
    kinds = np.array([0, 1, 1, 1], dtype=np.int32)
    with_kinds = replenishment.fit(HISTORIES, kinds=kinds)
    assert with_kinds.log_interval[RARE] > INTERVALS.log_interval[RARE]
    assert with_kinds.log_interval[LAMP] == pytest.approx(np.log(60.0), abs=0.3)


def test_purchases_of_one_day_are_one_need() -> None:
    once = ordered(*[[(0.0, COFFEE), (10.0, COFFEE), (20.0, COFFEE)]] * 5)
    twice = ordered(*[[(0.0, COFFEE), (0.4, COFFEE), (10.0, COFFEE), (10.2, COFFEE), (20.0, COFFEE)]] * 5)
    first, second = replenishment.fit(once), replenishment.fit(twice)
    assert np.exp(second.log_interval[COFFEE]) == pytest.approx(np.exp(first.log_interval[COFFEE]), rel=0.05)
    assert second.evidence[COFFEE] == first.evidence[COFFEE]


def test_without_days_intervals_are_counted_in_visits() -> None:
    histories = replace(HISTORIES, day=None)
    intervals = replenishment.fit(histories)
    assert intervals.clock is Clock.STEPS
    one = History(np.array([COFFEE, SOAP], dtype=np.int32), np.array([0, 1], dtype=np.int32))
    assert ReplenishSignal(intervals, 2.0).scores(one)[COFFEE] > 0
    with pytest.raises(ValueError, match="days"):
        replenishment.fit(histories, clock=Clock.DAYS)


def test_learning_gives_the_same_twice_and_holds_nobody() -> None:
    again = replenishment.fit(households())
    for name, array in INTERVALS.arrays().items():
        assert array.tobytes() == again.arrays()[name].tobytes()
        assert array.shape == (4,)


# -- what is due -----------------------------------------------------------------------------------------------------


def test_the_chance_rises_towards_the_usual_interval_and_falls_when_long_overdue() -> None:
    early, due, overdue = (chance(SOAP, ago) for ago in (3.0, 55.0, 390.0))
    assert due > 3 * early
    assert due > 3 * overdue


def test_a_shoppers_own_rhythm_counts_more_than_everybodys() -> None:
    fast = chance(COFFEE, 35.0, 28.0, 21.0, 14.0, 7.0)
    slow = chance(COFFEE, 127.0, 97.0, 67.0, 37.0, 7.0)
    assert fast > 2 * slow


def test_who_keeps_coming_back_is_likelier_to_do_so_again() -> None:
    shy = replace(SIGNAL, intervals=replace(INTERVALS, again=np.minimum(INTERVALS.again, np.float32(0.3))))
    once = shy.due(bought((COFFEE, 14.0)))
    often = shy.due(bought((COFFEE, 56.0), (COFFEE, 42.0), (COFFEE, 28.0), (COFFEE, 14.0)))
    assert often.chance[0] > 1.5 * once.chance[0]


def test_on_people_not_learnt_from_chances_are_as_high_as_what_happens() -> None:
    """Calibration: of what stands 100 days before the end, as many come within a week as were expected."""
    others, expected, came = households(people=400, seed=10), 0.0, 0
    for person in range(len(others)):
        one = others.of(person, now=DAYS)
        assert one.age is not None
        before, soon = one.age > 100, (one.age <= 100) & (one.age > 93)
        asked = History(one.item[before], one.step[before], one.age[before] - np.float32(100))
        expected += float(SIGNAL.scores(asked).sum())
        came += len(np.intersect1d(one.item[soon], one.item[before]))
    assert expected == pytest.approx(came, rel=0.15)


def test_own_due_is_the_time_passed_as_a_multiple_of_the_interval_to_be_expected() -> None:
    _, columns = own_features(bought((COFFEE, 28.0)), INTERVALS)
    assert columns["own_due"][0] == pytest.approx(28.0 / np.exp(INTERVALS.log_interval[COFFEE]), rel=1e-4)
    _, columns = own_features(bought(*[(COFFEE, 60.0 * n) for n in range(6, 0, -1)]), INTERVALS)
    assert columns["own_due"][0] == pytest.approx(1.0, abs=0.2)


def test_a_history_without_days_is_never_due_in_days() -> None:
    one = History(np.array([COFFEE], dtype=np.int32), np.array([0], dtype=np.int32))
    assert SIGNAL.scores(one).tolist() == [0.0] * 4
    assert np.isnan(own_features(one, INTERVALS)[1]["own_due"]).all()


@given(some.lists(some.floats(-9, 9), min_size=1, max_size=20))
def test_the_normal_distribution_is_near_enough(values: list[float]) -> None:
    found = normal_share(np.array(values, dtype=np.float32))
    expected = [0.5 * (1 + erf(value / sqrt(2))) for value in np.array(values, dtype=np.float32).tolist()]
    assert found == pytest.approx(expected, abs=2e-6)


EVENTS = some.lists(some.tuples(some.floats(0, 300, width=32), some.integers(0, 3)), min_size=1, max_size=8)


@given(some.lists(EVENTS, max_size=5))
def test_whatever_people_bought_chances_are_chances(people: list[list[tuple[float, int]]]) -> None:
    histories = ordered(*map(sorted, people))
    signal = replenishment.fit_signal(histories)
    for one in (NOTHING, *histories):
        scores = signal.scores(one)
        assert scores.shape == (4,)
        assert np.isfinite(scores).all()
        assert ((scores >= 0) & (scores <= 1)).all()


def test_an_empty_catalogue_is_no_error() -> None:
    assert replenishment.fit_signal(ordered(items=0)).scores(NOTHING).tolist() == []


# -- artefacts -------------------------------------------------------------------------------------------------------


def test_it_comes_back_from_its_artefact() -> None:
    again = ReplenishSignal.of(SIGNAL.arrays(), SIGNAL.meta())
    assert np.array_equal(again.scores(bought((SOAP, 50.0))), SIGNAL.scores(bought((SOAP, 50.0))))


@pytest.mark.parametrize(
    ("arrays", "meta"),
    [
        ({"spread": np.zeros(4, dtype=np.float32)}, {}),
        ({"again": np.ones(4, dtype=np.float32)}, {}),
        ({"log_interval": np.full(4, np.nan, dtype=np.float32)}, {}),
        ({"evidence": np.zeros(3, dtype=np.float32)}, {}),
        ({}, {"weight": 0.0}),
        ({}, {"clock": "weeks"}),
        ({}, {"horizon": -1.0}),
        ({}, {"horizon": None}),
    ],
)
def test_what_does_not_fit_together_is_refused(arrays: dict[str, Any], meta: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"intervals|replenish|Clock"):
        ReplenishSignal.of({**SIGNAL.arrays(), **arrays}, {**SIGNAL.meta(), **meta})
    with pytest.raises(ValueError, match="lacks"):
        Intervals.of({}, {})
