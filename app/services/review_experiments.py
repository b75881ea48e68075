"""What the shop's experiments say now: each with its newest reading and the verdict on it.

Small experiments are pulled towards no difference: by as much as the shop's own finished ones have shown, and before
there are enough of those by as much as `app.core.experiments.priors` states. The hold-out always keeps the stated
prior: what a title or a ranking changed says nothing of what all of Attune does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from app.core.experiments.lift import Unreadable, estimate
from app.core.experiments.priors import STATED, Prior, learn
from app.core.experiments.reading import Reading
from app.core.experiments.types import Experiment, ExperimentId, Kind, Metric, Status
from app.core.experiments.verdict import LEAST_POSITIVE, DecisionKind, Verdict, judge
from app.core.shops import Shop
from app.ports import Clock, ExperimentRegister, KeptExperiment


@dataclass(frozen=True, slots=True)
class Ports:
    experiments: ExperimentRegister
    clock: Clock


@dataclass(frozen=True, slots=True)
class Review:
    """One experiment; without a reading nothing has been counted, and there is no verdict."""

    kept: KeptExperiment
    reading: Reading | None = None
    verdict: Verdict | None = None

    @property
    def experiment(self) -> Experiment:
        return self.kept.experiment


def review_experiments(shop: Shop, ports: Ports) -> Sequence[Review]:
    """All of the shop's experiments, the hold-out first, then the newest first."""
    kept, readings = ports.experiments.all(shop.id), ports.experiments.latest(shop.id)
    prior = learn(past_lifts(kept, readings))
    return [_review(one, readings.get(one.experiment.id), prior, ports) for one in kept]


def review_experiment(shop: Shop, id: ExperimentId, ports: Ports) -> Review | None:
    """One of them; None where there is none of this number."""
    return next((one for one in review_experiments(shop, ports) if one.experiment.id == id), None)


def prior_for(experiment: Experiment, learnt: Prior) -> Prior:
    """The prior of this experiment, where `learnt` is that of the shop's tests."""
    return STATED if experiment.kind is Kind.HOLD_OUT else learnt


def past_lifts(
    kept: Iterable[KeptExperiment], readings: Mapping[ExperimentId, Reading]
) -> Sequence[tuple[float, float]]:
    """The lift and its standard error of every arm of the tests that have ended. The hold-out never ends.

    What cannot be trusted, because its arms' sizes are no chance or one of them was silent, teaches nothing.
    """
    ended = [one.experiment for one in kept if one.experiment.status is Status.STOPPED]
    tests = [one for one in ended if one.kind in (Kind.AB, Kind.EMAIL) and one.id in readings]
    trusted = [one for one in tests if not _is_blocked(one, readings[one.id])]
    return [lift for one in trusted for lift in _lifts(readings[one.id], one.primary)]


def _review(kept: KeptExperiment, reading: Reading | None, prior: Prior, ports: Ports) -> Review:
    if reading is None:
        return Review(kept)
    return Review(
        kept, reading, judge(kept.experiment, reading, now=ports.clock.now(), prior=prior_for(kept.experiment, prior))
    )


def _is_blocked(experiment: Experiment, reading: Reading) -> bool:
    return judge(experiment, reading, now=reading.at).decision.kind is DecisionKind.BLOCKED


def _lifts(reading: Reading, metric: Metric) -> Iterable[tuple[float, float]]:
    control, *others = [arm.compared(metric) for arm in reading.arms]
    for other in others:
        if min(control.positive, other.positive) < LEAST_POSITIVE:
            continue
        try:
            found = estimate(control, other, adjust=True)
        except Unreadable:
            continue
        yield found.relative, sqrt(found.relative_variance)
