"""What the hold-out measured in a period, and what each running experiment says: lift, where the table has clicks.

The hold-out is read anew for exactly the days of the table, so that what was measured stands beside what followed a
click. Experiments say what their last reading says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.core.experiments.priors import Prior, learn
from app.core.experiments.reading import ArmReading, Reading
from app.core.experiments.types import Experiment, Kind
from app.core.experiments.verdict import Verdict, judge
from app.core.shop_days import bounds, zone_of
from app.core.shops import Shop
from app.ports import KeptExperiment
from app.services.read_experiment import Ports, read_experiment
from app.services.review_experiments import past_lifts, prior_for

NO_HOLD_OUT = (
    "Nothing is measured: there is no hold-out. One begins with the first published model, unless its share is 0."
)
NOT_STARTED = "Nothing is measured: the hold-out has not been started."
NOT_YET = "Nothing is measured in these days: the hold-out began on {day}."
ENDED = "Nothing is measured in these days: the hold-out ended on {day}."
NOT_COME = "Nothing is measured in these days: they have not come yet."
FORGOTTEN = "Nothing is measured in these days: what visitors did before {day} is no longer kept."
NOBODY = "Nothing is measured in these days: nobody was seen in the hold-out. It counts visitors who allow analytics."
DEFINITIONS = {
    "lift": "how much more those with Attune have than those held out, who see the store without it; chance decides "
    "who is who, and whoever was seen since the hold-out began (as far back as the shop keeps what visitors did) "
    "counts, also if they did not come back (intent to treat); what they did is that of the days above",
    "interval": "the lift lies within it with 95 % probability. Both rest on what was counted and on a prior, by which "
    "lifts lie around 0 with a spread of 30 % (in other experiments that of the shop's own ended ones): it draws the "
    "lift towards 0 as long as little was counted",
    "chance to win": "the probability that those with Attune truly have more",
    "revenue per visitor": "net of refunds and edits as of now; the largest amounts are cut at one limit for both",
    "incremental": "what those with Attune spent more than they would have without it, nothing cut and no prior; an "
    "estimate for the visitors of the slice that is compared with the hold-out, not for all of the shop's",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """An experiment, what was counted of it, and what that says."""

    experiment: Experiment
    reading: Reading
    verdict: Verdict

    @property
    def control(self) -> ArmReading:
        return self.reading.arms[0]

    @property
    def treated(self) -> ArmReading:
        return self.reading.arms[1]


@dataclass(frozen=True, slots=True)
class LiftReport:
    hold_out: Measured | None
    missing: str
    """Why there is no hold-out to be shown; empty where there is one."""
    experiments: Sequence[Measured]
    """Those that run, without the hold-out, the newest first."""
    first: date
    last: date
    """The shop's days that the hold-out's figures are about."""


def report_lift(shop: Shop, ports: Ports, *, first: date, last: date) -> LiftReport:
    """The hold-out over the shop's days `first` to `last`, both included, and the running experiments as of now."""
    every, readings = ports.register.all(shop.id), ports.register.latest(shop.id)
    hold_out = next((kept for kept in every if kept.experiment.kind is Kind.HOLD_OUT), None)
    prior = learn(past_lifts(every, readings))
    found, missing = _hold_out(shop, hold_out, ports, first, last, prior)
    running = [kept for kept in every if kept.experiment.is_running and kept is not hold_out]
    if found is not None:
        first, last = _days_of(found.reading, zone_of(ports.roll_ups.timezone(shop.id)))
    newest = [_newest(shop, kept, readings.get(kept.experiment.id), ports, prior) for kept in running]
    return LiftReport(found, missing, newest, first, last)


def _days_of(reading: Reading, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last of the shop's days in a reading."""
    until = reading.until - timedelta(microseconds=1)
    return reading.since.astimezone(zone).date(), until.astimezone(zone).date()


def _hold_out(
    shop: Shop, kept: KeptExperiment | None, ports: Ports, first: date, last: date, prior: Prior
) -> tuple[Measured | None, str]:
    if kept is None or kept.started_at is None:
        return None, NO_HOLD_OUT if kept is None else NOT_STARTED
    zone, now = zone_of(ports.roll_ups.timezone(shop.id)), ports.clock.now()
    since, until = bounds(first, zone)[0], bounds(last, zone)[1]
    if outside := _outside(kept, kept.started_at, since, until, now, ports.roll_ups.oldest(shop.id, now=now), zone):
        return None, outside
    reading = read_experiment(shop.id, kept, ports, since=since, until=until)
    if not any(arm.units for arm in reading.arms):
        return None, NOBODY
    return _measured(kept, reading, now, prior), ""


def _outside(
    kept: KeptExperiment,
    started: datetime,
    since: datetime,
    until: datetime,
    now: datetime,
    oldest: datetime,
    zone: ZoneInfo,
) -> str:
    """Why nothing can be measured from `since` to `until`; empty where something can."""
    if since >= now:
        return NOT_COME
    if started >= until:
        return NOT_YET.format(day=started.astimezone(zone).date())
    if kept.stopped_at is not None and kept.stopped_at <= since:
        return ENDED.format(day=kept.stopped_at.astimezone(zone).date())
    return FORGOTTEN.format(day=oldest.astimezone(zone).date()) if until <= oldest else ""


def _newest(shop: Shop, kept: KeptExperiment, newest: Reading | None, ports: Ports, prior: Prior) -> Measured:
    """The last reading; one is made where there is none yet."""
    reading = newest or read_experiment(shop.id, kept, ports)
    return _measured(kept, reading, ports.clock.now(), prior)


def _measured(kept: KeptExperiment, reading: Reading, now: datetime, prior: Prior) -> Measured:
    return Measured(
        kept.experiment, reading, judge(kept.experiment, reading, now=now, prior=prior_for(kept.experiment, prior))
    )
