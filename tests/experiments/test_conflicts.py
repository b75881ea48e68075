"""What may run beside what, and which visitors are still free."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.errors import DomainError
from app.core.experiments.assign import arm_of
from app.core.experiments.conflicts import Overlapping, Respect, clash, free_room, require_no_clash, room_for
from app.core.experiments.types import (
    CONTROL,
    Arm,
    ArmKey,
    Experiment,
    ExperimentId,
    Kind,
    Place,
    Show,
    Status,
    Treatment,
    Unit,
)
from app.core.ids import ModelVersion
from app.core.recommend.types import Rail, Strategy

TRENDING = Treatment(strategy=Strategy.TRENDING)
ORDERS = (TRENDING, Treatment(model_version=ModelVersion("v1")), Treatment(trend=0.0), Treatment(explore=0.1))
OTHERS = {
    Respect.TITLE: Treatment(title="Chosen for you"),
    Respect.PLACE: Treatment(place=Place.ALTERNATIVE),
    Respect.SHOW: Treatment(show=Show.NATIVE),
}


def experiment(number: int, treatment: Treatment, *rails: Rail) -> Experiment:
    return Experiment(
        id=ExperimentId(number),
        name=f"Number {number}",
        kind=Kind.AB,
        status=Status.RUNNING,
        layer=f"own-{number}",
        salt=f"salt {number}",
        arms=(Arm(CONTROL, "As now", 1), Arm(ArmKey("b"), "B", 1, treatment)),
        rails=rails or (Rail.FOR_YOU,),
    )


@pytest.mark.parametrize("one", ORDERS)
@pytest.mark.parametrize("other", ORDERS)
def test_two_experiments_never_order_the_same_rail_for_one_visitor(one: Treatment, other: Treatment) -> None:
    assert clash(experiment(1, one), experiment(2, other)) is Respect.ORDER


@pytest.mark.parametrize(("respect", "treatment"), OTHERS.items())
def test_whoever_decides_something_else_may_run_beside(respect: Respect, treatment: Treatment) -> None:
    assert clash(experiment(1, treatment), experiment(2, treatment)) is respect
    assert clash(experiment(1, treatment), experiment(2, TRENDING)) is None


def test_experiments_on_other_rails_and_with_themselves_get_along() -> None:
    assert clash(experiment(1, TRENDING), experiment(2, TRENDING, Rail.ALSO_VIEWED)) is None
    assert clash(experiment(1, TRENDING), experiment(1, TRENDING)) is None
    assert clash(experiment(1, TRENDING, Rail.GOES_WELL, Rail.FOR_YOU), experiment(2, TRENDING)) is Respect.ORDER


@pytest.mark.parametrize("kind", [Kind.HOLD_OUT, Kind.EMAIL])
def test_the_hold_out_and_e_mail_stand_in_nobodys_way(kind: Kind) -> None:
    over = replace(experiment(1, Treatment(show=Show.EMPTY)), kind=kind)
    assert clash(over, experiment(2, Treatment(show=Show.NATIVE))) is None


def test_a_shared_rail_of_two_rankings_is_ordered_by_that_experiment() -> None:
    mixed = replace(experiment(1, TRENDING), kind=Kind.INTERLEAVING)
    assert clash(mixed, experiment(2, Treatment(trend=1.0))) is Respect.ORDER


def test_experiments_that_share_a_layer_and_no_slot_share_no_visitor() -> None:
    first = replace(experiment(1, TRENDING), layer="rails", slot_to=6_000)
    second = replace(experiment(2, TRENDING), layer="rails", slot_from=6_000)
    require_no_clash(second, [first])
    units = [Unit(f"{number:032x}") for number in range(2_000)]
    in_first = {unit for unit in units if arm_of(first, unit)}
    in_second = {unit for unit in units if arm_of(second, unit)}
    assert in_first
    assert in_second
    assert not in_first & in_second


def test_a_refusal_names_the_other_experiment_and_says_what_to_do() -> None:
    with pytest.raises(
        Overlapping, match=r"“Number 1” is running and decides which products .* make this one exclusive"
    ):
        require_no_clash(experiment(2, TRENDING), [experiment(1, TRENDING)])


def test_slots_that_another_one_has_taken_are_not_given_away_again() -> None:
    first = replace(experiment(1, TRENDING), layer="rails", slot_to=6_000)
    second = replace(experiment(2, OTHERS[Respect.TITLE]), layer="rails", slot_from=5_000)
    with pytest.raises(Overlapping, match="“Number 1” has taken some of the visitors"):
        require_no_clash(second, [first])


def test_what_is_free_in_a_layer_is_found_and_used() -> None:
    taken = [
        replace(experiment(1, TRENDING), layer="rails", slot_from=1_000, slot_to=4_000),
        replace(experiment(2, TRENDING), layer="rails", slot_from=6_000, slot_to=7_000),
        experiment(3, TRENDING),
    ]
    assert [(room.start, room.end) for room in free_room("rails", taken)] == [
        (7_000, 10_000),
        (4_000, 6_000),
        (0, 1_000),
    ]
    assert room_for(0.25, "rails", taken).share == 0.25
    assert room_for(0.25, "rails", taken).start == 7_000


@pytest.mark.parametrize(
    ("slot_to", "message"),
    [(10_000, "nothing is free beside “Number 1”"), (4_000, "only 60 % of visitors are free beside “Number 1”")],
)
def test_a_layer_without_room_says_how_much_is_free(slot_to: int, message: str) -> None:
    first = replace(experiment(1, TRENDING), layer="rails", slot_to=slot_to)
    with pytest.raises(DomainError, match=message):
        room_for(0.8, "rails", [first], beside=first.name)
