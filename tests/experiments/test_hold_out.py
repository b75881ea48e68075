"""The permanent hold-out: made with the first model, and what the merchant may change about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.adapters.db.engine import Database
from app.config import Settings
from app.core.errors import DomainError
from app.core.experiments.assign import arm_of
from app.core.experiments.types import Show, Unit
from app.core.recommend.types import Rail
from app.core.shops import Shop
from app.ports import Change
from app.services.hold_out import change_hold_out, ensure_hold_out, hold_out
from tests.experiments.register import BY, Register
from tests.pages.experiments import Crowd, keep_reading
from tests.services import TestServices

UNITS = [Unit(f"{number:032x}") for number in range(20_000)]


@pytest.fixture
def register(shop: Shop, database: Database, settings: Settings, services: TestServices) -> Register:
    return Register(shop, database, settings, services)


@pytest.fixture
def held(register: Register) -> Register:
    assert ensure_hold_out(register.shop, share=0.05, ports=register.holding_out)
    return register


def change(register: Register, share: float, show: Show = Show.EMPTY) -> None:
    change_hold_out(register.shop, share=share, show=show, by=BY, ports=register.holding_out)


def arms(register: Register) -> dict[Unit, str]:
    kept = hold_out(register.shop, register.experiments)
    assert kept is not None
    return {unit: arm.key for unit in UNITS if (arm := arm_of(kept.experiment, unit))}


def test_one_in_twenty_is_held_out_and_as_many_are_compared_with_them(held: Register) -> None:
    found = list(arms(held).values())
    assert found.count("control") / len(UNITS) == pytest.approx(0.05, abs=0.006)
    assert found.count("attune") / len(UNITS) == pytest.approx(0.05, abs=0.006)
    kept = hold_out(held.shop, held.experiments)
    assert kept is not None
    assert kept.experiment.rails == tuple(Rail)
    assert kept.experiment.control.treatment.show is Show.EMPTY
    assert kept.started_at == held.clock.now()


def test_a_shop_gets_one_hold_out_however_often_it_is_trained(held: Register) -> None:
    assert ensure_hold_out(held.shop, share=0.05, ports=held.holding_out) is None
    assert len(held.experiments.all(held.shop.id)) == 1


def test_a_rail_of_a_newer_version_is_held_out_too(held: Register) -> None:
    kept = hold_out(held.shop, held.experiments)
    assert kept is not None
    older = replace(kept.experiment, rails=tuple(Rail)[:2])
    held.experiments.replace(held.shop.id, older, Change(held.clock.now(), "Attune", "As an older version made it"))
    ensure_hold_out(held.shop, share=0.05, ports=held.holding_out)
    now = hold_out(held.shop, held.experiments)
    assert now is not None
    assert now.experiment == kept.experiment


def test_no_share_makes_no_hold_out(register: Register) -> None:
    assert ensure_hold_out(register.shop, share=0.0, ports=register.holding_out) is None
    assert register.experiments.all(register.shop.id) == []


def test_another_share_moves_nobody_who_stays_in(held: Register) -> None:
    before = arms(held)
    change(held, 0.2)
    assert before.items() < arms(held).items()
    change(held, 0.05)
    assert arms(held) == before


def test_nobody_is_held_out_at_zero(held: Register) -> None:
    change(held, 0.0)
    assert arms(held) == {}


def test_another_control_leaves_out_what_was_counted_before(held: Register) -> None:
    began = held.clock.now()
    held.clock.pass_days(10)
    change(held, 0.05, Show.NATIVE)
    kept = hold_out(held.shop, held.experiments)
    assert kept is not None
    assert kept.experiment.control.treatment.show is Show.NATIVE
    assert [(window.since, window.until) for window in kept.windows] == [(began, held.clock.now())]
    assert kept.changes[0].what == (
        "They see Shopify’s own recommendations in the rails’ places. What was counted before is left out."
        " Until then: Nothing was counted."
    )


@pytest.mark.parametrize(("share", "windows"), [(0.2, 0), (0.01, 1), (0.0, 1)])
def test_what_was_counted_stands_only_while_nobody_who_was_held_out_sees_attune(
    held: Register, share: float, windows: int
) -> None:
    held.clock.pass_days(10)
    change(held, share)
    kept = hold_out(held.shop, held.experiments)
    assert kept is not None
    assert len(kept.windows) == windows


def test_what_the_figures_said_before_they_are_left_out_is_written_down(held: Register) -> None:
    held.clock.pass_days(20)
    kept = hold_out(held.shop, held.experiments)
    assert kept is not None
    crowds = [Crowd(40_000, 0.030), Crowd(40_000, 0.036)]
    keep_reading(held.experiments, held.shop.id, kept.experiment, held.clock.now(), crowds)
    change(held, 0.0)
    assert "From 5 % to 0 % of visitors held out. " in held.told(kept.experiment.id)[-1]
    assert "Until then: Keep Attune: revenue per visitor is" in held.told(kept.experiment.id)[-1]


@pytest.mark.parametrize(
    ("share", "show", "message"),
    [
        (0.51, Show.EMPTY, "at most 50 % of visitors"),
        (-0.01, Show.EMPTY, "at most 50 % of visitors"),
        (0.1, Show.OURS, "choose what stands in the rails’ place"),
        (0.05, Show.EMPTY, "that is how it is already"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(held: Register, share: float, show: Show, message: str) -> None:
    with pytest.raises(DomainError, match=message):
        change(held, share, show)


def test_the_hold_out_cannot_be_stopped_or_ramped_like_a_test(held: Register) -> None:
    kept = hold_out(held.shop, held.experiments)
    assert kept is not None
    for attempt in (lambda: held.stop(kept.experiment.id), lambda: held.ramp(kept.experiment.id, 0.5)):
        with pytest.raises(DomainError, match="the hold-out is permanent"):
            attempt()


def test_before_the_first_model_there_is_nothing_to_change(register: Register) -> None:
    with pytest.raises(DomainError, match="there is no hold-out yet"):
        change(register, 0.1)
