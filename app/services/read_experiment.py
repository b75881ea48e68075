"""Read an experiment: bring together what the lake and the orders know of it, and keep what it sums up to.

A reading counts everything anew, from the start, with orders as they are now: a refund or an edit of weeks ago changes
it. Young experiments are read often, old ones once a day, stopped ones for as long as refunds still come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import numpy as np

from app.core.errors import Busy
from app.core.experiments.counted import COVARIATE_DAYS, NOBODY, Counted, Exposed, Ints, Orders, Period, microseconds
from app.core.experiments.fold import fold, nothing_read
from app.core.experiments.interleave import Team
from app.core.experiments.reading import Reading
from app.core.experiments.types import Experiment, Kind, Metric
from app.core.ids import ShopId
from app.core.shop_days import SESSION_GAP, zone_of
from app.core.shops import Shop
from app.ports import (
    Claims,
    Clock,
    ExperimentRegister,
    Exposures,
    KeptExperiment,
    OrderFacts,
    Outcomes,
    RollUps,
    TeamClick,
)

CLAIM: Final = "read_experiments"
CLAIM_S: Final = 60.0
AGAIN: Final = (
    (timedelta(days=1), timedelta(minutes=10)),
    (timedelta(days=28), timedelta(hours=1)),
)
"""An experiment of at most this age is read anew after so long; an older one after `SELDOM`."""
SELDOM: Final = timedelta(days=1)
REFUNDS_COME: Final = timedelta(days=90)
"""For how long a stopped experiment's orders may still change."""


@dataclass(frozen=True, slots=True)
class Ports:
    register: ExperimentRegister
    exposures: Exposures
    outcomes: Outcomes
    roll_ups: RollUps
    claims: Claims
    clock: Clock


def read_experiments(shop: Shop, ports: Ports) -> int:
    """Read all of the shop's experiments whose last reading is too old; returns how many.

    Raises:
        Busy: another worker is at it.
        ExceptionGroup: some could not be read; all others were.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as mine:
        if not mine:
            raise Busy(f"the experiments of {shop.domain} are being read")
        due = due_experiments(shop.id, ports)
        failures = []
        for kept in due:
            try:
                ports.register.keep_reading(shop.id, read_experiment(shop.id, kept, ports))
            except Exception as failure:
                # One that cannot be read holds up none of the others.
                failure.add_note(f"reading experiment {kept.experiment.id} of {shop.domain}")
                failures.append(failure)
        if failures:
            raise ExceptionGroup(f"{len(failures)} of {len(due)} experiments of {shop.domain} not read", failures)
        return len(due)


def due_experiments(shop: ShopId, ports: Ports) -> list[KeptExperiment]:
    """Those that have been started and are due to be read."""
    started = [kept for kept in ports.register.all(shop) if kept.started_at]
    if not started:
        return []
    now, readings = ports.clock.now(), ports.register.latest(shop)
    oldest = ports.roll_ups.oldest(shop, now=now)
    return [kept for kept in started if _is_due(kept, readings.get(kept.experiment.id), now, oldest)]


def _is_due(kept: KeptExperiment, newest: Reading | None, now: datetime, oldest: datetime) -> bool:
    if newest is None or kept.started_at is None:
        return True
    at, ended = newest.at, kept.stopped_at
    if ended is not None and _has_faded(kept, newest, ended, oldest):
        return False
    # What was done to it since then, such as a window that was excluded, is seen at once.
    if any(change.at > at for change in kept.changes) or any(window.at > at for window in kept.windows):
        return True
    if ended is not None and at >= ended + REFUNDS_COME:
        return False
    age = now - kept.started_at
    return now - at >= next((again for until, again in AGAIN if age < until and ended is None), SELDOM)


def _has_faded(kept: KeptExperiment, newest: Reading, ended: datetime, oldest: datetime) -> bool:
    """Whether the lake has forgotten what the last reading counted: another one would take its result away."""
    if kept.experiment.kind is Kind.EMAIL:
        return False
    return oldest > newest.since and (newest.at >= ended or oldest >= ended)


def read_experiment(
    shop: ShopId, kept: KeptExperiment, ports: Ports, *, since: datetime | None = None, until: datetime | None = None
) -> Reading:
    """Count an experiment that has been started.

    Args:
        since: look only at what was done from here on, of all who were exposed since the experiment's start.
        until: count only up to here.
    """
    now, experiment = ports.clock.now(), kept.experiment
    started = kept.started_at or now
    # What is older than the shop's term of retention is not in the lake any more; lists of customers are not of it.
    begin = started if experiment.kind is Kind.EMAIL else max(started, ports.roll_ups.oldest(shop, now=now))
    end = min(now, kept.stopped_at or now, until or now)
    period = Period(begin, end, tuple((window.since, window.until) for window in kept.windows))
    currency = ports.outcomes.currency(shop)
    if period.is_empty:
        return nothing_read(experiment, period, currency, now)
    if experiment.kind is Kind.EMAIL:
        counted = _of_customers(shop, experiment, period, ports)
    else:
        timed = since is not None or experiment.primary is Metric.CLICK_THROUGH
        counted = _of_browsers(shop, experiment, period, ports, timed=timed)
    return fold(
        experiment,
        counted,
        period,
        zone=zone_of(ports.roll_ups.timezone(shop)),
        currency=currency,
        at=now,
        since=since,
        covariates=begin == started,
    )


# -- Visitors --------------------------------------------------------------------------------------------------------


def _of_browsers(shop: ShopId, experiment: Experiment, period: Period, ports: Ports, *, timed: bool) -> Counted:
    """`timed` says whether clicks and cards are asked for in their course in time."""
    exposed = ports.exposures.exposed(shop, experiment, period)
    reported = ports.exposures.purchases(shop, period)
    # Only what belongs to somebody who was exposed is asked for.
    places = dict(zip(reported, exposed.places(list(reported.values())).tolist(), strict=True))
    places = {order: place for order, place in places.items() if place != NOBODY}
    facts = ports.outcomes.of_orders(shop, places.keys())
    unit = np.fromiter((places[order] for order in facts.order.tolist()), dtype=np.int64, count=len(facts.order))
    carts = ports.exposures.carts(shop, period)
    shown = ports.exposures.shown(shop, experiment, period) if timed else None
    clicks: Sequence[TeamClick] = ()
    if experiment.kind is Kind.INTERLEAVING:
        clicks = ports.exposures.team_clicks(shop, experiment, period)
    return Counted(
        exposed,
        _orders(facts, unit),
        carts=carts[1].of(exposed.places(carts[0])),
        shown=shown[1].of(exposed.places(shown[0])) if shown else None,
        visits=_visits(clicks, exposed),
    )


def _visits(clicks: Iterable[TeamClick], exposed: Exposed) -> tuple[tuple[int, tuple[Team, ...]], ...]:
    """Clicks of one unit without a gap of half an hour are one visit's; they come by unit and time."""
    visits: list[tuple[int, tuple[Team, ...]]] = []
    for unit, theirs in groupby(clicks, key=lambda click: click.unit):
        (place,) = exposed.places([unit]).tolist()
        last: datetime | None = None
        for click in theirs:
            if last is not None and click.at - last <= SESSION_GAP:
                visits[-1] = (place, (*visits[-1][1], click.team))
            else:
                visits.append((place, (click.team,)))
            last = click.at
    return tuple(visits)


# -- Customers of an e-mail experiment -------------------------------------------------------------------------------


def _of_customers(shop: ShopId, experiment: Experiment, period: Period, ports: Ports) -> Counted:
    """Whoever is on the list counts from the day on which it was taken away, whether or not a mail was opened."""
    since = period.since - timedelta(days=COVARIATE_DAYS)
    facts = ports.outcomes.of_listed(shop, experiment.id, since=since, until=period.until)
    listed = ports.outcomes.listed(shop, experiment.id)
    numbers = np.array([each.customer for each in listed], dtype=np.int64)
    first_at = np.array([microseconds(each.at) for each in listed], dtype=np.int64)
    place = {arm.key: number for number, arm in enumerate(experiment.arms)}
    arm = np.array([place.get(each.arm, NOBODY) for each in listed], dtype=np.int64)
    inside, moments = period.holds(first_at), first_at
    numbers, first_at, arm = numbers[inside], first_at[inside], arm[inside]
    unit = _places(numbers, facts.customer)
    known = np.zeros_like(numbers)
    earlier = (unit != NOBODY) & (facts.at < np.append(first_at, 0)[unit])
    known[unit[earlier]] = 1
    nothing = np.zeros_like(numbers)
    exposed = Exposed(
        unit=numbers,
        arm=arm,
        first_at=first_at,
        arms=np.ones_like(numbers),
        exposures=nothing,
        clicks=nothing,
        events=nothing,
        busiest_hour=nothing,
        known_before=known,
        only_in_windows=int((~inside & (moments < microseconds(period.until))).sum()),
    )
    return Counted(exposed, _orders(facts, unit))


def _places(numbers: Ints, wanted: Ints) -> Ints:
    """Where the wanted ones stand in sorted numbers, or `NOBODY`."""
    if not len(numbers):
        return np.full(len(wanted), NOBODY, dtype=np.int64)
    found = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
    return np.where(numbers[found] == wanted, found, NOBODY)


def _orders(facts: OrderFacts, unit: Ints) -> Orders:
    return Orders(unit, facts.at, facts.net, facts.clicked, facts.foreign, facts.staff)
