"""How soon each product is bought again: what a whole shop's repeat purchases tell, as arrays over the items.

An interval is the time between two purchases of one product by one person. Its logarithm is taken to be normal around
the person's own mean, and people's means normal around the item's, so that one person's few intervals and the item's
many weigh as much as they tell (empirical Bayes). `models/replenishment.py` learns this; who bought what is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import Days, History
from app.core.recommend.signals.types import Arrays

Floats = npt.NDArray[np.float32]


class Clock(StrEnum):
    """What intervals are counted in: days, or visits to the shop where days are not known."""

    DAYS = "days"
    STEPS = "steps"

    def ago(self, history: History) -> Days:
        """How long ago every event of a history was, float32 [n]; NaN where the history cannot tell."""
        if self is Clock.STEPS:
            return history.back.astype(np.float32)
        return history.age if history.age is not None else np.full(len(history), np.nan, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Every array is float32 [N].

    `log_interval`: the mean logarithm of an item's intervals, in units of the clock, shrunk to its kind's and the
    shop's. `spread`: the standard deviation of one more interval's logarithm around that mean, above 0. `again`: the
    share of an item's purchases after which the same person comes back for it, from 0 (nobody ever did) to below 1.
    `evidence`: how many intervals were seen of the item.

    `weight` is how many of a shopper's own intervals the item's mean counts for, and `again_weight` the same for
    coming back; `own_spread` is the standard deviation of one person's log intervals around that person's mean.
    """

    log_interval: Floats
    spread: Floats
    again: Floats
    evidence: Floats
    weight: float
    again_weight: float
    own_spread: float
    clock: Clock = Clock.DAYS

    def __post_init__(self) -> None:
        arrays = (self.log_interval, self.spread, self.again, self.evidence)
        if len({one.shape for one in arrays}) != 1 or self.spread.ndim != 1:
            raise ValueError("intervals: the arrays differ in length")
        if any(one.dtype != np.float32 or not np.isfinite(one).all() for one in arrays):
            raise ValueError("intervals: every array holds finite float32 values")
        if (self.spread <= 0).any() or (self.again < 0).any() or (self.again >= 1).any() or (self.evidence < 0).any():
            raise ValueError("intervals: spreads are above 0, chances from 0 to below 1, evidence is never negative")
        if not all(np.isfinite(one) and one > 0 for one in (self.weight, self.again_weight, self.own_spread)):
            raise ValueError("intervals: weights and the own spread are finite and above 0")

    def __len__(self) -> int:
        return len(self.log_interval)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {
            "log_interval": self.log_interval,
            "spread": self.spread,
            "again": self.again,
            "evidence": self.evidence,
        }

    def meta(self) -> dict[str, Any]:
        return {
            "weight": self.weight,
            "again_weight": self.again_weight,
            "own_spread": self.own_spread,
            "clock": self.clock.value,
        }

    @classmethod
    def of(cls, arrays: Arrays, meta: Mapping[str, Any]) -> Intervals:
        """What `arrays` and `meta` gave.

        Raises:
            ValueError: something is missing or does not fit together.
        """
        try:
            return cls(
                np.asarray(arrays["log_interval"]),
                np.asarray(arrays["spread"]),
                np.asarray(arrays["again"]),
                np.asarray(arrays["evidence"]),
                weight=float(meta["weight"]),
                again_weight=float(meta["again_weight"]),
                own_spread=float(meta["own_spread"]),
                clock=Clock(meta["clock"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"intervals: the artefact lacks {error}") from error
