"""What a merchant chose when an experiment ended: everybody's from then on, under what runs, until it is taken back."""

from __future__ import annotations

import pytest

from app.adapters.db.engine import Database
from app.config import Settings
from app.core.errors import DomainError
from app.core.experiments.assign import DEFAULT_VARIANT, NO_PLAN, Experiments
from app.core.experiments.types import UNCHANGED, ArmKey, Experiment, Kind, Place, Show, Status, Treatment, Unit
from app.core.recommend.types import Rail, Strategy
from app.core.shops import Shop
from tests.experiments.register import Register
from tests.experiments.running import A_TITLE, BY_SALES, experiment, hold_out
from tests.services import TestServices

SOMEBODY = Unit("a" * 32)
B = ArmKey("b1")
HELD_OUT = next(
    unit
    for unit in (Unit(f"{number:032x}") for number in range(10_000))
    if Experiments.of([hold_out()]).painted(unit)[Rail.FOR_YOU].treatment.show is Show.EMPTY
)


def ended(id: int, treatment: Treatment) -> Experiment:
    return experiment(id, UNCHANGED, treatment, status=Status.STOPPED, adopted=B)


def test_everybody_gets_it_with_or_without_an_id_and_is_in_no_experiment() -> None:
    found = Experiments.of([ended(1, BY_SALES)])
    for unit in (SOMEBODY, None):
        plan = found.plan(Rail.FOR_YOU, unit)
        assert (plan.treatment, plan.variant, plan.stale, plan.fetches) == (BY_SALES, DEFAULT_VARIANT, False, True)
    assert found.plan(Rail.GOES_WELL, SOMEBODY) == NO_PLAN


def test_an_experiment_that_ended_without_a_choice_leaves_nothing() -> None:
    assert Experiments.of([experiment(1, status=Status.STOPPED)]).plan(Rail.FOR_YOU, SOMEBODY) == NO_PLAN


def test_what_runs_changes_it_further_and_the_later_choice_counts() -> None:
    found = Experiments.of([
        ended(1, BY_SALES), ended(2, Treatment(strategy=Strategy.ALS)), experiment(3, A_TITLE, A_TITLE),
    ])  # fmt: skip
    plan = found.plan(Rail.FOR_YOU, SOMEBODY, page=found.painted(SOMEBODY)[Rail.FOR_YOU].variant)
    assert (plan.treatment.strategy, plan.treatment.title) == (Strategy.ALS, A_TITLE.title)


def test_both_sides_of_a_shared_rail_stand_on_it() -> None:
    shared = experiment(2, UNCHANGED, Treatment(strategy=Strategy.ALS), kind=Kind.INTERLEAVING)
    plan = Experiments.of([ended(1, BY_SALES), shared]).plan(Rail.FOR_YOU, SOMEBODY)
    assert plan.interleaved is not None
    assert [side.strategy for side in plan.interleaved] == [Strategy.TRENDING, Strategy.ALS]


def test_whoever_is_held_out_still_sees_nothing_of_it() -> None:
    found = Experiments.of([ended(2, A_TITLE), hold_out()])
    assert found.painted(HELD_OUT)[Rail.FOR_YOU].treatment.show is Show.EMPTY


def test_a_title_is_told_to_browsers_of_people_in_no_experiment() -> None:
    plan = Experiments.of([ended(1, A_TITLE)]).painted(SOMEBODY)[Rail.FOR_YOU]
    assert (plan.treatment.title, plan.variant) == (A_TITLE.title, DEFAULT_VARIANT)


# -- over the register -----------------------------------------------------------------------------------------------


@pytest.fixture
def register(shop: Shop, database: Database, settings: Settings, services: TestServices) -> Register:
    made = Register(shop, database, settings, services)
    made.publish()
    return made


def in_force(register: Register) -> Experiments:
    return Experiments.of(register.experiments.in_force(register.shop.id))


def test_what_was_chosen_is_in_force_after_the_end_until_it_is_taken_back(register: Register) -> None:
    id = register.create(tested="title", value_b="Picked today")
    register.start(id)
    assert in_force(register).adopted == {}
    assert "Everybody gets it from then on." in register.stop(id, "b")
    (rail,) = register.experiment(id).rails
    assert in_force(register).adopted[rail].title == "Picked today"
    register.take_back(id)
    assert in_force(register).adopted == {}
    assert register.told(id)[-1].startswith("Taken back")
    with pytest.raises(DomainError, match="nothing to take back"):
        register.take_back(id)


@pytest.mark.parametrize("choice", ["", "control"])
def test_nothing_new_is_in_force_where_nothing_new_was_chosen(register: Register, choice: str) -> None:
    id = register.create()
    register.start(id)
    assert "Everybody" not in register.stop(id, choice)
    assert in_force(register) == Experiments.of([])


def test_a_place_and_an_older_model_are_nobodys_but_the_themes_and_the_trainings() -> None:
    fixed = Treatment(place=Place.ALTERNATIVE, show=Show.NATIVE)
    assert fixed.lasting == UNCHANGED
