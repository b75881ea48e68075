"""The register: what is kept of experiments and of their readings comes back as it was, and tells the web."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import redis

from app.adapters.db.engine import Database
from app.adapters.db.experiments import DbExperiments
from app.adapters.redis import keys
from app.adapters.redis.experiment_signals import RedisExperimentSignals
from app.core.errors import DomainError
from app.core.experiments.reading import ArmReading, Caution, DayOfArm, Excluded, Preference, Reading
from app.core.experiments.sums import NOTHING, sums_of
from app.core.experiments.types import (
    CONTROL,
    Arm,
    ArmKey,
    Experiment,
    ExperimentId,
    Kind,
    Metric,
    Place,
    Show,
    Status,
    Treatment,
)
from app.core.ids import ModelVersion
from app.core.recommend.types import Rail, Strategy
from app.core.shops import Shop
from app.ports import Change, Window
from tests.services import TestServices

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
B = ArmKey("b")
TRIED = Treatment(
    strategy=Strategy.CO_VIEW,
    model_version=ModelVersion("v1"),
    trend=0.25,
    explore=0.1,
    title="Picked today",
    place=Place.ALTERNATIVE,
)
DRAFT = Experiment(
    id=ExperimentId(0),
    name="Views first",
    kind=Kind.AB,
    status=Status.DRAFT,
    layer="rails",
    salt="pepper",
    arms=(Arm(CONTROL, "As now", 1, Treatment(show=Show.NATIVE)), Arm(B, "Views", 3, TRIED)),
    rails=(Rail.FOR_YOU, Rail.ALSO_VIEWED),
    slot_from=100,
    slot_to=5_100,
    traffic=0.2,
    primary=Metric.REVENUE_PER_VISITOR,
    loss_threshold=0.001,
)


def change(what: str = "Created", *, hours: int = 0) -> Change:
    return Change(NOW + timedelta(hours=hours), "Shopify user 1", what)


def reading(experiment: ExperimentId, at: datetime = NOW) -> Reading:
    sums = sums_of([0, 1_999, 0, 500], covariates=[1, 0, 0, 2])
    arm = ArmReading(CONTROL, 4, 2, 2, {Metric.REVENUE_PER_VISITOR: sums}, {Metric.REVENUE_PER_VISITOR: sums})
    return Reading(
        experiment=experiment,
        at=at,
        since=NOW - timedelta(days=3),
        until=at,
        currency="GBP",
        arms=(arm, replace(arm, arm=B, units=0)),
        days=(DayOfArm(date(2026, 5, 1), CONTROL, 4, 4, sums),),
        excluded=Excluded(two_arms=1, bots=2, staff=3, window=4, foreign_orders=5),
        cap=1_999,
        cautions=(Caution.FEW_ORDERS,),
        preference=Preference(3, 2, 1),
        clicked_revenue={CONTROL: 700},
    )


@pytest.fixture
def told(services: TestServices) -> Iterator[redis.Redis]:
    connection = redis.Redis.from_url(services.redis.url)
    connection.flushdb()
    yield connection
    connection.close()


@pytest.fixture
def register(database: Database, told: redis.Redis) -> DbExperiments:
    return DbExperiments(database, RedisExperimentSignals(told))


def test_an_experiment_comes_back_as_it_was_kept(register: DbExperiments, shop: Shop) -> None:
    id = register.add(shop.id, DRAFT, change())
    kept = register.one(shop.id, id)
    assert kept is not None
    assert kept.experiment == replace(DRAFT, id=id)
    assert (kept.created_at, kept.started_at, kept.stopped_at, kept.outcome) == (NOW, None, None, "")
    assert [one.what for one in kept.changes] == ["Created"]


def test_experiments_are_numbered_within_their_shop(register: DbExperiments, shop: Shop, other_shop: Shop) -> None:
    assert [register.add(shop.id, DRAFT, change()) for _ in range(2)] == [1, 2]
    assert register.add(other_shop.id, DRAFT, change()) == 1
    assert register.one(other_shop.id, ExperimentId(2)) is None


def test_the_hold_out_stands_first_and_then_the_newest(register: DbExperiments, shop: Shop) -> None:
    for kind in (Kind.AB, Kind.HOLD_OUT, Kind.EMAIL):
        register.add(shop.id, replace(DRAFT, kind=kind), change())
    assert [kept.experiment.kind for kept in register.all(shop.id)] == [Kind.HOLD_OUT, Kind.EMAIL, Kind.AB]


def test_a_shop_has_one_hold_out(register: DbExperiments, shop: Shop, other_shop: Shop) -> None:
    hold_out = replace(DRAFT, kind=Kind.HOLD_OUT)
    register.add(shop.id, hold_out, change())
    with pytest.raises(DomainError, match="there is a hold-out already"):
        register.add(shop.id, hold_out, change())
    register.add(other_shop.id, hold_out, change())


def test_starting_and_stopping_set_their_moments_once(register: DbExperiments, shop: Shop) -> None:
    id = register.add(shop.id, DRAFT, change())
    running = replace(DRAFT, id=id, status=Status.RUNNING)
    register.replace(shop.id, running, change("Started", hours=1))
    register.replace(shop.id, replace(running, traffic=0.5), change("Ramped", hours=2))
    assert [one.traffic for one in register.running(shop.id)] == [0.5]
    register.replace(shop.id, replace(running, status=Status.STOPPED), change("Stopped", hours=3), outcome="Ship B.")
    kept = register.one(shop.id, id)
    assert kept is not None
    assert kept.started_at == NOW + timedelta(hours=1)
    assert kept.stopped_at == NOW + timedelta(hours=3)
    assert kept.outcome == "Ship B."
    assert [one.what for one in kept.changes] == ["Stopped", "Ramped", "Started", "Created"]
    assert register.running(shop.id) == []


@pytest.mark.parametrize("back_to", [Status.DRAFT, Status.RUNNING])
def test_what_was_stopped_never_runs_again(register: DbExperiments, shop: Shop, back_to: Status) -> None:
    id = register.add(shop.id, DRAFT, change())
    register.replace(shop.id, replace(DRAFT, id=id, status=Status.STOPPED), change("Stopped"))
    with pytest.raises(DomainError, match="somebody else has changed this experiment"):
        register.replace(shop.id, replace(DRAFT, id=id, status=back_to), change("Again"))
    kept = register.one(shop.id, id)
    assert kept is not None
    assert [one.what for one in kept.changes] == ["Stopped", "Created"]


def test_every_change_of_an_experiment_bumps_what_the_web_looks_at(
    register: DbExperiments, told: redis.Redis, shop: Shop, other_shop: Shop
) -> None:
    id = register.add(shop.id, DRAFT, change())
    register.replace(shop.id, replace(DRAFT, id=id, status=Status.RUNNING), change())
    assert told.get(keys.experiments(shop.id)) == b"2"
    assert told.get(keys.experiments(other_shop.id)) is None


def test_a_reading_comes_back_as_it_was_kept(register: DbExperiments, shop: Shop) -> None:
    id = register.add(shop.id, DRAFT, change())
    register.keep_reading(shop.id, reading(id))
    assert register.readings(shop.id, id) == [reading(id)]


def test_a_day_has_one_reading_the_newest(register: DbExperiments, shop: Shop) -> None:
    id = register.add(shop.id, DRAFT, change())
    for hours in (-24, 0, 3, 1):
        register.keep_reading(shop.id, reading(id, NOW + timedelta(hours=hours)))
    kept = register.readings(shop.id, id)
    assert [one.at for one in kept] == [NOW - timedelta(days=1), NOW + timedelta(hours=3)]


def test_only_the_newest_reading_holds_the_course_by_day(register: DbExperiments, shop: Shop) -> None:
    id = register.add(shop.id, DRAFT, change())
    for days in (0, 1, 2):
        day = DayOfArm(NOW.date(), ArmKey("b"), 9, 9, NOTHING)
        register.keep_reading(shop.id, replace(reading(id, NOW + timedelta(days=days)), days=(day,) * (days + 1)))
    assert [len(one.days) for one in register.readings(shop.id, id)] == [0, 0, 3]


def test_a_window_that_comes_with_a_change_is_kept_only_with_it(register: DbExperiments, shop: Shop) -> None:
    id = register.add(shop.id, DRAFT, change())
    ended, window = replace(DRAFT, id=id, status=Status.STOPPED), Window(NOW, NOW, "The till was broken", "Owner", NOW)
    register.replace(shop.id, ended, change("Stopped"), window=window)
    with pytest.raises(DomainError, match="somebody else has changed"):
        register.replace(shop.id, replace(ended, status=Status.RUNNING), change("Again"), window=window)
    kept = register.one(shop.id, id)
    assert kept is not None
    assert list(kept.windows) == [window]


def test_excluded_windows_are_kept_with_their_reasons(register: DbExperiments, shop: Shop) -> None:
    id = register.add(shop.id, DRAFT, change())
    windows = [
        Window(NOW - timedelta(hours=hours), NOW, "The till was broken", "Shopify user 1", NOW) for hours in (3, 9)
    ]
    for window in windows:
        register.exclude(shop.id, id, window)
    kept = register.one(shop.id, id)
    assert kept is not None
    assert list(kept.windows) == list(reversed(windows))


def test_the_newest_readings_of_all_experiments_come_at_once(register: DbExperiments, shop: Shop) -> None:
    first, second = (register.add(shop.id, DRAFT, change()) for _ in range(2))
    register.add(shop.id, DRAFT, change())
    for id in (first, second):
        register.keep_reading(shop.id, reading(id, NOW - timedelta(days=id)))
        register.keep_reading(shop.id, reading(id))
    assert register.latest(shop.id) == {first: reading(first), second: reading(second)}
