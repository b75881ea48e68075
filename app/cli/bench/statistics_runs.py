"""The two simulations of `attune bench statistics`: experiments without a difference that are looked at every day, and
intervals held against the lift that they estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.cli.bench.statistics_store import Floats, Ints, experiment_on, live, over, readings
from app.core.experiments.judgement import DecisionKind
from app.core.experiments.lift import Lift, lift
from app.core.experiments.reading import QUANTILE, cap_of
from app.core.experiments.types import Metric
from app.core.experiments.verdict import judge

DAYS = 28
SMALLEST, LARGEST = 150, 1500
"""Visitors a day, both arms together, drawn between the two with equal weight on each order of magnitude."""
CONVERSION = 0.03
LIFTED, DEARER = 1.06, 1.04
"""What the second arm does in A/B runs: so many times the buyers, and orders worth so many times more."""
LIFTED_MUCH = 1.3
"""What it does in runs that a decision is waited for."""
UNITS = 10_000
"""Visitors in each arm of an A/B run."""


def decided(values: Ints, primary: Metric, runs: int, seed: int) -> float:
    """The share of A/A experiments, looked at every day for four weeks, that were ever told to ship or to stop."""
    return _told(values, primary, runs, seed, 1.0, frozenset({DecisionKind.SHIP, DecisionKind.STOP}))


def shipped(values: Ints, primary: Metric, runs: int, seed: int) -> float:
    """The share of experiments whose second arm sells to `LIFTED_MUCH` times as many that were told to ship it."""
    return _told(values, primary, runs, seed, LIFTED_MUCH, frozenset({DecisionKind.SHIP}))


def _told(values: Ints, primary: Metric, runs: int, seed: int, lifted: float, kinds: frozenset[DecisionKind]) -> float:
    random, experiment = np.random.default_rng(seed), experiment_on(primary)
    told = 0
    for _ in range(runs):
        visitors = int(np.exp(random.uniform(np.log(SMALLEST), np.log(LARGEST))))
        chances = (CONVERSION, CONVERSION * lifted)
        life = live(random, values, days=DAYS, visitors=visitors, chances=chances, dearer=1.0)
        told += any(judge(experiment, one, now=one.at).decision.kind in kinds for one in readings(life, primary))
    return told / runs


@dataclass(frozen=True, slots=True)
class Coverage:
    """Shares of intervals that hold the truth."""

    cut: float
    """Of the lift of revenue that is cut, as decided by."""
    conversion: float
    """Of the lift of conversion."""
    incremental: float
    """Of the difference in all that was paid."""
    buyers: float
    """In an arm, on average."""


def coverage(values: Ints, runs: int, seed: int) -> Coverage:
    """How often 95 % intervals with the flat prior hold what they are about.

    The lift of revenue per visitor is stated at the quantile's true value in the store that the runs are drawn from;
    each run cuts at the quantile of its own buyers.
    """
    random = np.random.default_rng(seed)
    stated = _true_lift(values, _true_cap(values))
    earned = CONVERSION * float(values.mean()) * (LIFTED * DEARER - 1)
    held, buyers = np.zeros(3), 0
    for _ in range(runs):
        arms = [_spent(random, values, is_second=is_second) for is_second in (False, True)]
        cap = cap_of(np.concatenate(arms))
        cut = _lift(*(arm if cap is None else np.minimum(arm, cap) for arm in arms))
        rate, paid = _lift(*(np.ones(len(arm)) for arm in arms)), _lift(*arms)
        held += [
            cut.low <= stated <= cut.high,
            rate.low <= LIFTED - 1 <= rate.high,
            paid.difference_low <= earned <= paid.difference_high,
        ]
        buyers += len(arms[0])
    cut_share, rate_share, paid_share = (held / runs).tolist()
    return Coverage(cut_share, rate_share, paid_share, buyers / runs)


def _spent(random: np.random.Generator, values: Ints, *, is_second: bool) -> Floats:
    """What the buyers of an arm spend."""
    rate, times = (CONVERSION * LIFTED, DEARER) if is_second else (CONVERSION, 1.0)
    return random.choice(values, random.binomial(UNITS, rate)) * times


def _lift(control: Floats, treatment: Floats) -> Lift:
    return lift(over(UNITS, control), over(UNITS, treatment))


def _true_cap(values: Ints) -> float:
    """The quantile of revenue over the buyers of both arms of the store itself."""
    both = np.concatenate([values.astype(np.float64), values * DEARER])
    weight = np.repeat([1.0, LIFTED], len(values)) / ((1.0 + LIFTED) * len(values))
    order = np.argsort(both)
    above = np.cumsum(weight[order][::-1])[::-1]
    return float(both[order][np.searchsorted(-above, -(1 - QUANTILE))])


def _true_lift(values: Ints, cap: float) -> float:
    return LIFTED * float(np.minimum(values * DEARER, cap).mean()) / float(np.minimum(values, cap).mean()) - 1
