"""From units to a reading: who is left out, what each arm's metrics sum up to, and how they came about day by day.

Intent to treat: a unit counts for the arm in which it was first exposed, with all it orders from then on. Whoever was
exposed in two arms, behaves like a program, or is on the staff is left out, whatever it did.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from app.core.experiments.counted import UNKNOWN_ARM, Bools, Counted, Exposed, Ints, Orders, Period, Steps, microseconds
from app.core.experiments.interleave import preference_of
from app.core.experiments.reading import ArmReading, Caution, DayOfArm, Excluded, Preference, Reading, cap_of
from app.core.experiments.series import ShopDays, series
from app.core.experiments.sums import Sums, sums_of
from app.core.experiments.types import Arm, Experiment, Kind, Metric, Show
from app.core.experiments.units import History, grown, history, revenue, values_of

BOT_EVENTS_AN_HOUR: Final = 500
"""More than so many within any hour is done by no person."""
BOT_EVENTS: Final = 2000
"""Nor more than so many in all without ever an order."""
OF_ORDERS: Final = (
    Metric.CONVERSION,
    Metric.REVENUE_PER_VISITOR,
    Metric.ORDER_VALUE,
    Metric.REPEAT_PURCHASE,
)
CUT: Final = (Metric.REVENUE_PER_VISITOR, Metric.ORDER_VALUE)


def nothing_read(experiment: Experiment, period: Period, currency: str, at: datetime) -> Reading:
    """The reading of a period of which nothing is left."""
    arms = tuple(ArmReading(arm.key, 0, 0, 0, {}) for arm in experiment.arms)
    return Reading(experiment.id, at, period.since, period.until, currency, arms, cautions=(Caution.NO_DATES,))


def fold(
    experiment: Experiment,
    counted: Counted,
    period: Period,
    *,
    zone: ZoneInfo,
    currency: str,
    at: datetime,
    since: datetime | None = None,
    covariates: bool = True,
) -> Reading:
    """Sum up what was counted, up to the period's end.

    Args:
        zone: the shop's, whose days are told.
        at: when it was counted.
        since: look only at what was done from here on, of everybody who was exposed in the period. Who comes again may
            depend on the arm: those who were exposed after `since` alone could not be compared.
        covariates: whether what units did before their first exposure in the period was untouched by the experiment.
    """
    since = max(since or period.since, period.since)
    kept, excluded = _kept(counted)
    counted = _from(since, _only(counted, kept))
    after = _outcomes(counted, period) & (counted.orders.at >= microseconds(since))
    days = ShopDays(period, zone)
    found = history(
        counted,
        after & ~counted.orders.foreign,
        days.of(counted.orders.at),
        covariates=covariates,
        untouched=min((microseconds(begin) for begin, _ in period.windows), default=None),
    )
    cap = cap_of(revenue(found, len(counted.exposed.unit)))
    shared = experiment.kind is Kind.INTERLEAVING
    return Reading(
        experiment=experiment.id,
        at=at,
        since=since,
        until=period.until,
        currency=currency,
        arms=tuple(
            _arm(experiment, arm, _members(experiment, place, counted), counted, found, cap)
            for place, arm in enumerate(experiment.arms)
        ),
        days=() if shared else _days(experiment, counted, found, days, cap),
        excluded=replace(excluded, foreign_orders=int((after & counted.orders.foreign).sum())),
        left_out=period.left_out(since),
        cap=cap,
        preference=_preference(counted) if shared else None,
        clicked_revenue={
            arm.key: int(found.after.clicked[_members(experiment, place, counted)[found.after.unit]].sum())
            for place, arm in enumerate(experiment.arms)
        },
    )


# -- who counts ------------------------------------------------------------------------------------------------------


def _kept(counted: Counted) -> tuple[Bools, Excluded]:
    """Which units stay, and how many are left out for which reason; whoever has two reasons counts for the first."""
    exposed, orders = counted.exposed, counted.orders
    units = len(exposed.unit)
    ours = orders.unit[orders.unit >= 0]
    ordered = np.bincount(ours, minlength=units) > 0
    program = (exposed.busiest_hour > BOT_EVENTS_AN_HOUR) | ((exposed.events > BOT_EVENTS) & ~ordered)
    staff = np.bincount(ours, weights=orders.staff[orders.unit >= 0], minlength=units) > 0
    reasons = {"two_arms": exposed.arms > 1, "bots": program, "staff": staff}
    kept: Bools = exposed.arm != UNKNOWN_ARM
    numbers = {}
    for name, holds in reasons.items():
        numbers[name] = int((kept & holds).sum())
        kept = kept & ~holds
    return kept, Excluded(window=exposed.only_in_windows, **numbers)


def _only(counted: Counted, kept: Bools) -> Counted:
    """The same without the units that are left out, and without what belongs to nobody."""
    place = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int64)
    exposed = counted.exposed
    columns = {name: getattr(exposed, name)[kept] for name in Exposed.__slots__ if name != "only_in_windows"}
    return Counted(
        Exposed(**columns, only_in_windows=exposed.only_in_windows),
        _orders_at(counted.orders, place),
        _since(_steps_at(counted.carts, place), exposed.first_at[kept]),
        _steps_at(counted.shown, place),
        tuple((int(place[unit]), teams) for unit, teams in counted.visits if unit >= 0 and place[unit] >= 0),
    )


def _moved(unit: Ints, place: Ints) -> Ints:
    """The units' new places. The one behind the last is nobody's, also where there is no unit at all."""
    return np.append(place, -1)[np.where(unit < 0, len(place), unit)]


def _orders_at(orders: Orders, place: Ints) -> Orders:
    unit = _moved(orders.unit, place)
    return replace(orders, unit=unit).only(unit >= 0)


def _steps_at(steps: Steps | None, place: Ints) -> Steps | None:
    if steps is None:
        return None
    unit = _moved(steps.unit, place)
    return Steps(unit, steps.at, steps.numerator, steps.denominator).only(unit >= 0)


def _since(steps: Steps | None, first_at: Ints) -> Steps | None:
    """Without the steps before the unit's first exposure."""
    return steps.only(steps.at >= first_at[steps.unit]) if steps else None


def _outcomes(counted: Counted, period: Period) -> Bools:
    """Which orders count: those from the unit's first exposure on, outside of windows."""
    return period.holds(counted.orders.at) & (counted.orders.at >= counted.exposed.first_at[counted.orders.unit])


def _from(since: datetime, counted: Counted) -> Counted:
    """The same, of which only what was clicked or put into carts from then on is looked at."""
    exposed, shown, carts, begin = counted.exposed, counted.shown, counted.carts, microseconds(since)
    if shown is not None:
        shown = shown.only(shown.at >= begin)
        parts = {"clicks": shown.numerator, "exposures": shown.denominator}
        totals: dict[str, Any] = {
            name: np.bincount(shown.unit, weights=part, minlength=len(exposed.unit)).astype(np.int64)
            for name, part in parts.items()
        }
        exposed = replace(exposed, **totals)
    return replace(counted, exposed=exposed, shown=shown, carts=carts and carts.only(carts.at >= begin))


def _preference(counted: Counted) -> Preference:
    return preference_of((teams for _, teams in counted.visits), (unit for unit, _ in counted.visits))


def _members(experiment: Experiment, place: int, counted: Counted) -> Bools:
    """Who is in an arm; two rankings that share a rail are seen by everybody."""
    if experiment.kind is Kind.INTERLEAVING:
        return np.ones(len(counted.exposed.unit), dtype=np.bool_)
    return np.asarray(counted.exposed.arm == place)


# -- what they did ---------------------------------------------------------------------------------------------------


def _arm(
    experiment: Experiment, arm: Arm, members: Bools, counted: Counted, found: History, cap: int | None
) -> ArmReading:
    metrics = _metrics(experiment, arm, counted)
    return ArmReading(
        arm=arm.key,
        units=int(members.sum()),
        new_units=int((members & (counted.exposed.known_before == 0)).sum()),
        orders=int(members[found.after.unit].sum()),
        metrics={metric: _sums(metric, members, counted, found, None) for metric in metrics},
        winsorised={
            metric: _sums(metric, members, counted, found, cap)
            for metric in metrics
            if metric in CUT and cap is not None
        },
    )


def _metrics(experiment: Experiment, arm: Arm, counted: Counted) -> list[Metric]:
    """What can be counted of an arm: clicks only where there is something of ours to be clicked."""
    if experiment.kind is Kind.INTERLEAVING:
        return []
    clicks = experiment.kind is not Kind.EMAIL and arm.treatment.show is Show.OURS
    carts = counted.carts is not None
    return [*OF_ORDERS, *([Metric.CLICK_THROUGH] if clicks else []), *([Metric.CART_RECOVERY] if carts else [])]


def _sums(metric: Metric, members: Bools, counted: Counted, found: History, cap: int | None) -> Sums:
    values = values_of(metric, counted, found, cap=cap)
    return sums_of(
        values.x[members],
        denominators=None if values.d is None else values.d[members],
        covariates=None if values.c is None else values.c[members],
    )


def _days(
    experiment: Experiment, counted: Counted, found: History, days: ShopDays, cap: int | None
) -> tuple[DayOfArm, ...]:
    steps = {Metric.CLICK_THROUGH: counted.shown, Metric.CART_RECOVERY: counted.carts}.get(experiment.primary)
    if steps is None and experiment.primary not in OF_ORDERS:
        return ()
    cut = cap if experiment.primary in CUT else None
    return series(
        experiment.arms,
        counted.exposed.arm,
        days.of(counted.exposed.first_at),
        grown(experiment.primary, counted, found, days.of(steps.at) if steps else None, cap=cut),
        values_of(experiment.primary, counted, found, cap=cut).c,
        days,
    )
