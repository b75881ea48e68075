"""Off-policy evaluation: what another policy would have earned, from a log that says how likely each choice was.

A log of a policy that sometimes chose at random holds, now and then, what another policy would have chosen; weighting
those moments by how rare they were gives that policy's value without showing it to anybody. Three estimators stand
beside each other, each with an interval, and warnings say when the log knows too little. `replay` applies them to
rails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from app.core.errors import DomainError
from app.core.experiments.influence import Estimate, Floats, Groups, Value

CLIP: Final = 1000.0
"""No weight counts more than this. Exploring one place in forty among 24 candidates still makes smaller ones."""
LEAST_EFFECTIVE: Final = 100.0
"""With a smaller effective sample the estimate hangs on a handful of moments and its interval can't be trusted."""
LEAST_REWARDED: Final = 5.0
"""As many of the effective sample must be rewarded: rare clicks of great weight may simply not have happened yet."""
LEAST_COVERED: Final = 0.95
"""Where the log covers less of what the target would do, that is said."""
LEAST_POSSIBLE: Final = 0.75
"""Where a smaller part of the rows could be compared, that is said: with half of them the interval of DR held the truth
in 85 to 93 of 100 simulated logs, from three quarters on in 93 to 97."""

Bools = npt.NDArray[np.bool_]


class BadLog(DomainError):
    """The log can't be evaluated; the message says what is wrong with it."""


class NoOverlap(DomainError):
    """The log holds nothing that the target would have done."""


class Warn(StrEnum):
    """Why an estimate should not be relied on; `WORDS` says it."""

    FEW_EFFECTIVE = "few_effective"
    FEW_REWARDED = "few_rewarded"
    NO_SUPPORT = "no_support"
    CLIPPED = "clipped"
    MODELLED = "modelled"


WORDS: Final[Mapping[Warn, str]] = {
    Warn.FEW_EFFECTIVE: f"the log holds less than {LEAST_EFFECTIVE:.0f} moments' worth of what would have been done "
    "instead, so that a few of them decide",
    Warn.FEW_REWARDED: "too few of those moments ended in a success: where none has happened yet, the estimate and "
    "its interval are too low",
    Warn.NO_SUPPORT: "it seems that part of what would have been done was never tried, and nothing is known of that",
    Warn.CLIPPED: "some moments were so rare that their weight was cut, which pulls the estimate towards nothing",
    Warn.MODELLED: "in many places what would have been shown stood further up already; a model of clicks speaks for "
    "them (IPS and SNIPS leave them out), and how wrong it may be is not in the interval",
}


@dataclass(frozen=True, slots=True)
class Clipping:
    level: float
    rows: int
    """Whose weight was above the level."""
    removed: float
    """The part of all weight that was cut off."""
    unclipped: float
    """What IPS says with all weights as they are."""


@dataclass(frozen=True, slots=True)
class Estimates:
    """The target's mean reward a row, by three estimators."""

    rows: int
    possible: float
    """The part of the rows in which the log could have done what the target would do."""
    logged: Estimate
    """What the policy that wrote the log earned."""
    ips: Estimate
    snips: Estimate
    dr: Estimate | None
    """None where no predictions were given."""
    gain: Estimate
    """How much more than what was logged: of `dr`, or of `snips` where there is none."""
    effective_sample_size: float
    rewarded: float
    """How many of the effective sample are expected to be rewarded."""
    covered: Estimate
    """The mean weight of the possible rows: 1, within chance, where the log tries all that the target would do."""
    clipping: Clipping

    @property
    def best(self) -> Estimate:
        """DR where there is one, else SNIPS."""
        return self.dr or self.snips

    @property
    def warnings(self) -> tuple[Warn, ...]:
        found = {
            Warn.FEW_EFFECTIVE: self.effective_sample_size < LEAST_EFFECTIVE,
            Warn.FEW_REWARDED: self.rewarded < LEAST_REWARDED,
            Warn.NO_SUPPORT: self.covered.high < 1.0 and self.covered.value < LEAST_COVERED,
            Warn.CLIPPED: self.clipping.rows > 0,
            Warn.MODELLED: self.possible < LEAST_POSSIBLE,
        }
        return tuple(warning for warning, holds in found.items() if holds)


def estimate(
    rewards: npt.ArrayLike,
    logged: npt.ArrayLike,
    target: npt.ArrayLike,
    predicted: npt.ArrayLike | None = None,
    expected: npt.ArrayLike | None = None,
    *,
    groups: npt.ArrayLike | None = None,
    possible: npt.ArrayLike | None = None,
    idle: npt.ArrayLike | None = None,
    clip: float = CLIP,
) -> Estimates:
    """The mean reward that the target policy would have had on the logged rows.

    With w = target / logged, never above `clip`:

    * IPS is the mean of w r: Horvitz and Thompson, "A generalization of sampling without replacement from a finite
      universe", JASA 47, 1952; for logged policies Bottou et al., "Counterfactual reasoning and learning systems", JMLR
      14, 2013, who clip as well.
    * SNIPS is Σ w r / Σ w: Swaminathan and Joachims, "The self-normalized estimator for counterfactual learning", NIPS
      2015.
    * DR is the mean of e + w (r - p): Dudík, Langford and Li, "Doubly robust policy evaluation and learning", ICML
      2011. Where the log could not have done what the target would do, the model's word stands alone, as in Wang,
      Agarwal and Dudík, "Optimal and adaptive off-policy evaluation in contextual bandits", ICML 2017.

    Intervals come from the influence functions, summed over each group; the normal quantiles are corrected for skew,
    because few rows carry most of the weight (Hall, "On the removal of skewness by transformation", JRSS B 54, 1992).
    The effective sample is (Σ w)² / Σ w² (Kish, "Survey Sampling", 1965).

    Args:
        rewards: shape (n,), what followed.
        logged: shape (n,), the chance with which the log's policy did what it did, above 0.
        target: shape (n,), the chance with which the target would have done the same.
        predicted: shape (n,), a model's guess of the reward of what was done; learnt elsewhere, or from other groups.
        expected: shape (n,), its guess of the mean reward of what the target would do. Both or neither.
        groups: shape (n,), which rows belong together (a visitor's); each row for itself where it is not given.
        possible: shape (n,), False where the log could not have done what the target would do. IPS and SNIPS leave
            those rows out.
        idle: shape (n,), True where the target would do nothing and so, for certain, earn nothing; its chance is 0
            there, and so is what is expected.

    Raises:
        BadLog: no rows, shapes that differ, values that are not finite, chances out of their range, or one group only.
        NoOverlap: no row did anything that the target would have done.
    """
    rows = _rows(rewards, logged, target, predicted, expected, groups, (possible, idle))
    if not clip > 0.0:
        raise BadLog("weights can be cut at a level above 0 only")
    raw = np.where(rows.possible, rows.target / rows.logged, 0.0)
    weights = np.minimum(raw, clip)
    if not weights.any():
        raise NoOverlap("nothing in the log is what would have been done instead")
    mean = Value.mean(rows.rewards)
    ips = Value.mean_of_some(weights * rows.rewards, rows.possible)
    # Where nothing would have been done the weight is known, which is 1, and so is the reward.
    snips = Value.ratio(np.where(rows.idle, 0.0, rows.rewards), np.where(rows.idle, 1.0, weights))
    dr = None
    if rows.predicted is not None and rows.expected is not None:
        dr = Value.mean(rows.expected + weights * (rows.rewards - rows.predicted))
    # What never was negative is taken to be never negative: clicks, and revenue net of refunds.
    least = 0.0 if rows.rewards.min() >= 0.0 else -np.inf
    effective = float(weights.sum() ** 2 / (weights @ weights))
    return Estimates(
        rows=len(rows.rewards),
        possible=float(rows.possible.mean()),
        logged=mean.estimate(rows.groups, least=least),
        ips=ips.estimate(rows.groups, least=least),
        snips=snips.estimate(rows.groups, least=least),
        dr=dr.estimate(rows.groups, least=least) if dr else None,
        gain=((dr or snips) - mean).estimate(rows.groups),
        effective_sample_size=effective,
        rewarded=effective * float(weights[rows.rewards != 0].sum() / weights.sum()),
        covered=Value.mean_of_some(np.where(rows.idle, 1.0, raw), rows.possible).estimate(rows.groups, least=0.0),
        clipping=Clipping(
            level=clip,
            rows=int((raw > clip).sum()),
            removed=1.0 - float(weights.sum() / raw.sum()),
            unclipped=float((raw * rows.rewards)[rows.possible].mean()),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    rewards: Floats
    logged: Floats
    target: Floats
    predicted: Floats | None
    expected: Floats | None
    groups: Groups
    possible: Bools
    idle: Bools


def _rows(
    rewards: npt.ArrayLike,
    logged: npt.ArrayLike,
    target: npt.ArrayLike,
    predicted: npt.ArrayLike | None,
    expected: npt.ArrayLike | None,
    groups: npt.ArrayLike | None,
    marks: tuple[npt.ArrayLike | None, npt.ArrayLike | None],
) -> _Rows:
    given = {"rewards": rewards, "logged chances": logged, "target chances": target}
    if (predicted is None) != (expected is None):
        raise BadLog("predictions of what was done and of what would have been done come together")
    if predicted is not None and expected is not None:
        given |= {"predictions": predicted, "expectations": expected}
    columns = {name: np.asarray(values, dtype=np.float64) for name, values in given.items()}
    reward, log, aim = list(columns.values())[:3]
    if not reward.size:
        raise BadLog("the log is empty")
    own = np.arange(reward.size) if groups is None else np.asarray(groups)
    able, idle = (
        np.full(reward.shape, unmarked) if marked is None else np.asarray(marked, dtype=np.bool_)
        for marked, unmarked in zip(marks, (True, False), strict=True)
    )
    _check_columns({**columns, "groups": own, "possible": able, "idle": idle})
    if log.min() <= 0.0 or log.max() > 1.0:
        raise BadLog("what was done had a chance above 0 and at most 1; the log says otherwise")
    if aim.min() < 0.0 or aim.max() > 1.0:
        raise BadLog("the target's chances must be from 0 to 1")
    if aim[idle].any():
        raise BadLog("where the target does nothing it has no chance to do what was done")
    found = Groups.of(own)
    if found.number < 2:
        raise BadLog("an interval needs a log of two visitors at least")
    return _Rows(reward, log, aim, columns.get("predictions"), columns.get("expectations"), found, able, idle)


def _check_columns(columns: Mapping[str, npt.NDArray[Any]]) -> None:
    shape = columns["rewards"].shape
    for name, values in columns.items():
        if values.ndim != 1 or values.shape != shape:
            raise BadLog(f"{name} and rewards must be vectors of one length, not {values.shape} and {shape}")
        if values.dtype == np.float64 and not np.isfinite(values).all():
            raise BadLog(f"{name} hold something that is no number")
