"""Whether the figures of an experiment can be trusted before anybody looks at a lift.

The arms' sizes must fit their weights, every arm must have been seen on every day, and hardly anybody may have been in
two arms: what breaks one of these breaks the comparison, whatever the lift says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from app.core.experiments.normal import chi_squared_above
from app.core.experiments.reading import DayOfArm, Excluded
from app.core.experiments.types import ArmKey

SAMPLE_RATIO_ALARM = 0.001
"""Below this the arms' sizes are taken for broken. At one look one sound experiment in a thousand is, too. Looked at
every day, it happens to one in a hundred within four weeks and to one in fifty within a year (by
simulation); such an alarm ends by itself when the sizes fit again."""
LEAST_EXPECTED = 5.0
"""In arms that are expected to be smaller the chi-squared test is not exact enough to block anything."""
SILENT_FROM = 20.0
"""So many units expected on a day and none seen: e^-20 is no chance."""
TWO_ARMS_FROM = 0.01


def sample_ratio(counts: Sequence[int], weights: Sequence[float]) -> float:
    """The chance of sizes at least as far from the weights as these (Pearson's chi-squared); 1 where all are empty.

    Arms of weight 0 are passed over, but counted as degrees of freedom, as gbstats does.
    """
    total, whole = sum(counts), sum(weights)
    if not total or len(counts) < 2:
        return 1.0
    pairs = [(count, weight / whole * total) for count, weight in zip(counts, weights, strict=True) if weight > 0]
    return chi_squared_above(sum((count - due) ** 2 / due for count, due in pairs), len(counts) - 1)


def can_be_checked(counts: Sequence[int], weights: Sequence[float]) -> bool:
    """Whether every arm is expected to be large enough for `sample_ratio` to be exact."""
    return sum(counts) * min(weights) / sum(weights) >= LEAST_EXPECTED


def silent(days: Sequence[DayOfArm], weights: Mapping[ArmKey, int]) -> list[tuple[date, ArmKey]]:
    """The days on which an arm was seen by nobody though many were due, the oldest first."""
    seen: defaultdict[date, dict[ArmKey, int]] = defaultdict(dict)
    for one in days:
        seen[one.day][one.arm] = one.new_exposures
    whole = sum(weights.values())
    return [
        (day, arm)
        for day, arms in sorted(seen.items())
        for arm, weight in weights.items()
        if not arms.get(arm, 0) and sum(arms.values()) * weight / whole >= SILENT_FROM
    ]


def in_two_arms(excluded: Excluded, units: int) -> float:
    """The part of all exposed units that was left out because it had been in two arms."""
    return excluded.two_arms / (units + excluded.two_arms) if excluded.two_arms else 0.0


def whole_days(since: datetime, until: datetime) -> int:
    """Whole days between two moments; the day on which clocks go forward is a whole one with 23 hours."""
    return max((until - since + timedelta(hours=1)) // timedelta(days=1), 0)
