"""What past experiments teach of the next one."""

from __future__ import annotations

import pytest

from app.adapters.db.engine import Database
from app.config import Settings
from app.core.experiments.judgement import DecisionKind
from app.core.experiments.priors import STATED, Prior
from app.core.shops import Shop
from app.services.review_experiments import Ports, past_lifts, prior_for, review_experiment
from tests.experiments.register import Register
from tests.experiments.running import experiment, hold_out
from tests.pages.experiments import Crowd, keep_reading
from tests.services import TestServices

SOUND = [Crowd(9_000, 0.030), Crowd(9_000, 0.033)]
BROKEN = [Crowd(9_000, 0.030), Crowd(8_000, 0.060)]
SMALL = [Crowd(300, 0.03), Crowd(300, 0.03)]


@pytest.fixture
def register(shop: Shop, database: Database, settings: Settings, services: TestServices) -> Register:
    return Register(shop, database, settings, services)


def ended(register: Register, crowds: list[Crowd]) -> None:
    id = register.create(tested="title", value_b="Picked today")
    register.start(id)
    register.clock.pass_days(20)
    register.stop(id)
    keep_reading(register.experiments, register.shop.id, register.experiment(id), register.clock.now(), crowds)


def learnt(register: Register) -> int:
    return len(past_lifts(register.experiments.all(register.shop.id), register.experiments.latest(register.shop.id)))


@pytest.mark.parametrize(("crowds", "lifts"), [(SOUND, 1), (BROKEN, 0), (SMALL, 0)])
def test_an_ended_test_teaches_something_only_if_its_figures_can_be_trusted(
    register: Register, crowds: list[Crowd], lifts: int
) -> None:
    ended(register, crowds)
    assert learnt(register) == lifts


def test_the_hold_out_keeps_the_stated_prior_whatever_small_tests_have_shown() -> None:
    learnt = Prior(0.0, 0.03)
    assert prior_for(hold_out(), learnt) == STATED
    assert prior_for(experiment(2), learnt) == learnt


def test_the_planned_visitors_are_kept_and_end_the_wait_for_a_difference(register: Register) -> None:
    assert judged(register, planned="8000") is DecisionKind.NO_DIFFERENCE
    assert judged(register, planned="") is DecisionKind.KEEP_RUNNING


def judged(register: Register, **fields: str) -> DecisionKind:
    id = register.create(tested="title", value_b="Picked today", **fields)
    register.start(id)
    register.clock.pass_days(20)
    keep_reading(register.experiments, register.shop.id, register.experiment(id), register.clock.now(), SOUND)
    register.stop(id)
    found = review_experiment(register.shop, id, Ports(register.experiments, register.clock))
    assert found
    assert found.verdict
    return found.verdict.decision.kind
