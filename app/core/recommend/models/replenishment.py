"""Learns how soon every product is bought again, and whether at all.

Variances are found by the method of moments, as in a one-way analysis with people within items (Searle, Casella and
McCulloch, "Variance components", 1992): of one person's intervals around the person's mean, of people's means around
the item's, of items' means around their kind's. What few people bought again is shrunk to the kind, and kinds to the
shop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from app.core.recommend.groups import Groups
from app.core.recommend.histories import Histories, Ids
from app.core.recommend.models.repeats import Purchases, newest_of_each, purchases_of
from app.core.recommend.signals.intervals import Clock, Intervals
from app.core.recommend.signals.own import LEAST_GAP
from app.core.recommend.signals.replenish import ReplenishSignal

Values = npt.NDArray[np.float64]

USUAL: Mapping[Clock, float] = {Clock.DAYS: 30.0, Clock.STEPS: 5.0}
"""The interval that is taken where nobody ever bought anything again."""
LEAST_SPREAD = 0.2
ROUNDS = 10
"""Of the iteration that finds how many of those who have not come back yet still will."""
HIGHEST = 0.99


@dataclass(frozen=True, slots=True)
class Parameters:
    """`horizon`: how far ahead what is due is looked for, in units of the clock.

    `again_prior`: purchases for which the kind's share of those that are followed by another one counts in an item's.
    `again_weight`: own repeats for which the item's share counts in a shopper's.
    """

    horizon: float = 28.0
    again_prior: float = 10.0
    again_weight: float = 2.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def fit_signal(
    histories: Histories,
    parameters: Parameters | None = None,
    *,
    kinds: Groups | None = None,
    clock: Clock | None = None,
) -> ReplenishSignal:
    """What is due, by the intervals that `fit` learns from the same arguments."""
    parameters = parameters or Parameters()
    return ReplenishSignal(fit(histories, parameters, kinds=kinds, clock=clock), parameters.horizon)


def fit(
    histories: Histories,
    parameters: Parameters | None = None,
    *,
    kinds: Groups | None = None,
    clock: Clock | None = None,
) -> Intervals:
    """Learn from all histories; deterministic, O(E log E) for E events.

    Args:
        kinds: int32 [N], the kind of every item, -1 where it is not known.
        clock: days where they are known unless it is given; visits are the clock otherwise.

    Raises:
        ValueError: days are asked for where the histories have none.
    """
    parameters = parameters or Parameters()
    clock = clock or (Clock.DAYS if histories.day is not None else Clock.STEPS)
    if clock is Clock.DAYS and histories.day is None:
        raise ValueError("intervals in days need the days of the events")
    newest = newest_of_each(histories)
    items = len(histories.items)
    kind = np.zeros(items, dtype=np.int64) if kinds is None else kinds.astype(np.int64) + 1
    bought = purchases_of(newest)
    elapsed = _elapsed(newest, bought, clock)
    counted = bought.came_back & (elapsed >= LEAST_GAP)
    found = _means(bought, counted, np.log(elapsed[counted]), kind, USUAL[clock])
    # What was bought again the same day is one purchase with the next.
    ended = ~bought.came_back | counted
    again = _again(bought.item[ended], counted[ended], elapsed[ended], found, kind, parameters.again_prior)
    return Intervals(
        found.mean.astype(np.float32),
        found.spread.astype(np.float32),
        again.astype(np.float32),
        found.evidence.astype(np.float32),
        weight=found.weight,
        again_weight=parameters.again_weight,
        own_spread=found.own_spread,
        clock=clock,
    )


def _elapsed(histories: Histories, bought: Purchases, clock: Clock) -> Values:
    """From each purchase until the next one of the pair, or until the data end."""
    if clock is Clock.STEPS or histories.day is None:
        return np.asarray(bought.visits_to, dtype=np.float64)
    day = histories.day[bought.event].astype(np.float64)
    return np.where(bought.came_back, np.roll(day, -1), histories.end) - day


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    mean: Values
    spread: Values
    evidence: Values
    weight: float
    own_spread: float


def _means(bought: Purchases, counted: npt.NDArray[np.bool_], logs: Values, kind: Ids, usual: float) -> _Found:
    """Means and spreads of log intervals by item.

    Args:
        counted: the purchases that another one follows; `logs` are the intervals until then.
    """
    items = len(kind)
    item = bought.item[counted]
    pair, of_pair = np.unique(bought.person[counted] * max(items, 1) + item, return_inverse=True)
    each = np.bincount(of_pair, minlength=len(pair)).astype(np.float64)
    own_mean = np.bincount(of_pair, logs, minlength=len(pair)) / np.maximum(each, 1.0)
    pair_item = pair % max(items, 1)
    evidence = np.bincount(item, minlength=items).astype(np.float64)
    all_mean = float(logs.mean()) if len(logs) else float(np.log(usual))
    within = _variance(np.sum((logs - own_mean[of_pair]) ** 2), len(logs) - len(pair))
    plain = _shrunk_means(item, logs, np.ones(len(logs)), np.full(items, all_mean), 1.0)
    total = max(_variance(np.sum((logs - plain[item]) ** 2), len(logs) - int(np.count_nonzero(evidence))), within)
    between = max(total - within, 0.05 * total)
    # A person's mean tells as much as its variance allows, however many intervals it is the mean of.
    tells = (within + between) / (between + within / np.maximum(each, 1.0))
    of_kind = _shrunk_means(kind[pair_item], own_mean, tells, np.full(int(kind.max(initial=0)) + 1, all_mean), 20.0)
    among_items = _among(pair_item, own_mean, tells, of_kind[kind], total)
    mean = _shrunk_means(pair_item, own_mean, tells, of_kind[kind], float(np.clip(total / among_items, 1.0, 50.0)))
    squares = _shrunk_means(item, (logs - mean[item]) ** 2, np.ones(len(logs)), np.full(items, total), 10.0)
    weight = float(np.clip(within / between, 0.25, 20.0))
    return _Found(mean, np.maximum(np.sqrt(squares), LEAST_SPREAD), evidence, weight, max(within**0.5, LEAST_SPREAD))


def _variance(squares: float, freedom: int) -> float:
    """The mean of squares over the degrees of freedom; with none the variance of intervals that vary threefold."""
    return max(float(squares) / freedom, LEAST_SPREAD**2) if freedom > 0 else 1.0


def _shrunk_means(group: Ids, values: Values, weights: Values, prior: Values, strength: float) -> Values:
    """The mean of each group, with `strength` values of its prior among them."""
    size = len(prior)
    total = np.bincount(group, weights * values, minlength=size) + strength * prior
    return np.asarray(total / (np.bincount(group, weights, minlength=size) + strength))


def _among(group: Ids, values: Values, weights: Values, prior: Values, total: float) -> float:
    """The variance of items' true means around their prior: what chance does not explain of the means' variance."""
    size = len(prior)
    counts = np.bincount(group, weights, minlength=size)
    some = counts >= 2
    if np.count_nonzero(some) < 2:
        return 0.05 * total
    means = np.bincount(group, weights * values, minlength=size)[some] / counts[some]
    chance = float(np.average(total / counts[some], weights=counts[some]))
    return max(float(np.average((means - prior[some]) ** 2, weights=counts[some])) - chance, 0.02 * total)


def _again(item: Ids, came: npt.NDArray[np.bool_], elapsed: Values, found: _Found, kind: Ids, prior: float) -> Values:
    """The share of each item's purchases that another one follows sooner or later, float64 [N].

    Who has not come back yet still may: by expectation-maximization, each open purchase counts as followed with the
    chance that it is, given how long ago it was (Boag, "Maximum likelihood estimates of the proportion of patients
    cured by cancer therapy", JRSS B 11, 1949). Items that nobody came back for are given no chance at all.
    """
    items = len(found.mean)
    purchases = np.bincount(item, minlength=items).astype(np.float64)
    # What was left open a moment ago tells nothing, and so has the item's own chance.
    passed = ndtr((np.log(np.maximum(elapsed, LEAST_GAP)) - found.mean[item]) / found.spread[item])
    again = np.full(items, 0.5)
    for _ in range(ROUNDS if len(item) else 0):
        late = again[item] * (1.0 - passed)
        expected = np.where(came, 1.0, late / (1.0 - again[item] + late))
        share = float(expected.mean())
        of_kind = _shrunk_means(kind[item], expected, np.ones(len(item)), np.full(int(kind.max()) + 1, share), 100.0)
        again = (np.bincount(item, expected, minlength=items) + prior * of_kind[kind]) / (purchases + prior)
        again = np.minimum(again, HIGHEST)
    return np.where(found.evidence > 0, again, 0.0)
