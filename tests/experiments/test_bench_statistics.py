"""`attune bench statistics` in small: every part measures what it says, and would notice if it were not so."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from app.cli.bench import command as bench
from app.cli.bench import statistics_oracle as oracle
from app.cli.bench.result import Target, conclude
from app.cli.bench.statistics_cases import CASES
from app.cli.bench.statistics_retail import (
    DAY_US,
    Orders,
    data_folder,
    known_customers,
    new_customers,
    read_orders,
    stand_ins,
    variance_removed,
)
from app.cli.bench.statistics_runs import coverage, decided, shipped
from app.cli.bench.statistics_store import live, readings
from app.cli.bench.statistics_world import Found, Seed, judged, measure
from app.core.experiments.types import Metric
from app.errors import Permanent
from devstore.outcomes.people import BEFORE, WITH, WITHOUT

REPOSITORY = Path(__file__).resolve().parents[2]
VALUES = stand_ins(np.random.default_rng(1)).value


# -- Agreement -------------------------------------------------------------------------------------------------------


def other_house(folder: Path, program: str) -> Path:
    """An environment whose Python is a program of the test's, which answers in the place of gbstats."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!{sys.executable}\n{program}")
    python.chmod(0o755)
    (folder / "made-of.txt").write_text(f"{oracle.PACKAGE}\n{oracle.PINS.read_text()}")
    return folder


ECHO = """
import json, sys
sys.path.insert(0, {root!r})
from app.cli.bench.statistics_oracle import our_answer
answers = [our_answer(case) for case in json.load(sys.stdin)]
answers[{place}][{figure!r}] += {off}
json.dump(answers, sys.stdout)
"""


def echo(place: int, figure: str, off: float) -> str:
    return ECHO.format(root=str(REPOSITORY), place=place, figure=figure, off=off)


def test_both_sides_are_asked_all_cases_and_agree_when_they_say_the_same(tmp_path: Path) -> None:
    found = oracle.agreement(CASES, other_house(tmp_path, echo(0, "low", 0.0)))
    assert (found.cases, found.deviation) == (len(CASES), 0.0)
    assert found.figures == sum(1 if case["kind"] == "srm" else 9 for case in CASES)


def test_one_figure_of_one_case_that_deviates_is_found_and_named(tmp_path: Path) -> None:
    found = oracle.agreement(CASES, other_house(tmp_path, echo(3, "chance_to_win", 2e-6)))
    assert found.deviation == pytest.approx(2e-6)
    assert found.figure == f"{CASES[3]['name']}: chance_to_win"


def test_the_stated_check_value_is_among_the_cases() -> None:
    answer = oracle.our_answer(oracle._plain(CASES[0]))
    stated = {"relative": 0.15, "chance_to_win": 0.9535, "low": -0.025, "high": 0.325}
    assert all(answer[name] == pytest.approx(value, abs=5e-4) for name, value in stated.items())


def test_an_environment_that_does_not_answer_says_what_to_delete(tmp_path: Path) -> None:
    folder = other_house(tmp_path / "gbstats", "raise SystemExit('no module named gbstats')")
    with pytest.raises(Permanent, match=r"delete .*gbstats and run again"):
        oracle.agreement(CASES, folder)


def test_an_environment_that_cannot_be_made_says_what_is_needed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Permanent, match="uv, or Python with venv, and a package index"):
        oracle.environment(tmp_path / "file" / "gbstats")


# -- Simulation ------------------------------------------------------------------------------------------------------


def test_experiments_without_a_difference_are_hardly_ever_decided_and_those_with_one_are() -> None:
    assert decided(VALUES, Metric.CONVERSION, 25, seed=1) <= 0.04
    assert shipped(VALUES, Metric.CONVERSION, 25, seed=1) >= 0.2


def test_intervals_hold_what_they_are_about() -> None:
    found = coverage(VALUES, 200, seed=1)
    for share in (found.cut, found.conversion, found.incremental):
        assert 0.88 <= share <= 0.995
    assert 280 < found.buyers < 320


def test_daily_readings_grow_until_everybody_is_in_them() -> None:
    life = live(np.random.default_rng(1), VALUES, days=10, visitors=400, chances=(0.1, 0.2), dearer=1.0)
    daily = list(readings(life, Metric.CONVERSION))
    units = [[arm.units for arm in one.arms] for one in daily]
    assert units[-1] == life.exposed.sum(axis=1).tolist()
    assert all(earlier <= later for earlier, later in zip(units[0], units[-1], strict=True))
    last = daily[-1]
    assert len(last.days) == 20
    bought = [int((life.arm[life.day < 10] == arm).sum()) for arm in range(2)]
    assert [arm.metrics[Metric.CONVERSION].positive for arm in last.arms] == bought
    assert last.arms[0].winsorised[Metric.REVENUE_PER_VISITOR].x < last.arms[0].metrics[Metric.REVENUE_PER_VISITOR].x


# -- The real log ----------------------------------------------------------------------------------------------------


def few_orders() -> Orders:
    """Customers 1 to 400 order in the first weeks and again in proportion 150 days later, 401 to 500 only then."""
    random = np.random.default_rng(1)
    first = random.lognormal(8, 1, 400)
    again = np.concatenate([first * random.lognormal(0, 0.3, 400), random.lognormal(8, 1, 100)])
    at = np.concatenate([random.integers(30, 100, 400), random.integers(100, 120, 500), [200]]) * DAY_US
    customer = np.concatenate([np.arange(1, 401), np.arange(1, 501), [0]])
    value = np.concatenate([first, again, [1]]).astype(np.int64)
    order = np.argsort(at, kind="stable")
    return Orders(at[order], customer[order], value[order])


def test_customers_are_known_from_their_first_order_on_and_new_before() -> None:
    orders = few_orders()
    known, fresh = dict(known_customers(orders)), dict(new_customers(orders))
    assert known.keys() == fresh.keys()
    last = max(known)
    assert known[last].tolist() == list(range(1, 501))
    assert all(not set(known[moment]) & set(fresh[moment]) for moment in known)


def test_what_customers_spent_before_removes_variance_and_nothing_where_nothing_is_known() -> None:
    orders, moment = few_orders(), 100 * DAY_US
    removed = variance_removed(orders, moment, np.arange(1, 401))
    assert removed is not None
    assert removed > 0.5
    assert variance_removed(orders, moment, np.arange(401, 501)) == 0.0
    assert variance_removed(orders, moment, np.arange(1, 11)) is None


@pytest.mark.realdata
def test_the_two_years_of_the_real_log_are_read_once() -> None:
    orders = read_orders(data_folder())
    if orders is None:
        pytest.skip("Online Retail is not here; set ATTUNE_DATA to the folder of the data sets")
    assert 35_000 < len(orders.value) < 45_000
    assert (np.diff(orders.at) >= 0).all()
    assert orders.value.max() > 100 * orders.value.mean()


# -- The generated world ---------------------------------------------------------------------------------------------


def a_seed_file(folder: Path, *, effect: int) -> Path:
    """2,000 people who all buy once for 1,000 to 1,999, and for `effect` more with the rail; half of them by clicks."""
    people, random = 2000, np.random.default_rng(5)
    bare = random.integers(1000, 2000, people)
    shown = bare + effect
    place = np.arange(people)
    path = folder / "generated-1" / "seed-1.npz"
    path.parent.mkdir()
    began = 1_700_000_000_000_000
    columns = {
        "span": np.array([began, began + 28 * DAY_US]),
        "person": np.arange(people) * 3,
        "exposed_at": np.where(place % 10 == 0, 0, began + place),
        "with_rail": shown,
        "without_rail": bare,
        "clicked": shown // 2,
        "after_click": shown,
        "order_person": np.concatenate([place, place, place]),
        "order_case": np.repeat([WITH, WITHOUT, BEFORE], people),
        "order_at": np.concatenate([began + DAY_US + place, began + DAY_US + place, began - DAY_US + place]),
        "order_net": np.concatenate([shown, bare, bare * 7]),
        "order_clicked": np.concatenate([shown // 2, bare * 0, bare * 0]),
    }
    np.savez(path, **columns)  # type: ignore[arg-type]
    return path


def test_a_seed_is_judged_by_what_its_arms_let_a_store_see(tmp_path: Path) -> None:
    seed = judged(a_seed_file(tmp_path, effect=100))
    assert seed.exposed == 1800
    assert seed.true == 100_000
    assert seed.holds
    assert seed.measured == pytest.approx(100_000, rel=0.1)
    assert seed.after_click == pytest.approx(1_600_000, rel=0.05)
    assert seed.clicked == pytest.approx(800_000, rel=0.05)


def test_an_interval_beside_the_truth_and_one_that_is_missing_do_not_hold_it() -> None:
    seed = Seed(true=5.0, measured=2.0, low=1.0, high=3.0, clicked=0.0, after_click=0.0, exposed=10)
    silent = replace(seed, measured=None, low=None, high=None)
    found = Found((seed, silent, replace(seed, high=6.0)))
    assert (found.holds, found.silent, found.mean("measured")) == (1, 1, 2.0)


def test_a_world_is_simulated_by_the_devstores_program_and_judged_here(tmp_path: Path) -> None:
    found = measure(tmp_path, worlds=("small",), world_seeds=(1,), seeds=2, people=300)
    seeds = found["small"].seeds
    assert len(seeds) == 2
    assert all(0 < seed.exposed <= 300 for seed in seeds)
    assert seeds[0] != seeds[1]


# -- The command -----------------------------------------------------------------------------------------------------


def test_what_was_measured_stands_beside_its_limits_and_missing_data_is_said_aloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTUNE_DATA", str(tmp_path))
    file = tmp_path / "out.json"
    parts = [part for name in ("peeking", "cuped") for part in ("--only", name)]
    done = CliRunner().invoke(bench, ["statistics", "--runs", "10", *parts, "--json", str(file)])
    assert "log-normal orders stand in" in done.output
    assert "not measured: Online Retail is not in" in done.output
    told = json.loads(file.read_bytes())
    assert told["name"] == "statistics"
    assert told["targets"] == {
        f"false_decisions_{metric}": "<= 0.06" for metric in ("conversion", "revenue_per_visitor")
    }
    assert told["met"].keys() == told["targets"].keys()
    assert done.exit_code == (0 if all(told["met"].values()) else 1)


def test_a_part_that_there_is_not_is_refused() -> None:
    done = CliRunner().invoke(bench, ["statistics", "--only", "astrology"])
    assert done.exit_code == 2
    assert "'astrology' is not one of 'agreement', 'peeking'" in done.output


@pytest.mark.parametrize(("value", "met"), [(0.934, False), (0.95, True), (0.97, False)])
def test_a_measure_with_two_limits_has_to_keep_both(value: float, *, met: bool, tmp_path: Path) -> None:
    limits = [Target("coverage", ">=", 0.935), Target("coverage", "<=", 0.965)]
    assert conclude("x", {"coverage": value}, limits, tmp_path / "x.json") is met
    told = json.loads((tmp_path / "x.json").read_bytes())
    assert told["targets"] == {"coverage": ">= 0.935 and <= 0.965"}
    assert told["met"] == {"coverage": met}
