"""Who is in which arm: fair, steady, apart where it must be, and counted alike in every arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.core.experiments.assign import DEFAULT_VARIANT, NO_PLAN, Experiments, Plan, arm_of, slot
from app.core.experiments.types import (
    CONTROL,
    SLOTS,
    UNCHANGED,
    Experiment,
    Kind,
    Place,
    Show,
    Status,
    Treatment,
    Unit,
)
from app.core.ids import ModelVersion
from app.core.recommend.types import Rail, Strategy
from tests.experiments.running import A_TITLE, BY_SALES, experiment, hold_out

UNITS = [Unit(f"{number:032x}") for number in range(20_000)]
ALL = tuple(Rail)


SLOTS_FOR_GOOD = [2979, 6374, 2652]
"""Of the first three units in the hold-out's layer."""


def keys_of(one: Experiment, units: Sequence[Unit] = UNITS) -> dict[Unit, str]:
    found = {unit: arm_of(one, unit) for unit in units}
    return {unit: arm.key for unit, arm in found.items() if arm is not None}


def is_close(count: int, expected: float, of: int) -> bool:
    """Within five standard deviations of a fair draw."""
    return abs(count - expected) <= 5 * sqrt(expected * (1 - expected / of))


def plan_of(running: Sequence[Experiment], unit: Unit, page: str | None = None, rail: Rail = Rail.FOR_YOU) -> Plan:
    return Experiments.of(running).plan(rail, unit, page=page)


def test_slots_are_uniform() -> None:
    tenths = Counter(slot("any", unit) * 10 // SLOTS for unit in UNITS)
    assert sorted(tenths) == list(range(10))
    assert sum((count - 2000) ** 2 / 2000 for count in tenths.values()) < 34  # Chi-squared, 9 degrees, p = 0.0001.


def test_a_slot_never_changes_between_versions_of_the_app() -> None:
    """Whoever is held out today is held out after an update: these figures may never be adapted."""
    assert [slot("layer:hold-out", unit) for unit in UNITS[:3]] == SLOTS_FOR_GOOD


def test_arms_get_their_weights_share_of_the_units() -> None:
    counts = Counter(keys_of(experiment(1, UNCHANGED, BY_SALES, A_TITLE, weights=(1, 3, 4))).values())
    for key, part in (("control", 1), ("b1", 3), ("b2", 4)):
        assert is_close(counts[key], len(UNITS) * part / 8, len(UNITS))


@pytest.mark.parametrize("layer", ["layer 1", "another"], ids=["in one layer", "in two layers"])
def test_the_arms_of_two_experiments_are_independent(layer: str) -> None:
    first, second = keys_of(experiment(1)), keys_of(experiment(2, layer=layer))
    both = Counter((first[unit], second[unit]) for unit in UNITS)
    assert len(both) == 4
    assert all(is_close(count, len(UNITS) / 4, len(UNITS)) for count in both.values())


def test_traffic_in_one_layer_says_nothing_of_traffic_in_another() -> None:
    first, second = keys_of(experiment(1, traffic=0.3)), keys_of(experiment(2, traffic=0.5))
    assert is_close(len(first.keys() & second.keys()), len(UNITS) * 0.15, len(UNITS))


def test_a_ramp_takes_new_units_in_and_moves_nobody() -> None:
    steps = [keys_of(experiment(1, weights=(1, 2), traffic=traffic)) for traffic in (0.2, 0.5, 1.0)]
    for smaller, larger in pairwise(steps):
        assert smaller.items() < larger.items()
    for step in steps:
        assert is_close(Counter(step.values())["control"], len(step) / 3, len(step))
    assert len(steps[-1]) == len(UNITS)


def test_experiments_with_their_own_slots_of_a_layer_never_share_a_unit_and_can_cover_all() -> None:
    left = keys_of(experiment(1, layer="shared", slot_to=4000))
    right = keys_of(experiment(2, layer="shared", slot_from=4000))
    assert not left.keys() & right.keys()
    assert left.keys() | right.keys() == set(UNITS)


def test_whoever_is_held_out_takes_part_in_nothing_else() -> None:
    running = (hold_out(0.2), experiment(2))
    kept = [unit for unit, key in keys_of(running[0]).items() if key == CONTROL]
    assert is_close(len(kept), len(UNITS) * 0.2, len(UNITS))
    for unit in kept[:200]:
        plan = plan_of(running, unit, page="1:control")
        assert (plan.variant, plan.treatment.show) == ("1:control", Show.EMPTY)


def test_the_hold_outs_other_arm_takes_part_in_everything() -> None:
    running = (hold_out(0.5), experiment(2))
    included = next(unit for unit, key in keys_of(running[0]).items() if key == "b1")
    assert plan_of(running, included, page="1:b1").variant == f"1:b1,2:{keys_of(running[1])[included]}"


def test_nobody_without_an_id_is_in_any_experiment() -> None:
    running = Experiments.of([hold_out(0.5), experiment(2)])
    assert all(running.plan(rail, None) == NO_PLAN for rail in Rail)


@pytest.mark.parametrize("facts", [{"status": Status.DRAFT}, {"status": Status.STOPPED}, {"kind": Kind.EMAIL}])
def test_what_does_not_run_on_the_storefront_changes_nothing_there(facts: dict[str, object]) -> None:
    running = Experiments.of([experiment(1, **facts)])  # type: ignore[arg-type]
    assert running.running == ()
    assert running.plan(Rail.FOR_YOU, UNITS[0]) == NO_PLAN
    assert running.painted(UNITS[0]) == {}


def test_only_the_experiments_own_rails_are_touched() -> None:
    running = Experiments.of([experiment(1, rails=(Rail.GOES_WELL,))])
    assert running.plan(Rail.GOES_WELL, UNITS[0]).variant != DEFAULT_VARIANT
    assert running.plan(Rail.FOR_YOU, UNITS[0]) == NO_PLAN


def test_experiments_that_change_different_things_change_both() -> None:
    running = (experiment(1, BY_SALES, BY_SALES), experiment(2, A_TITLE, A_TITLE))
    unit = UNITS[0]
    page = str(Experiments.of(running).painted(unit)[Rail.FOR_YOU].variant)
    assert plan_of(running, unit, page=page).treatment == Treatment(strategy=Strategy.TRENDING, title=A_TITLE.title)


def test_an_interleaving_experiment_has_both_rankings_and_one_arm() -> None:
    versions = (Treatment(model_version=ModelVersion("old")), BY_SALES)
    plan = plan_of([experiment(1, *versions, kind=Kind.INTERLEAVING)], UNITS[0])
    assert (plan.variant, plan.interleaved, plan.treatment) == ("1:both", versions, UNCHANGED)


@pytest.mark.parametrize("rail", ALL)
def test_shopifys_own_recommendations_stand_on_product_pages_only(rail: Rail) -> None:
    running = (hold_out(0.5, Show.NATIVE),)
    unit = next(unit for unit, key in keys_of(running[0]).items() if key == CONTROL)
    on_product_page = rail in (Rail.BOUGHT_TOGETHER, Rail.ALSO_VIEWED, Rail.COMPLETE_THE_LOOK)
    shown = plan_of(running, unit, page="1:control:native", rail=rail).treatment.show
    assert shown is (Show.NATIVE if on_product_page else Show.EMPTY)


# -- what pages must know --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [None, DEFAULT_VARIANT, "7:b1", "nonsense", ",:,"])
def test_a_page_that_does_not_know_the_arms_counts_in_none_of_them(page: str | None) -> None:
    """The arm that looks as usual must not count visitors whom the other arm, which looks different, can't count."""
    seen = experiment(1, UNCHANGED, A_TITLE)
    for unit in UNITS[:50]:
        plan = plan_of([seen], unit, page=page)
        assert (plan.variant, plan.treatment, plan.stale) == (DEFAULT_VARIANT, UNCHANGED, True)


def test_a_page_painted_for_the_other_arm_counts_in_neither() -> None:
    seen = experiment(1, UNCHANGED, A_TITLE)
    for unit, key in list(keys_of(seen).items())[:50]:
        other = "b1" if key == CONTROL else CONTROL
        assert plan_of([seen], unit, page=f"1:{other}") == Plan(stale=True)
        assert plan_of([seen], unit, page=f"1:{key}").variant == f"1:{key}"


def test_what_nobody_can_see_counts_on_every_page() -> None:
    for page in (None, DEFAULT_VARIANT, "1:b1"):
        plan = plan_of([experiment(2)], UNITS[0], page=page)
        assert (plan.variant, plan.stale) == (f"2:{keys_of(experiment(2))[UNITS[0]]}", False)


@pytest.mark.parametrize(
    "running", [(hold_out(0.5), experiment(2)), (experiment(1, UNCHANGED, A_TITLE), experiment(2))]
)
def test_a_page_that_does_not_know_reports_nothing_and_so_nothing_is_tried_on_it(
    running: tuple[Experiment, Experiment],
) -> None:
    """An answer whose cards nobody sees would count as one that nobody liked."""
    assert all(plan_of(running, unit) == Plan(stale=True) for unit in UNITS[:100])


@pytest.mark.parametrize("before", list(Show)[1:])
def test_where_the_control_sees_something_else_from_now_on_both_arms_are_told_anew(before: Show) -> None:
    """Else every visitor who comes back for one page would count in the arm that has not changed, and in that alone."""
    after = Show.NATIVE if before is Show.EMPTY else Show.EMPTY
    then, now = Experiments.of([hold_out(0.5, before)]), Experiments.of([hold_out(0.5, after)])
    for unit in UNITS[:100]:
        page = then.painted(unit)[Rail.FOR_YOU].look
        assert not then.plan(Rail.FOR_YOU, unit, page=page).stale
        assert now.plan(Rail.FOR_YOU, unit, page=page) == Plan(stale=True)
        told = now.painted(unit)[Rail.FOR_YOU]
        assert now.plan(Rail.FOR_YOU, unit, page=told.look).variant == told.variant != DEFAULT_VARIANT


def test_a_page_may_still_name_an_experiment_that_has_ended() -> None:
    plan = plan_of([experiment(2)], UNITS[0], page="1:b1,2:control")
    assert (plan.variant, plan.stale) == (f"2:{keys_of(experiment(2))[UNITS[0]]}", False)


def test_a_page_that_still_names_an_arm_of_somebody_who_left_is_stale() -> None:
    """The ramp went down: the page shows a title that nobody is measured for."""
    seen = experiment(1, A_TITLE, A_TITLE, traffic=0.1)
    outside = next(unit for unit in UNITS if arm_of(seen, unit) is None)
    assert plan_of([seen], outside, page="1:control") == Plan(stale=True)
    assert plan_of([seen], outside) == NO_PLAN


def test_what_a_browser_is_told_is_what_a_page_that_knows_it_gets() -> None:
    running = Experiments.of([hold_out(0.2), experiment(2, UNCHANGED, replace(A_TITLE, place=Place.ALTERNATIVE))])
    for unit in UNITS[:300]:
        for rail, plan in running.painted(unit).items():
            assert running.plan(rail, unit, page=plan.look) == plan


@given(unit=some.sampled_from(UNITS), page=some.none() | some.text(alphabet="0123456789:,abcontrldefu", max_size=30))
def test_whatever_a_page_claims_an_arm_that_looks_different_is_never_shown_to_others(
    unit: Unit, page: str | None
) -> None:
    running = (hold_out(0.3), experiment(2, UNCHANGED, A_TITLE), experiment(3))
    plan, told = plan_of(running, unit, page=page), Experiments.of(running).painted(unit)[Rail.FOR_YOU]
    seen = {str(one) for one in told.assigned if one.experiment.is_seen}
    counted = {str(one) for one in plan.assigned}
    assert counted <= {str(one) for one in told.assigned}
    assert (counted & seen) in (set(), seen)
    if plan.stale:
        assert not plan.treatment.is_seen
