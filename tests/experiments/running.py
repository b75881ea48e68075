"""Running experiments, as short as a test can say them."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.experiments.types import (
    CONTROL,
    UNCHANGED,
    Arm,
    ArmKey,
    Experiment,
    ExperimentId,
    Kind,
    Show,
    Status,
    Treatment,
)
from app.core.recommend.types import Rail, Strategy

A_TITLE = Treatment(title="Picked for you")
BY_SALES = Treatment(strategy=Strategy.TRENDING)


def arms(*treatments: Treatment, weights: Sequence[int] | None = None) -> tuple[Arm, ...]:
    names = [CONTROL, *(ArmKey(f"b{number}") for number in range(1, len(treatments)))]
    parts = weights or [1] * len(names)
    return tuple(Arm(name, name, part, how) for name, part, how in zip(names, parts, treatments, strict=True))


def experiment(id: int, *treatments: Treatment, weights: Sequence[int] | None = None, **facts: object) -> Experiment:
    """A running A/B test of "for you" in a layer of its own, unless told otherwise."""
    plain: dict[str, object] = {
        "name": f"Test {id}",
        "kind": Kind.AB,
        "status": Status.RUNNING,
        "layer": f"layer {id}",
        "salt": f"salt {id}",
        "rails": (Rail.FOR_YOU,),
    }
    chosen = arms(*(treatments or (UNCHANGED, BY_SALES)), weights=weights)
    return Experiment(id=ExperimentId(id), arms=chosen, **{**plain, **facts})  # type: ignore[arg-type]


def hold_out(share: float = 0.05, control: Show = Show.EMPTY) -> Experiment:
    return experiment(
        1,
        Treatment(show=control),
        UNCHANGED,
        kind=Kind.HOLD_OUT,
        layer="hold-out",
        rails=tuple(Rail),
        traffic=2 * share,
    )
