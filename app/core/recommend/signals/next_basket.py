"""The next basket: what the shopper knows already and what is new to the shopper, each with a chance of its own.

The two are different questions (Li et al., "A next basket recommendation reality check", ACM TOIS 41(4), 2023), so
they are learnt and measured apart: `OwnSignal` for the one, `ExploreSignal` for the other. Both give the expected
number of an item in the next visit, so the union needs one number only, how much what is new counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import History
from app.core.recommend.signals.intervals import Floats
from app.core.recommend.signals.own import OwnSignal
from app.core.recommend.signals.types import NOTHING_SAID, Arrays, Said, Scores

NEWEST = 50
"""So many of a shopper's last events say what is new and suits them."""


@dataclass(frozen=True, slots=True, eq=False)
class ExploreSignal:
    """What people who know the shopper's items took up next for the first time, mixed with what is being taken up.

    `following` int32 [N, K] and `weight` float32 [N, K] (0 = none): from an item to those that came into later
    baskets of the same people for the first time. `trend` float32 [N]: what is taken up lately, its sum is 1, or 0
    where nothing is known. `trend_weight` is its share of a score.
    """

    following: npt.NDArray[np.int32]
    weight: Floats
    trend: Floats
    trend_weight: float
    name: ClassVar[str] = "explore"

    def __post_init__(self) -> None:
        items = len(self.trend)
        if self.following.shape != self.weight.shape or self.following.ndim != 2 or len(self.following) != items:
            raise ValueError("explore: the arrays do not fit together")
        if self.following.dtype != np.int32 or self.weight.dtype != np.float32 or self.trend.dtype != np.float32:
            raise ValueError("explore: following is int32, weight and trend are float32")
        if self.following.size and not 0 <= int(self.following.min()) <= int(self.following.max()) < items:
            raise ValueError("explore: following points outside of the catalogue")
        if not all(np.isfinite(one).all() and (one >= 0).all() for one in (self.weight, self.trend)):
            raise ValueError("explore: weights and trend are finite and never negative")
        if not 0.0 <= self.trend_weight <= 1.0:
            raise ValueError(f"explore: the trend's share is from 0 to 1, not {self.trend_weight}")

    def scores(self, history: History) -> Scores:
        """The share of every item among what the shopper takes up next, float32 [N]; their sum is at most 1."""
        return self.said(history).dense(self.trend, len(self.trend))

    @property
    def everywhere(self) -> Floats:
        return self.trend

    def said(self, history: History) -> Said:
        """The rows of the known items, scaled to their share, and the trend with its own."""
        known, _ = history.newest(NEWEST).distinct
        following, weight = self.following[known].ravel(), self.weight[known].ravel()
        total = float(weight.sum())
        if total <= 0.0:
            return Said(NOTHING_SAID.at, NOTHING_SAID.score, 1.0)
        return Said(following, weight * np.float32((1.0 - self.trend_weight) / total), self.trend_weight)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"following": self.following, "weight": self.weight, "trend": self.trend}

    def meta(self) -> dict[str, Any]:
        return {"trend_weight": self.trend_weight}

    @classmethod
    def of(cls, arrays: Arrays, meta: Mapping[str, Any]) -> ExploreSignal:
        """What `arrays` and `meta` gave.

        Raises:
            ValueError: something is missing or does not fit together.
        """
        try:
            following, weight, trend = (np.asarray(arrays[name]) for name in ("following", "weight", "trend"))
            return cls(following, weight, trend, float(meta["trend_weight"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"explore: the artefact lacks {error}") from error


@dataclass(frozen=True, slots=True, eq=False)
class NextBasketSignal:
    """The union: known items by their own chance, all others by `explore` times what is new to a shopper in a visit."""

    own: OwnSignal
    explore: ExploreSignal
    new_each: float
    name: ClassVar[str] = "next_basket"

    def __post_init__(self) -> None:
        if len(self.own.lift) != len(self.explore.trend):
            raise ValueError("next basket: its two parts are over different catalogues")
        if not (np.isfinite(self.new_each) and self.new_each >= 0):
            raise ValueError(f"next basket: what is new is counted from 0, not {self.new_each}")

    def scores(self, history: History) -> Scores:
        """How much of every item is expected in the next visit, float32 [N]."""
        scores = self.explore.scores(history)
        scores *= np.float32(self.new_each)
        item, chance = self.own.known(history)
        scores[item] = chance
        return scores

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {**self.own.arrays(), **self.explore.arrays()}

    def meta(self) -> dict[str, Any]:
        return {**self.own.meta(), **self.explore.meta(), "new_each": self.new_each}

    @classmethod
    def of(cls, arrays: Arrays, meta: Mapping[str, Any]) -> NextBasketSignal:
        """What `arrays` and `meta` gave.

        Raises:
            ValueError: something is missing or does not fit together.
        """
        try:
            new_each = float(meta["new_each"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"next basket: the artefact lacks {error}") from error
        return cls(OwnSignal.of(arrays, meta), ExploreSignal.of(arrays, meta), new_each)
