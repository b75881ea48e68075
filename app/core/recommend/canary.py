"""A new model's trial: a few visitors get it first, and it goes back when they click less or their rails fail.

Pure: who is a canary, what was counted of both models, and what follows. Looking often does no harm, because every
decision about a canary rests on always-valid statistics; docs/models.md says what is stated here to merchants.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import exp, lgamma, log
from typing import Any, Final

from app.core.experiments.assign import Plan, slot
from app.core.experiments.beta import cdf
from app.core.experiments.judgement import LEAST_POSITIVE
from app.core.experiments.lift import Unreadable, estimate
from app.core.experiments.sequence import sequence
from app.core.experiments.sums import NOTHING, Sums
from app.core.experiments.types import SLOTS, Unit
from app.core.ids import ModelVersion

SHARE: Final = 0.10
"""The part of visitors who get a new model first, unless the settings say otherwise."""
HOURS: Final = 20.0
"""How long, unless the settings say otherwise: over before the next night's training."""
LEAST_SERVED: Final = 0.25
"""A canary that a newer training finds at work passes if it has served this part of its time; else it is replaced."""
ALPHA_CLICKS: Final = 0.03
ALPHA_FEW_CLICKS: Final = 0.01
ALPHA_TROUBLE: Final = 0.01
"""Together 5 %: the chance that a canary as good as the model in use is ever taken back."""
TROUBLE_LIMIT: Final = 0.01
"""So many more of its answers may be empty, or have a source that failed, before a model goes back."""
TOLERATED: Final = 0.10
"""A canary is used by all before its time is up once a loss of more than this part of the clicks is excluded."""


class Stage(StrEnum):
    """Where a version stands in its life with shoppers."""

    CANARY = "canary"
    """Some visitors get it."""
    LIVE = "live"
    """Everybody does, and it is compared with the days before."""
    KEPT = "kept"
    """Nothing spoke against it."""
    TAKEN_BACK = "taken_back"
    """It did worse, as a canary or later; the model before serves."""
    REPLACED = "replaced"
    """A newer version came, or a person went back, before anything was decided."""


@dataclass(frozen=True, slots=True)
class Canary:
    """A version that a share of visitors gets instead of the one in use."""

    version: ModelVersion
    share: float

    def takes(self, unit: Unit) -> bool:
        """Whether this unit gets it; the same answer at every request, and independent of all experiments."""
        return slot(f"canary:{self.version}", unit) < round(self.share * SLOTS)


def compares_models(plan: Plan) -> bool:
    """Whether one of the visitor's experiments is about versions: then the canary must not be mixed into it."""
    return any(one.experiment.compares_models for one in plan.assigned)


@dataclass(frozen=True, slots=True)
class Trial:
    """How a version is doing since shoppers get it."""

    version: ModelVersion
    incumbent: ModelVersion | None
    """What was in use when it began; None for a shop's first model."""
    stage: Stage
    share: float
    """Of visitors, while it is a canary."""
    hours: float
    """How long a canary is watched at most."""
    started_at: datetime
    live_at: datetime | None = None
    """Since when everybody gets it."""
    ended_at: datetime | None = None
    reason: str = ""
    """Why it stands where it stands, in a sentence."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """What was counted last (`Verdict.figures`)."""
    read_at: datetime | None = None

    def served_part(self, now: datetime) -> float:
        """The part of its time as a canary that is over; 1 or more when all is."""
        return (now - self.started_at) / timedelta(hours=self.hours)


@dataclass(frozen=True, slots=True)
class Served:
    """What was counted of one version: the visitors who were drawn for it, as sums without names."""

    clicks: Sums = NOTHING
    """A ratio over units: clicks on cards (x) to cards in view (d); `positive` are the units that clicked."""
    units: int = 0
    """Visitors who got an answer of it."""
    answers: int = 0
    troubled: int = 0
    """Answers without items, or in which a source of the cascade failed."""
    troubled_units: int = 0
    """Visitors who got such an answer."""

    @property
    def trouble(self) -> float:
        return self.troubled / self.answers if self.answers else 0.0


class Ruling(StrEnum):
    WAIT = "wait"
    PASS = "pass"  # noqa: S105  (a ruling, not a password)
    TAKE_BACK = "take_back"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from a look at a trial."""

    ruling: Ruling
    reason: str
    figures: Mapping[str, Any] = field(default_factory=dict)


def judge_canary(trial: Trial, canary: Served, incumbent: Served, now: datetime, *, closing: bool = False) -> Verdict:
    """Whether a canary goes on, is used by all, or goes back; may be asked as often as one likes.

    Args:
        closing: a newer version is about to be trained: decide now, as far as it has served long enough.
    """
    bounds = lift_bounds(canary.clicks, incumbent.clicks)
    figures = _figures(canary, incumbent, bounds)
    if (reason := _too_much_trouble(trial.share, canary, incumbent)) or (
        reason := _too_few_clicks(trial.share, canary, incumbent, bounds)
    ):
        return Verdict(Ruling.TAKE_BACK, reason, figures)
    if bounds is not None and bounds[0] > -TOLERATED:
        return Verdict(Ruling.PASS, f"A loss of more than {TOLERATED:.0%} of clicks is excluded.", figures)
    if trial.served_part(now) >= (LEAST_SERVED if closing else 1.0):
        return Verdict(Ruling.PASS, "Its time as a canary is over, and nothing spoke against it.", figures)
    return Verdict(Ruling.WAIT, "Nothing speaks against it so far.", figures)


def lift_bounds(canary: Sums, incumbent: Sums) -> tuple[float, float] | None:
    """The always-valid interval of the canary's clicks per card in view, relative to the incumbent's.

    None while fewer than `LEAST_POSITIVE` visitors of either have clicked: estimates are not normal then.
    """
    if min(canary.positive, incumbent.positive) < LEAST_POSITIVE:
        return None
    try:
        return sequence(estimate(incumbent, canary), alpha=ALPHA_CLICKS)
    except Unreadable:
        return None


def evidence(hits: int, cases: int, share: float, *, fewer: bool) -> float:
    """How strongly it speaks against a fair split that `hits` of `cases` were canaries, as an e-value.

    Visitors are drawn for the canary with the chance `share`, whatever they do. So if the model makes no difference,
    each visitor who clicks (or meets a failure) is a canary with that chance, independently of the others, and this
    mixture likelihood ratio is a martingale: the chance that it ever reaches 1/α is at most α (Ville's inequality;
    Robbins, "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical Statistics 41,
    1970). Exact for any number of cases, which the interval of a ratio is not.

    Args:
        fewer: look for fewer canaries than there should be, or else for more.
    """
    misses = cases - hits
    weight = cdf(share, hits + 1, misses + 1)
    weight, width = (weight, share) if fewer else (1.0 - weight, 1.0 - share)
    if weight <= 0.0:
        return 0.0
    whole = lgamma(hits + 1) + lgamma(misses + 1) - lgamma(cases + 2)
    ratio = whole + log(weight) - log(width) - hits * log(share) - misses * log(1.0 - share)
    return exp(min(ratio, 700.0))


def _too_much_trouble(share: float, canary: Served, incumbent: Served) -> str:
    excess = canary.trouble - incumbent.trouble
    both = canary.troubled_units + incumbent.troubled_units
    if excess <= TROUBLE_LIMIT or evidence(canary.troubled_units, both, share, fewer=False) < 1 / ALPHA_TROUBLE:
        return ""
    return (
        f"{canary.trouble:.1%} of its answers were empty or had a source that failed, against {incumbent.trouble:.1%} "
        f"of the model in use; the limit is one point more."
    )


def _too_few_clicks(share: float, canary: Served, incumbent: Served, bounds: tuple[float, float] | None) -> str:
    if bounds is not None and bounds[1] < 0:
        return (
            f"Its cards are clicked less: between {-bounds[1]:.1%} and {-bounds[0]:.1%} fewer clicks per card in view "
            f"than the model in use."
        )
    clicked = canary.clicks.positive, canary.clicks.positive + incumbent.clicks.positive
    if evidence(*clicked, share, fewer=True) < 1 / ALPHA_FEW_CLICKS:
        return ""
    return (
        f"Too few of its visitors click: {clicked[0]} of {clicked[1]} who did, where about {share * clicked[1]:.0f} "
        f"were to be expected."
    )


def _figures(canary: Served, incumbent: Served, bounds: tuple[float, float] | None) -> dict[str, Any]:
    found: dict[str, Any] = {"canary": _counts(canary), "incumbent": _counts(incumbent)}
    return found if bounds is None else {**found, "lift": {"low": bounds[0], "high": _finite(bounds[1])}}


def _counts(served: Served) -> dict[str, Any]:
    return {
        "visitors": served.units,
        "cards": int(served.clicks.d),
        "clicks": int(served.clicks.x),
        "answers": served.answers,
        "troubled": served.troubled,
    }


def _finite(bound: float) -> float | None:
    """JSON knows no infinity."""
    return bound if bound < 1e9 else None
