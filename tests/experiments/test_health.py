"""What breaks a comparison is found before anybody reads a lift: sizes, silent arms, people in two arms, short days."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from app.cli.bench.statistics_cases import CASES
from app.core.experiments import health
from app.core.experiments.reading import DayOfArm, Excluded
from app.core.experiments.sums import NOTHING
from tests.experiments.figures import CONTROL, SINCE, B

GOLDEN = json.loads((Path(__file__).parent / "golden_gbstats.json").read_text())["answers"]
EQUAL = {CONTROL: 1, B: 1}


@pytest.mark.parametrize("case", [one for one in CASES if one["kind"] == "srm"], ids=lambda case: case["name"])
def test_the_chance_of_the_arms_sizes_is_that_of_gbstats(case: Mapping[str, Any]) -> None:
    found = health.sample_ratio(case["counts"], case["weights"])
    assert found == pytest.approx(GOLDEN[case["name"]]["p"], rel=1e-9)


def test_sound_experiments_raise_the_alarm_once_in_a_thousand() -> None:
    first = np.random.default_rng(3).binomial(10_000, 0.5, 20_000)
    alarms = sum(health.sample_ratio((one, 10_000 - one), (1, 1)) < 0.001 for one in first.tolist())
    assert alarms <= 35


def test_sound_experiments_that_are_looked_at_daily_for_four_weeks_raise_it_once_in_a_hundred() -> None:
    days = np.cumsum(np.random.default_rng(4).binomial(300, 0.5, (1_000, 28)), axis=1).tolist()
    looks = [[(first, 300 * day - first) for day, first in enumerate(run, start=1)] for run in days]
    assert sum(any(health.sample_ratio(look, (1, 1)) < 0.001 for look in run) for run in looks) <= 20


def test_arms_that_nobody_has_seen_fit_any_weights() -> None:
    assert health.sample_ratio((0, 0), (1, 1)) == 1.0
    assert not health.can_be_checked((4, 4), (1, 1))
    assert health.can_be_checked((4, 6), (1, 1))


def of_day(day: int, control: int, b: int) -> tuple[DayOfArm, ...]:
    date = SINCE.date().replace(day=day)
    return tuple(DayOfArm(date, arm, 1_000, new, NOTHING) for arm, new in ((CONTROL, control), (B, b)))


def test_an_arm_is_silent_on_a_day_on_which_many_were_due() -> None:
    days = (*of_day(1, 40, 38), *of_day(2, 61, 0), *of_day(3, 45, 44))
    assert health.silent(days, EQUAL) == [(SINCE.date().replace(day=2), B)]


def test_a_quiet_day_is_not_a_silent_arm() -> None:
    assert health.silent((*of_day(1, 12, 0), *of_day(2, 0, 0)), EQUAL) == []


def test_an_arm_of_little_weight_may_be_missing_on_a_day() -> None:
    assert health.silent(of_day(1, 60, 0), {CONTROL: 9, B: 1}) == []


def test_people_in_two_arms_are_told_as_a_part_of_all() -> None:
    assert health.in_two_arms(Excluded(two_arms=10), 990) == 0.01
    assert health.in_two_arms(Excluded(), 0) == 0.0


@pytest.mark.parametrize(("begin", "end"), [((2026, 3, 20), (2026, 4, 3)), ((2026, 10, 20), (2026, 11, 3))])
def test_two_weeks_are_two_weeks_though_the_clock_changes(
    begin: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    since, until = (datetime(*day, tzinfo=berlin).astimezone(ZoneInfo("UTC")) for day in (begin, end))
    assert health.whole_days(since, until) == 14


def test_what_ended_before_it_began_has_no_days() -> None:
    assert health.whole_days(datetime(2026, 3, 2, tzinfo=ZoneInfo("UTC")), SINCE) == 0
