"""The shop's peaks are found in its own orders, whatever its size and growth, and a year is needed to say so."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.recommend.interactions import Baskets, baskets_of
from app.core.recommend.models.trending import popularity
from app.core.recommend.season import Days, Season, Weeks, season_of, settled_half_life

TODAY = 20_000


def orders(a_week: float, *, weeks: int, peaks: dict[int, float] | None = None, growth: float = 1.0) -> Days:
    """The days of orders: `a_week` in the newest week, so many weeks back; `peaks` multiplies weeks, 0 the newest."""
    generator = np.random.default_rng(weeks)
    found = []
    for back in range(weeks):
        number = int(generator.poisson(a_week * growth ** (-back / 52) * (peaks or {}).get(back, 1.0)))
        found.append(TODAY - 1 - 7 * back - generator.integers(0, 7, size=number))
    return np.concatenate(found)


def last_year(first: int, last: int, times: float = 3.0) -> dict[int, float]:
    """A peak in the weeks so many after this one, a year ago."""
    return {51 - ahead: times for ahead in range(first, last + 1)}


def test_a_steady_shop_has_no_season() -> None:
    assert season_of(orders(100, weeks=120), TODAY) is Season.QUIET


def test_a_week_of_many_more_orders_is_a_peak() -> None:
    assert season_of(orders(100, weeks=120, peaks={0: 2.5, 1: 2.0}), TODAY) is Season.PEAK


def test_last_years_peak_is_expected_before_it_comes_again() -> None:
    assert season_of(orders(100, weeks=120, peaks=last_year(2, 6)), TODAY) is Season.BEFORE
    assert season_of(orders(100, weeks=120, peaks=last_year(10, 14)), TODAY) is Season.QUIET


def test_a_peak_that_has_ended_is_remembered_for_some_weeks() -> None:
    assert season_of(orders(100, weeks=120, peaks={1: 3.0, 2: 3.0}), TODAY) is Season.AFTER
    assert season_of(orders(100, weeks=120, peaks={12: 3.0, 13: 3.0}), TODAY) is Season.QUIET


@pytest.mark.parametrize("growth", [0.33, 3.0])
def test_growth_is_no_peak(growth: float) -> None:
    assert season_of(orders(300, weeks=120, growth=growth), TODAY) is Season.QUIET


def test_a_peak_stands_out_of_growth() -> None:
    assert season_of(orders(300, weeks=120, growth=2.0, peaks=last_year(2, 5)), TODAY) is Season.BEFORE


def test_less_than_a_year_tells_nothing() -> None:
    assert season_of(orders(100, weeks=51, peaks={0: 5.0}), TODAY) is Season.QUIET
    assert season_of(np.empty(0, dtype=np.int64), TODAY) is Season.QUIET


def test_in_a_tiny_shop_chance_is_no_peak() -> None:
    assert season_of(orders(2, weeks=120, peaks={0: 5.0}), TODAY) is Season.QUIET


def in_weeks(counts: dict[int, int]) -> Days:
    """So many orders in each of these weeks, 0 the newest, on its first day; none in the others."""
    return np.concatenate([np.full(number, TODAY - 7 - 7 * back) for back, number in counts.items()])


def test_a_shop_that_sells_for_christmas_alone_has_a_season() -> None:
    """In most weeks nothing is sold, so the level of every week is nothing."""
    seasons = {first + week: 80 for first in (46, 98) for week in range(6)}
    assert season_of(in_weeks(seasons), TODAY) is Season.BEFORE
    assert season_of(in_weeks({back - 46: 80 for back in seasons}), TODAY) is Season.PEAK
    assert season_of(in_weeks({back - 40: 80 for back in seasons if back > 50}), TODAY) is Season.QUIET
    few = dict.fromkeys(seasons, 3)
    assert season_of(in_weeks(few), TODAY) is Season.QUIET


def test_a_shop_that_opens_again_after_years_has_no_season_for_it() -> None:
    assert season_of(in_weeks({150: 1, **dict.fromkeys(range(20), 60)}), TODAY) is Season.QUIET


@pytest.mark.parametrize("days", [1, 3 * 7, 51 * 7])
def test_a_history_shorter_than_a_year_tells_nothing_however_wild_it_is(days: int) -> None:
    wild = np.repeat(TODAY - 1 - np.arange(days), np.resize([500, 0, 3, 0, 0, 40, 1], days))
    assert season_of(wild, TODAY) is Season.QUIET


def test_one_giant_day_is_one_peak_and_moves_no_other_week() -> None:
    """Thousands of orders of one day: a sale, or an older shop's whole history under the day of its import."""
    steady = orders(100, weeks=120)
    giant = np.full(50_000, TODAY - 7 * 30)
    with_it = Weeks.of(np.concatenate([steady, giant]), TODAY)
    assert np.flatnonzero(with_it.peaks).tolist() == [len(with_it.orders) - 30]
    assert season_of(np.concatenate([steady, giant]), TODAY) is Season.QUIET
    assert season_of(np.concatenate([steady, giant - 7 * 21]), TODAY) is Season.BEFORE


def test_a_shop_that_was_closed_for_the_summer_has_no_season_for_opening_again() -> None:
    open_weeks = [back for back in range(120) if not 8 <= back % 52 < 18]
    assert season_of(in_weeks(dict.fromkeys(open_weeks, 100)), TODAY) is Season.QUIET


def test_weeks_are_whole_and_today_is_not_counted_yet() -> None:
    weeks = Weeks.of(np.array([TODAY, TODAY - 1, TODAY - 7, TODAY - 8, TODAY - 15]), TODAY)
    assert weeks.orders.tolist() == [1.0, 2.0]


def test_after_a_peak_sales_are_forgotten_within_days() -> None:
    quiet, after = orders(100, weeks=120), orders(100, weeks=120, peaks={1: 3.0, 2: 3.0})
    assert settled_half_life(56.0, quiet, TODAY) == 56.0
    assert settled_half_life(56.0, after, TODAY) == 7.0
    assert settled_half_life(3.5, after, TODAY) == 3.5


CHRISTMAS, USUAL = range(10), range(10, 60)
CHRISTMAS_DAY = 400
"""Of the synthetic shop, whose first day is 0."""


def a_years_orders(until: int) -> Baskets:
    """Every order holds two of fifty things; in the five weeks before two Christmases there are twice as many orders,
    and each also holds two of ten festive things."""
    order, product, day = [], [], []
    for today in range(until):
        festive = 0 <= CHRISTMAS_DAY - today < 35 or 0 <= CHRISTMAS_DAY - 364 - today < 35
        for number in range(20 if festive else 10):
            bought = [USUAL[(7 * today + 3 * number + part) % len(USUAL)] for part in range(2)]
            bought += [CHRISTMAS[(today + number + part) % len(CHRISTMAS)] for part in range(2)] if festive else []
            order += [1000 * today + number] * len(bought)
            product += bought
            day += [today] * len(bought)
    return baskets_of(np.array(order), np.array(product), np.array(day, dtype=np.int32), items=np.arange(60))


def festive_among_the_best(days_after: int, half_life: float = 28.0, most: int = 10) -> int:
    today = CHRISTMAS_DAY + 1 + days_after
    scores = popularity(a_years_orders(today), today=today, half_life=half_life)
    return int(np.isin(np.argsort(-scores, kind="stable")[:most], CHRISTMAS).sum())


def test_what_sold_for_christmas_has_left_the_best_sellers_of_january() -> None:
    assert festive_among_the_best(0) == 10
    assert festive_among_the_best(21) == 0
