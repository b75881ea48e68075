"""A model that everybody gets, against the days before it: what can be said without anybody to compare with.

Days differ for many reasons, so this is no experiment: clicks must fall further than days differ among themselves, and
more than a little, before a model goes back. Failing rails are judged at once, because nothing but us makes them fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev
from typing import Any, Final

from app.core.experiments.beta import cdf
from app.core.recommend.canary import TOLERATED, TROUBLE_LIMIT, Ruling, Trial, Verdict

DAYS_AFTER: Final = 3
"""So many days a model is compared with the days before it."""
DAYS_BEFORE: Final = 14
LEAST_DAYS: Final = 7
"""Of days before, to know how much days differ."""
LEAST_CARDS: Final = 500
"""Cards in view on a day of which anything is said."""
LEAST_ANSWERS: Final = 200
ALPHA: Final = 0.01
"""The chance that a model goes back although its days are like those before, over all of `DAYS_AFTER`."""


@dataclass(frozen=True, slots=True)
class Day:
    """24 hours, counted from the moment at which everybody got the model: 0 is the first day after it, -1 the one
    before."""

    number: int
    cards: int
    """In view, of rails of ours."""
    clicks: int
    answers: int
    troubled: int
    """See `app.core.recommend.canary.Served`."""

    @property
    def rate(self) -> float:
        return self.clicks / self.cards if self.cards else 0.0

    @property
    def trouble(self) -> float:
        return self.troubled / self.answers if self.answers else 0.0


def judge_days(trial: Trial, days: Sequence[Day], elapsed: float) -> Verdict:
    """Whether a model that everybody gets stays.

    Args:
        days: those before and after, in any order; days on which nothing happened may be missing.
        elapsed: days since everybody gets it.
    """
    before = [day for day in days if -DAYS_BEFORE <= day.number < 0]
    after = [day for day in days if 0 <= day.number < DAYS_AFTER]
    over = [day for day in after if day.number + 1 <= elapsed]
    figures = _figures(before, after)
    if trial.incumbent is not None and (reason := _fails(before, after) or _clicked_less(before, over)):
        return Verdict(Ruling.TAKE_BACK, reason, figures)
    if elapsed >= DAYS_AFTER:
        return Verdict(Ruling.PASS, f"{DAYS_AFTER} days with everybody, and nothing spoke against it.", figures)
    return Verdict(Ruling.WAIT, "Nothing speaks against it so far.", figures)


def chance_of(value: float, earlier: Sequence[float]) -> float:
    """The chance of a value as low as this one, or lower, if it is one more of those earlier ones.

    Student's prediction interval for one further observation of a normal sample: t = (x − mean) / (s √(1 + 1/n)) with
    n − 1 degrees of freedom.

    Args:
        earlier: at least two values. Where they are all alike every lower value is impossible.
    """
    spread, n = stdev(earlier), len(earlier)
    distance = value - fmean(earlier)
    if spread == 0.0:
        return 0.0 if distance < 0 else 1.0
    t = distance / (spread * sqrt(1 + 1 / n))
    # The t distribution's tail by the Beta distribution: Abramowitz and Stegun 26.7.1.
    tail = cdf((n - 1) / (n - 1 + t * t), (n - 1) / 2, 0.5) / 2
    return tail if t < 0 else 1.0 - tail


def _fails(before: Sequence[Day], after: Sequence[Day]) -> str:
    """Failures don't wait for a day to be over."""
    answers, troubled = sum(day.answers for day in after), sum(day.troubled for day in after)
    counted = [day.trouble for day in before if day.answers >= LEAST_ANSWERS]
    if answers < LEAST_ANSWERS or not counted:
        return ""
    share, worst = troubled / answers, max(counted)
    if share <= worst + TROUBLE_LIMIT:
        return ""
    return (
        f"{share:.1%} of its answers were empty or had a source that failed; on the worst of the days before it were "
        f"{worst:.1%}, and the limit is one point more."
    )


def _clicked_less(before: Sequence[Day], over: Sequence[Day]) -> str:
    rates = [day.rate for day in before if day.cards >= LEAST_CARDS]
    if len(rates) < LEAST_DAYS:
        return ""
    usual = fmean(rates)
    for day in over:
        fell = day.rate < (1 - TOLERATED) * usual
        if day.cards >= LEAST_CARDS and fell and chance_of(day.rate, rates) < ALPHA / DAYS_AFTER:
            return (
                f"{day.rate:.2%} of cards in view were clicked on day {day.number + 1}, {usual:.2%} on the "
                f"{len(rates)} days before: further down than days differ."
            )
    return ""


def _figures(before: Sequence[Day], after: Sequence[Day]) -> dict[str, Any]:
    return {"before": _summed(before), "after": _summed(after)}


def _summed(days: Sequence[Day]) -> dict[str, int]:
    return {name: sum(getattr(day, name) for day in days) for name in ("cards", "clicks", "answers", "troubled")} | {
        "days": len(days)
    }
