"""The sliders: their bounds, and how they are kept."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.recommend.steering import OFF, PROPOSED, STEERED, BadSteering, Steering


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), float("inf"), "0.5", True, None])
def test_a_slider_outside_its_bounds_is_refused_with_a_sentence_that_names_it(value: Any) -> None:
    with pytest.raises(BadSteering, match=r"Less of what sells anyway.*popularity.*must be"):
        Steering(popularity=value)


def test_sliders_are_read_back_as_they_were_kept() -> None:
    steering = Steering(diversity=0.25, new_products=1, stock=0.5)
    assert Steering.of(steering.as_json()) == steering
    assert Steering.of({"stock": 0.5}) == Steering(stock=0.5)


def test_a_slider_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BadSteering, match="no slider 'speed'; there are calibration, diversity"):
        Steering.of({"speed": 0.5})


def test_only_rails_with_sliders_have_a_proposal_and_it_moves_something() -> None:
    assert set(PROPOSED) <= STEERED
    assert all(steering.moved for steering in PROPOSED.values())


def test_off_changes_nothing() -> None:
    assert not OFF.reorders
    assert not OFF.draws
