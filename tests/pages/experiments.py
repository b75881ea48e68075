"""Experiments with readings, as a job would have kept them: sums of visitors who were never there."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta

import numpy as np

from app.adapters.db.experiments import DbExperiments
from app.core.experiments.reading import ArmReading, DayOfArm, Excluded, Preference, Reading
from app.core.experiments.sums import Sums, sums_of
from app.core.experiments.types import ArmKey, Experiment, Metric
from app.core.ids import ShopId

CAP = 30_000


@dataclass(frozen=True, slots=True)
class Crowd:
    """The visitors of one arm: how many, which part of them buys, and what a typical buyer spends in minor units."""

    units: int
    rate: float
    spending: int = 4_000


@dataclass(frozen=True, slots=True)
class Counted:
    """What a reading shall say beside its crowds."""

    days: int = 20
    excluded: Excluded = field(default_factory=Excluded)
    preference: Preference | None = None
    clicked: int | None = None


def keep_reading(
    experiments: DbExperiments,
    shop: ShopId,
    experiment: Experiment,
    now: datetime,
    crowds: list[Crowd],
    counted: Counted | None = None,
) -> None:
    """Keep a reading of so many days up to now in which the arms' crowds came evenly."""
    told = counted or Counted()
    pairs = list(zip(experiment.arms, crowds, strict=True))
    sums = {arm.key: _sums(crowd) for arm, crowd in pairs}
    arms = tuple(_arm(arm.key, crowd, sums[arm.key]) for arm, crowd in pairs)
    days = tuple(
        DayOfArm(
            day=(now - timedelta(days=told.days - number)).date(),
            arm=arm.key,
            units=crowd.units * number // told.days,
            new_exposures=crowd.units // told.days,
            primary=_part(sums[arm.key][experiment.primary], number / told.days),
        )
        for number in range(1, told.days + 1)
        for arm, crowd in pairs
    )
    experiments.keep_reading(
        shop,
        Reading(
            experiment=experiment.id,
            at=now,
            since=now - timedelta(days=told.days),
            until=now,
            currency="USD",
            arms=arms,
            days=days,
            excluded=told.excluded,
            cap=CAP,
            preference=told.preference,
            clicked_revenue={} if told.clicked is None else {experiment.arms[1].key: told.clicked},
        ),
    )


def _part(sums: Sums, share: float) -> Sums:
    """The sums of the first visitors, who were like the others."""
    parts = {one.name: getattr(sums, one.name) * share for one in fields(Sums) if one.name != "is_ratio"}
    whole = {name: int(parts[name]) for name in ("n", "positive")}
    return replace(sums, **{**parts, **whole})


def _arm(key: ArmKey, crowd: Crowd, sums: dict[Metric, Sums]) -> ArmReading:
    return ArmReading(
        arm=key,
        units=crowd.units,
        new_units=crowd.units * 3 // 4,
        orders=sums[Metric.CONVERSION].positive,
        metrics=sums,
        winsorised={metric: sums[metric] for metric in (Metric.REVENUE_PER_VISITOR, Metric.ORDER_VALUE)},
    )


def _sums(crowd: Crowd) -> dict[Metric, Sums]:
    generator = np.random.default_rng(7)
    bought = (np.arange(crowd.units) < round(crowd.units * crowd.rate)).astype(float)
    known = (np.arange(crowd.units) % 4 == 0) * generator.lognormal(7, 0.5, crowd.units)
    spent = bought * np.minimum(crowd.spending * generator.lognormal(0, 0.5, crowd.units) + 0.2 * known, CAP)
    return {
        Metric.CONVERSION: sums_of(bought, covariates=known),
        Metric.REVENUE_PER_VISITOR: sums_of(spent, covariates=known),
        Metric.ORDER_VALUE: sums_of(spent, denominators=bought),
        Metric.CLICK_THROUGH: sums_of(bought * 2, denominators=np.full(crowd.units, 30.0)),
    }
