"""An experiment's life, over the real register: what is allowed when, and what is written down."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.adapters.db.engine import Database
from app.config import Settings
from app.core.errors import Busy, DomainError
from app.core.experiments.assign import arm_of
from app.core.experiments.types import ExperimentId, Status, Unit
from app.core.ids import ModelVersion
from app.core.shops import Shop
from app.services.run_experiment import CLAIM, discard_draft, exclude_days
from tests.experiments.register import BY, Register
from tests.pages.experiments import Crowd, keep_reading
from tests.services import TestServices

UNITS = [Unit(f"{number:032x}") for number in range(3_000)]
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def register(shop: Shop, database: Database, settings: Settings, services: TestServices) -> Register:
    return Register(shop, database, settings, services)


@pytest.fixture
def published(register: Register) -> Register:
    register.publish()
    return register


def test_a_new_experiment_is_a_draft_and_touches_nobody(register: Register) -> None:
    id = register.create()
    assert register.experiment(id).status is Status.DRAFT
    assert register.experiments.running(register.shop.id) == []
    assert register.told(id) == ["Created"]


def test_starting_needs_a_model_where_a_ranking_is_tested(register: Register) -> None:
    id = register.create()
    with pytest.raises(DomainError, match="nothing has been learnt yet"):
        register.start(id)
    register.publish()
    register.start(id)
    assert register.experiment(id).status is Status.RUNNING


@pytest.mark.parametrize(
    "fields",
    [
        {"value_b": "als"},
        {"tested": "trend", "value_b": "80"},
        {"tested": "interleaving", "value_control": "als", "value_b": "trending"},
    ],
)
def test_what_the_model_in_use_has_not_learnt_is_not_tested(register: Register, fields: dict[str, str]) -> None:
    register.publish(is_personal=False)
    id = register.create(**fields)
    with pytest.raises(DomainError, match="has not learnt enough for"):
        register.start(id)
    assert register.experiment(id).status is Status.DRAFT
    register.publish(ModelVersion("20260502-bbbb-item_item"))
    register.start(id)


def test_a_title_is_tested_without_any_model(register: Register) -> None:
    id = register.create(tested="title", value_b="Picked today")
    register.start(id)
    assert [one.id for one in register.experiments.running(register.shop.id)] == [id]


def test_a_ramp_takes_more_visitors_in_and_moves_nobody(published: Register) -> None:
    id = published.create()
    arms = []
    published.start(id, 0.2)
    for traffic in (0.5, 1.0):
        arms.append({unit: arm.key for unit in UNITS if (arm := arm_of(published.experiment(id), unit))})
        published.ramp(id, traffic)
    arms.append({unit: arm.key for unit in UNITS if (arm := arm_of(published.experiment(id), unit))})
    assert arms[0].items() < arms[1].items() < arms[2].items()
    assert published.told(id)[1:] == [
        "Started with 20 % of its visitors",
        "From 20 % to 50 % of its visitors",
        "From 50 % to 100 % of its visitors",
    ]


@pytest.mark.parametrize("traffic", [0.0, -0.1, 1.01])
def test_a_share_of_traffic_is_more_than_nobody_and_at_most_everybody(published: Register, traffic: float) -> None:
    id = published.create()
    with pytest.raises(DomainError, match="a percentage from 1 to 100"):
        published.start(id, traffic)


def test_each_step_is_taken_once_and_in_order(published: Register) -> None:
    id = published.create()
    for early in (lambda: published.ramp(id, 0.5), lambda: published.stop(id)):
        with pytest.raises(DomainError, match="has not started"):
            early()
    published.start(id)
    with pytest.raises(DomainError, match="is running already"):
        published.start(id)
    with pytest.raises(DomainError, match="it takes in 100 % of its visitors already"):
        published.ramp(id, 1.0)
    published.stop(id)
    for late in (lambda: published.ramp(id, 0.5), lambda: published.stop(id)):
        with pytest.raises(DomainError, match="has ended already"):
            late()
    with pytest.raises(DomainError, match="has ended; create a new one"):
        published.start(id)


def test_what_was_chosen_and_what_the_figures_said_is_kept(published: Register) -> None:
    id = published.create()
    published.start(id)
    published.clock.pass_days(3)
    outcome = published.stop(id, "b")
    assert outcome == "Chosen: “What is popular”. Nothing was counted. Everybody gets it from then on."
    kept = published.kept(id)
    assert kept.outcome == outcome
    assert kept.stopped_at == published.clock.now()
    assert published.told(id)[-1] == f"Stopped. {outcome}"


def test_the_outcome_quotes_the_verdict_on_the_newest_reading(published: Register) -> None:
    id = published.create()
    published.start(id)
    published.clock.pass_days(20)
    crowds = [Crowd(30_000, 0.030), Crowd(30_000, 0.036)]
    keep_reading(published.experiments, published.shop.id, published.experiment(id), published.clock.now(), crowds)
    assert published.stop(id, "b").startswith("Chosen: “What is popular”. Ship “What is popular”: conversion is 3.6 %")


def test_an_arm_that_does_not_exist_cannot_be_chosen(published: Register) -> None:
    id = published.create()
    published.start(id)
    with pytest.raises(DomainError, match="choose one of the experiment’s versions"):
        published.stop(id, "z")
    assert published.experiment(id).status is Status.RUNNING


def test_overlapping_experiments_are_refused_by_the_others_name(published: Register) -> None:
    published.start(published.create(name="First"))
    second = published.create(name="Second", value_b="als")
    with pytest.raises(DomainError, match="“First” is running"):
        published.start(second)
    assert published.experiment(second).status is Status.DRAFT


def test_exclusive_experiments_on_one_rail_run_together_and_share_nobody(published: Register) -> None:
    first = published.create(name="First", room="50")
    second = published.create(name="Second", value_b="als", room="50", beside=str(first))
    published.start(first)
    published.start(second)
    both = [published.experiment(id) for id in (first, second)]
    assert not [unit for unit in UNITS if all(arm_of(one, unit) for one in both)]


def test_a_draft_that_is_given_up_frees_its_visitors(published: Register) -> None:
    first = published.create(room="50")
    second = published.create(room="50", beside=str(first))
    with pytest.raises(DomainError, match="nothing is free"):
        published.create(room="50", beside=str(first))
    discard_draft(published.shop, second, by=BY, ports=published.ports)
    published.create(room="50", beside=str(first))
    assert published.kept(second).outcome == "Never started."
    published.start(first)
    with pytest.raises(DomainError, match="stop this one instead"):
        discard_draft(published.shop, first, by=BY, ports=published.ports)


def test_a_model_that_is_gone_stops_the_start(published: Register) -> None:
    version = published.artefacts.versions(published.shop.id)[0]
    id = published.create(tested="model", value_b=version)
    published.artefacts.delete(published.shop.id, version)
    with pytest.raises(DomainError, match="is not kept any more"):
        published.start(id)


def test_another_shops_experiment_is_not_there(published: Register, other_shop: Shop) -> None:
    id = published.create()
    published.shop = other_shop
    with pytest.raises(DomainError, match="there is no experiment"):
        published.start(id)


def test_one_change_at_a_time(published: Register) -> None:
    id = published.create()
    with published.claims.hold(published.shop.id, CLAIM, seconds=30.0), pytest.raises(Busy):
        published.start(id)


def leave_out(register: Register, id: ExperimentId, first: date, last: date, reason: str = "The till was down") -> None:
    exclude_days(register.shop, id, first=first, last=last, reason=reason, zone=NEW_YORK, by=BY, ports=register.ports)


def test_whole_days_of_the_shop_are_left_out_also_when_its_clocks_change(published: Register) -> None:
    published.clock.at = datetime(2026, 10, 25, 12, tzinfo=UTC)
    id = published.create()
    published.start(id)
    published.clock.pass_days(14)
    leave_out(published, id, date(2026, 11, 1), date(2026, 11, 1))
    (window,) = published.kept(id).windows
    # The day on which summer time ends has 25 hours.
    assert window.since == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert window.until == datetime(2026, 11, 2, 5, tzinfo=UTC)
    assert published.told(id)[-1] == "Left out 1 Nov 2026 to 1 Nov 2026: The till was down"


@pytest.mark.parametrize(
    ("first", "last", "reason", "message"),
    [
        (date(2026, 5, 6), date(2026, 5, 5), "Why", "the last day is before the first one"),
        (date(2026, 5, 1), date(2026, 5, 2), "Why", "did not run on these days"),
        (date(2026, 6, 1), date(2026, 6, 2), "Why", "did not run on these days"),
        (date(2026, 5, 5), date(2026, 5, 5), " ", "the reason is missing"),
    ],
)
def test_days_that_make_no_sense_are_refused(
    published: Register, first: date, last: date, reason: str, message: str
) -> None:
    id = published.create()
    published.start(id)
    published.clock.pass_days(3)
    with pytest.raises(DomainError, match=message):
        leave_out(published, id, first, last, reason)
    assert published.kept(id).windows == []


def test_days_of_an_experiment_that_has_ended_are_left_out_too(published: Register) -> None:
    id = published.create()
    published.start(id)
    published.clock.pass_days(3)
    published.stop(id)
    published.clock.pass_days(10)
    leave_out(published, id, date(2026, 5, 5), date(2026, 5, 5))
    kept = published.kept(id)
    assert (len(kept.windows), kept.experiment.status) == (1, Status.STOPPED)
    assert kept.stopped_at == published.clock.now() - timedelta(days=10)
    assert published.told(id)[-1] == "Left out 5 May 2026 to 5 May 2026: The till was down"


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        (date(1, 1, 1), date(1, 1, 1), "did not run on these days"),
        (date(9999, 12, 31), date(9999, 12, 31), "did not run on these days"),
        (date(2026, 5, 5), date(9999, 12, 31), "are not over yet"),
    ],
)
def test_days_at_the_ends_of_the_calendar_are_refused_in_words(
    published: Register, first: date, last: date, message: str
) -> None:
    id = published.create()
    published.start(id)
    published.clock.pass_days(3)
    with pytest.raises(DomainError, match=message):
        leave_out(published, id, first, last)


def test_days_from_long_before_the_start_are_left_out_from_the_start_on(published: Register) -> None:
    id = published.create()
    published.start(id)
    published.clock.pass_days(3)
    leave_out(published, id, date(1, 1, 1), date(2026, 5, 4))
    (window,) = published.kept(id).windows
    assert window.since == datetime(2026, 5, 4, 4, tzinfo=UTC)


def test_nothing_is_left_out_of_what_never_started(register: Register) -> None:
    id = register.create()
    with pytest.raises(DomainError, match="has not started"):
        leave_out(register, id, date(2026, 5, 4), date(2026, 5, 4))
