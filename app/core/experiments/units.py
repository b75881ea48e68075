"""What each unit did, metric by metric: a numerator, where there is one a denominator, and what it did before.

A metric is made of steps (an order, a left cart, an hour of cards in view), so that the same few lines tell how it
stands at the end and how it stood on every day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from app.core.experiments.counted import COVARIATE_DAYS, Bools, Counted, Ints, Orders, Steps
from app.core.experiments.reading import cap_of
from app.core.experiments.sums import Floats
from app.core.experiments.types import Metric

BEFORE_US: Final = COVARIATE_DAYS * 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Grown:
    """Where units' metric stood after each of their steps: rows in order of unit and day, one for both."""

    unit: Ints
    day: Ints
    x: Floats
    d: Floats | None
    """None for a mean, whose denominator is 1 from the exposure on."""


@dataclass(frozen=True, slots=True)
class Values:
    """One value a unit; `d` as in `Grown`, `c` the covariate where the metric has one."""

    x: Floats
    d: Floats | None = None
    c: Floats | None = None


@dataclass(frozen=True, slots=True)
class History:
    """The orders that count for an experiment, and what came before.

    Args:
        after: placed from the unit's first exposure on.
        days: of `after`, the shop's day of each, as a number.
        before_net, before_orders: by unit, in the covariate's days before its first exposure.
    """

    after: Orders
    days: Ints
    before_net: Floats
    before_orders: Floats


def history(counted: Counted, after: Bools, days: Ints, *, covariates: bool, untouched: int | None = None) -> History:
    """Take the orders apart.

    Args:
        after: which orders are outcomes.
        days: of all orders.
        covariates: False where units had been treated before the period: then nothing comes before.
        untouched: up to when it is known who had been treated, in microseconds: the first excluded window's beginning.
            Whoever comes later may have been treated within it, so what they bought from then on is no covariate.
    """
    units, orders = len(counted.exposed.unit), counted.orders
    first = counted.exposed.first_at[orders.unit] if units else np.empty(0, dtype=np.int64)
    ends = first if untouched is None else np.minimum(first, untouched)
    before = ~orders.foreign & (orders.at < ends) & (orders.at >= first - BEFORE_US) & covariates
    whose = orders.unit[before]
    return History(
        orders.only(after),
        days[after],
        np.bincount(whose, weights=orders.net[before], minlength=units).astype(np.float64),
        np.bincount(whose, minlength=units).astype(np.float64),
    )


def revenue(found: History, units: int) -> Floats:
    """Each unit's, in minor units."""
    return np.bincount(found.after.unit, weights=found.after.net, minlength=units).astype(np.float64)


def values_of(metric: Metric, counted: Counted, found: History, *, cap: int | None = None) -> Values:
    """The metric of every exposed unit; revenue above the cap counts as the cap."""
    units = len(counted.exposed.unit)
    number = np.bincount(found.after.unit, minlength=units).astype(np.float64)
    match metric:
        case Metric.CONVERSION:
            return Values(_indicator(number > 0), c=_indicator(found.before_orders > 0))
        case Metric.REVENUE_PER_VISITOR:
            # What came before has a tail of its own, and tells more when that is cut than when it is cut where this is.
            before = found.before_net if cap is None else _cut(found.before_net, cap_of(found.before_net))
            return Values(_cut(revenue(found, units), cap), c=before)
        case Metric.ORDER_VALUE:
            return Values(_cut(revenue(found, units), cap), number)
        case Metric.REPEAT_PURCHASE:
            return Values(_indicator(_distinct_days(found, units) > 1), c=_indicator(found.before_orders > 0))
        case Metric.CLICK_THROUGH:
            return Values(counted.exposed.clicks.astype(np.float64), counted.exposed.exposures.astype(np.float64))
        case Metric.CART_RECOVERY:
            assert counted.carts is not None
            return Values(*(_sum(counted.carts, part, units) for part in ("numerator", "denominator")))


def grown(metric: Metric, counted: Counted, found: History, days: Ints | None, *, cap: int | None) -> Grown:
    """How the metric came about, day by day.

    Args:
        days: of the steps of carts or of cards; orders have theirs.
    """
    if metric in (Metric.CLICK_THROUGH, Metric.CART_RECOVERY):
        steps = counted.shown if metric is Metric.CLICK_THROUGH else counted.carts
        assert steps is not None
        assert days is not None
        unit, day, x, d = _by_day(steps.unit, days, steps.numerator, steps.denominator)
        return Grown(unit, day, x, d)
    ones = np.ones_like(found.after.net)
    unit, day, net, number = _by_day(found.after.unit, found.days, found.after.net, ones)
    match metric:
        case Metric.CONVERSION:
            return Grown(unit, day, _indicator(number > 0), None)
        case Metric.REVENUE_PER_VISITOR:
            return Grown(unit, day, _cut(net, cap), None)
        case Metric.ORDER_VALUE:
            return Grown(unit, day, _cut(net, cap), number)
        case _:
            return Grown(unit, day, _indicator(_cumulated(unit, np.ones_like(net)) > 1), None)


def _distinct_days(found: History, units: int) -> Floats:
    unit, *_ = _by_day(found.after.unit, found.days, found.after.net)
    return np.bincount(unit, minlength=units).astype(np.float64)


def _by_day(unit: Ints, day: Ints, *amounts: Ints) -> tuple[Any, ...]:
    """One row a unit and day, in order, with each amount's sum over the unit's days up to then."""
    order = np.lexsort((day, unit))
    unit, day = unit[order], day[order]
    last = np.ones(len(unit), dtype=np.bool_)
    last[:-1] = (unit[1:] != unit[:-1]) | (day[1:] != day[:-1])
    return unit[last], day[last], *(_cumulated(unit, amount[order].astype(np.float64))[last] for amount in amounts)


def _cumulated(unit: Ints, amounts: Floats) -> Floats:
    """Running sums within each unit; the rows stand in order of unit."""
    if not len(unit):
        return amounts
    total = np.cumsum(amounts)
    begins = np.flatnonzero(np.concatenate([[True], unit[1:] != unit[:-1]]))
    lengths = np.diff(np.append(begins, len(unit)))
    return total - np.repeat(total[begins] - amounts[begins], lengths)


def _sum(steps: Steps, part: str, units: int) -> Floats:
    return np.bincount(steps.unit, weights=getattr(steps, part), minlength=units).astype(np.float64)


def _cut(amounts: Floats, cap: int | None) -> Floats:
    return amounts if cap is None else np.minimum(amounts, cap)


def _indicator(holds: npt.NDArray[np.bool_]) -> Floats:
    return holds.astype(np.float64)
