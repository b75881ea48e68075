"""What the shop's experiments say now: each with its newest reading and the verdict on it.

Small experiments are pulled towards what the shop's own finished ones have shown; before there are enough of those,
towards no difference, as `app.core.experiments.priors` states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from app.core.experiments.lift import Unreadable, estimate
from app.core.experiments.priors import Prior, learn
from app.core.experiments.reading import ArmReading, Reading
from app.core.experiments.sums import NOTHING, Sums
from app.core.experiments.types import Experiment, ExperimentId, Kind, Metric, Status
from app.core.experiments.verdict import LEAST_POSITIVE, Verdict, judge
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


def prior_of(shop: Shop, experiments: ExperimentRegister) -> Prior:
    """What the shop's own ended tests let expect of the next one; the stated prior before there are enough."""
    return learn(past_lifts(experiments.all(shop.id), experiments.latest(shop.id)))


def past_lifts(
    kept: Iterable[KeptExperiment], readings: Mapping[ExperimentId, Reading]
) -> Sequence[tuple[float, float]]:
    """The lift and its standard error of every arm of the tests that have ended. The hold-out never ends."""
    ended = [one.experiment for one in kept if one.experiment.status is Status.STOPPED]
    tests = [one for one in ended if one.kind in (Kind.AB, Kind.EMAIL) and one.id in readings]
    return [lift for one in tests for lift in _lifts(readings[one.id], one.primary)]


def _review(kept: KeptExperiment, reading: Reading | None, prior: Prior, ports: Ports) -> Review:
    if reading is None:
        return Review(kept)
    return Review(kept, reading, judge(kept.experiment, reading, now=ports.clock.now(), prior=prior))


def _lifts(reading: Reading, metric: Metric) -> Iterable[tuple[float, float]]:
    control, *others = [_primary(arm, metric) for arm in reading.arms]
    for other in others:
        if min(control.positive, other.positive) < LEAST_POSITIVE:
            continue
        try:
            found = estimate(control, other, adjust=True)
        except Unreadable:
            continue
        yield found.relative, sqrt(found.relative_variance)


def _primary(arm: ArmReading, metric: Metric) -> Sums:
    return arm.winsorised.get(metric) or arm.metrics.get(metric, NOTHING)
