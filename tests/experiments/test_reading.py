"""From units to a reading: sums, days and who is left out, by hand-made columns; then what the verdict says of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from app.core.experiments.counted import Counted, Exposed, Orders, Period, Steps, microseconds
from app.core.experiments.fold import fold, nothing_read
from app.core.experiments.interleave import Team
from app.core.experiments.reading import Caution, Preference, Reading
from app.core.experiments.types import Experiment, Kind, Metric
from app.core.experiments.verdict import judge
from tests.experiments.store import DRAFT

BERLIN = ZoneInfo("Europe/Berlin")
SINCE = datetime(2026, 3, 1, 23, tzinfo=UTC)
PERIOD = Period(SINCE, SINCE + timedelta(days=40))
"""Berlin's midnight; its clocks go forward on 29 March."""


def at(day: float) -> int:
    return microseconds(SINCE + timedelta(days=day))


def exposed(arm: list[int], first: list[float] | None = None, **columns: Any) -> Exposed:
    size = len(arm)
    made = Exposed(
        unit=np.array([f"{number:04}" for number in range(size)], dtype=object),
        arm=np.array(arm, dtype=np.int64),
        first_at=np.array([at(day) for day in first or [0.0] * size], dtype=np.int64),
        arms=np.ones(size, dtype=np.int64),
        exposures=np.ones(size, dtype=np.int64),
        clicks=np.zeros(size, dtype=np.int64),
        events=np.ones(size, dtype=np.int64),
        busiest_hour=np.ones(size, dtype=np.int64),
        known_before=np.zeros(size, dtype=np.int64),
    )
    changed: dict[str, Any] = {name: np.array(values) for name, values in columns.items()}
    return replace(made, **changed)


def orders(*placed: tuple[int, float, int], foreign: bool = False) -> Orders:
    """Of (unit, day, net)."""
    units, days, net = (list(part) for part in zip(*placed, strict=True)) if placed else ([], [], [])
    none = np.zeros(len(units), dtype=np.bool_)
    moments = np.array([at(day) for day in days], dtype=np.int64)
    amounts = np.array(net, dtype=np.int64)
    return Orders(np.array(units, dtype=np.int64), moments, amounts, amounts * 0, none | foreign, none)


def read(counted: Counted, *, experiment: Experiment = DRAFT, period: Period = PERIOD, **facts: Any) -> Reading:
    return fold(experiment, counted, period, zone=BERLIN, currency="EUR", at=period.until, **facts)


def crowd(size: int, *, seed: int = 1) -> Counted:
    random = np.random.default_rng(seed)
    days = random.uniform(0, 39, size)
    placed = [
        (int(unit), float(min(days[unit] + random.uniform(0, 20), 39.9)), int(random.lognormal(8, 1)))
        for unit in random.integers(0, size, size // 2)
    ]
    return Counted(exposed((np.arange(size) % 2).tolist(), days.tolist()), orders(*placed))


@pytest.mark.parametrize(
    "metric", [Metric.CONVERSION, Metric.REVENUE_PER_VISITOR, Metric.ORDER_VALUE, Metric.REPEAT_PURCHASE]
)
def test_the_last_day_stands_as_the_whole_does(metric: Metric) -> None:
    reading = read(crowd(600), experiment=replace(DRAFT, primary=metric))
    for arm, day in zip(reading.arms, reading.days[-2:], strict=True):
        whole = arm.winsorised.get(metric) or arm.metrics[metric]
        assert (day.arm, day.units) == (arm.arm, arm.units)
        assert list(day.primary.as_json().values()) == pytest.approx(list(whole.as_json().values()))


def test_every_day_stands_as_if_the_experiment_had_been_read_at_its_end() -> None:
    counted = crowd(400)
    reading = read(counted)
    for number in (0, 5, 20):
        end = SINCE + timedelta(days=number + 1)
        kept = counted.exposed.first_at < microseconds(end)
        earlier = read(
            Counted(
                exposed(counted.exposed.arm[kept].tolist(), first=[0.0] * int(kept.sum())),
                orders(),
            ),
            period=Period(SINCE, end),
        )
        days = [day for day in reading.days if day.day == (end - timedelta(hours=1)).astimezone(BERLIN).date()]
        assert [day.units for day in days] == [arm.units for arm in earlier.arms]
        bought = counted.orders.only(counted.orders.at < microseconds(end))
        buyers = np.unique(bought.unit)
        assert sum(day.primary.x for day in days) == len(buyers)


def test_a_day_is_the_shops_own_when_its_clocks_go_forward() -> None:
    # 28 March, 23:30 in Berlin, and 30 March, 00:30: in between lies a day of 23 hours.
    moments = [27 - 1 / 48, 28 - 1 / 24 + 1 / 48]
    reading = read(Counted(exposed([0, 1], moments), orders()))
    first = {day.arm: day.day.isoformat() for day in reversed(reading.days) if day.new_exposures}
    assert first == {"control": "2026-03-28", "b": "2026-03-30"}


def test_a_year_is_told_by_the_day_at_its_end_and_by_the_week_before() -> None:
    reading = read(Counted(exposed([0, 1]), orders()), period=Period(SINCE, SINCE + timedelta(days=365)))
    days = sorted({day.day for day in reading.days})
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    assert (set(gaps[:-91]), set(gaps[-91:])) == ({7}, {1})
    assert reading.days[-1].units == 1


def test_revenue_is_cut_at_the_quantile_over_all_arms_together() -> None:
    placed = [(unit, 1.0, 100) for unit in range(999)] + [(999, 1.0, 10_000_000)]
    reading = read(Counted(exposed([number % 2 for number in range(1000)]), orders(*placed)))
    (control, treated) = reading.arms
    assert reading.cap == 100
    assert treated.winsorised[Metric.REVENUE_PER_VISITOR].x == 500 * 100
    assert treated.metrics[Metric.REVENUE_PER_VISITOR].x == 499 * 100 + 10_000_000
    assert control.winsorised[Metric.REVENUE_PER_VISITOR].x == 500 * 100


def test_who_does_not_buy_has_no_say_in_where_revenue_is_cut() -> None:
    placed = [(unit, 1.0, 9_000) for unit in range(4)]
    few = read(Counted(exposed([0, 1] * 4), orders(*placed)))
    many = read(Counted(exposed([0, 1] * 500), orders(*placed)))
    assert few.cap == many.cap == 9_000


def test_nothing_is_cut_where_nobody_buys() -> None:
    reading = read(Counted(exposed([0, 1] * 4), orders()))
    assert reading.cap is None
    assert reading.arms[0].winsorised == {}


def test_each_reason_to_leave_a_unit_out_is_counted_once() -> None:
    counted = Counted(
        exposed([0, 0, 1, 1, 1], arms=[2, 1, 1, 1, 1], busiest_hour=[501, 501, 1, 1, 1], events=[1, 1, 2001, 2001, 1]),
        replace(orders((3, 1.0, 100), (4, 1.0, 100)), staff=np.array([False, True])),
    )
    reading = read(counted)
    assert [arm.units for arm in reading.arms] == [0, 1]
    assert (reading.excluded.two_arms, reading.excluded.bots, reading.excluded.staff) == (1, 2, 1)


def test_orders_of_nobody_count_for_nobody() -> None:
    reading = read(Counted(exposed([0, 1]), orders((-1, 1.0, 100))))
    assert [arm.orders for arm in reading.arms] == [0, 0]


def test_clicks_of_two_rankings_decide_visits() -> None:
    experiment = replace(DRAFT, kind=Kind.INTERLEAVING, primary=Metric.CLICK_THROUGH)
    counted = Counted(
        exposed([0, 0, 0], arms=[1, 1, 2]),
        orders(),
        visits=((0, (Team.SECOND,)), (0, (Team.FIRST, Team.SECOND)), (1, (Team.SECOND,)), (2, (Team.FIRST,))),
    )
    reading = read(counted, experiment=experiment)
    assert reading.preference == Preference(first=0, second=2, ties=1)
    assert [arm.units for arm in reading.arms] == [2, 2]


def test_carts_and_cards_before_the_asked_time_are_not_looked_at() -> None:
    steps = Steps(*(np.array(part) for part in ([0, 0], [at(1), at(20)], [1, 0], [1, 1])))
    counted = Counted(exposed([0, 1]), orders(), carts=steps, shown=steps)
    part = read(counted, since=SINCE + timedelta(days=10)).arms[0].metrics
    assert (part[Metric.CART_RECOVERY].x, part[Metric.CART_RECOVERY].d) == (0, 1)
    assert (part[Metric.CLICK_THROUGH].x, part[Metric.CLICK_THROUGH].d) == (0, 1)


# -- what can't be read, in the right words --------------------------------------------------------------------------


def said(reading: Reading) -> str:
    return judge(DRAFT, reading, now=PERIOD.until).decision.sentence


def cautions(reading: Reading) -> set[Caution]:
    return set(judge(DRAFT, reading, now=PERIOD.until).cautions)


def test_without_exposures_there_is_nothing_to_say_yet() -> None:
    reading = read(Counted(exposed([]), orders()))
    assert "nobody has seen this experiment yet" in said(reading)
    assert Caution.NO_EXPOSURES in cautions(reading)


def test_one_order_is_too_few() -> None:
    reading = read(Counted(exposed([0, 1] * 50), orders((0, 1.0, 1000))))
    assert "too few visitors" in said(reading)
    assert Caution.FEW_ORDERS in cautions(reading)


def test_an_empty_arm_is_named() -> None:
    reading = read(Counted(exposed([0] * 10), orders()))
    assert "nobody has seen B yet" in said(reading)
    assert Caution.ARM_EMPTY in cautions(reading)


def test_an_arm_that_was_broken_for_a_day_blocks_until_the_day_is_left_out() -> None:
    days = [number % 40 for number in range(4000)]
    arms = [(number // 40) % 2 for number in range(4000)]
    kept = [(arm, day + 0.5) for arm, day in zip(arms, days, strict=True) if (arm, day) != (1, 7)]
    broken = exposed([arm for arm, _ in kept], [day for _, day in kept])
    reading = read(Counted(broken, orders()))
    assert said(reading).startswith("Blocked: on 2026-03-09 nobody saw B")
    rest = [(arm, day) for arm, day in kept if day != 7.5]
    mended = read(Counted(exposed([arm for arm, _ in rest], [day for _, day in rest]), orders()))
    assert Caution.ARM_SILENT not in cautions(mended)


def test_a_mix_of_currencies_is_pointed_out() -> None:
    reading = read(Counted(exposed([0, 1] * 50), orders((0, 1.0, 1000), foreign=True)))
    assert reading.excluded.foreign_orders == 1
    assert Caution.CURRENCY_MIX in cautions(reading)


@pytest.mark.parametrize(
    "period",
    [
        Period(SINCE, SINCE - timedelta(days=1)),
        Period(SINCE, PERIOD.until, ((SINCE - timedelta(days=1), PERIOD.until),)),
        Period(
            SINCE,
            PERIOD.until,
            ((SINCE + timedelta(days=3), PERIOD.until), (SINCE - timedelta(days=1), SINCE + timedelta(days=5))),
        ),
    ],
)
def test_an_experiment_of_which_no_day_is_left_says_so(period: Period) -> None:
    assert period.is_empty
    reading = nothing_read(DRAFT, period, "EUR", PERIOD.until)
    assert said(reading).startswith("Blocked: no day is left to be read")


def test_a_window_with_a_gap_behind_it_leaves_something() -> None:
    assert not Period(SINCE, PERIOD.until, ((SINCE, SINCE + timedelta(days=39)),)).is_empty


def test_time_in_windows_is_left_out_once_and_only_where_it_is_looked_at() -> None:
    day = timedelta(days=1)
    windows = ((SINCE - day, SINCE + day), (SINCE + 5 * day, SINCE + 8 * day), (SINCE + 7 * day, SINCE + 9 * day))
    period = Period(SINCE, PERIOD.until, (*windows, (PERIOD.until - day, PERIOD.until + day)))
    assert read(Counted(exposed([0, 1]), orders()), period=period).left_out == 6 * day
    assert read(Counted(exposed([0, 1]), orders()), period=period, since=SINCE + 6 * day).left_out == 4 * day
