"""Factors of items as a signal: a shopper's taste is folded in from the history at the moment of a request.

No person has a row. How a taste is folded in, and its sources, stand in `app.core.recommend.factors`; factors that were
not learnt by least squares are answered with the mean of those of the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.recommend.crowd import Crowd
from app.core.recommend.factors import Floats, FoldIn, everybodys, tastes
from app.core.recommend.histories import History
from app.core.recommend.signals.tables import fading, weights_of
from app.core.recommend.signals.types import Arrays, Scores

NO_FACTORS = np.empty((0, 0), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class FactorSignal:
    """The preference that factors predict for every item, given what a history holds.

    Args:
        factors: float32 [N, F].
        fold_in: what the shopper's vector is folded in with; None: it is the weighted mean of the items' vectors.
        decay: what one step back leaves of an item's weight, in [0, 1].
        newest: so many of the newest events are read.
    """

    name: str
    factors: Floats
    fold_in: FoldIn | None
    decay: float = 0.9
    newest: int = 50
    _inverse: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        inverse = NO_FACTORS if self.fold_in is None else everybodys(self.factors, self.fold_in)
        object.__setattr__(self, "_inverse", inverse)

    @classmethod
    def of(cls, arrays: Arrays, meta: Mapping[str, Any]) -> FactorSignal:
        """The signal that an artefact holds.

        Raises:
            ValueError: there are no factors among the arrays.
        """
        factors = arrays.get("factors")
        if factors is None or factors.ndim != 2:
            raise ValueError("a signal of factors has the array factors, a row for each item")
        folded = meta["fold_in"]
        fold_in = None if folded is None else FoldIn(float(folded["regularization"]), float(folded["alpha"]))
        return cls(str(meta["name"]), factors, fold_in, float(meta["decay"]), int(meta["newest"]))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"factors": self.factors}

    def meta(self) -> dict[str, Any]:
        folded = self.fold_in and {"regularization": self.fold_in.regularization, "alpha": self.fold_in.alpha}
        return {"name": self.name, "fold_in": folded, "decay": self.decay, "newest": self.newest}

    def scores(self, history: History) -> Scores:
        """Predicted preferences, float32 [N], 0 where they are not above it; none without a history."""
        return self._liking(history, self.factors)

    def among(self, history: History, at: npt.NDArray[np.intp]) -> Scores:
        """The same for the items at these positions, float32 [C]."""
        return self._liking(history, self.factors[at])

    def among_all(self, crowd: Crowd, at: Sequence[npt.NDArray[np.intp]]) -> Sequence[Scores]:
        """As `among`, for each of a crowd."""
        liking = (self.factors[own] @ taste for own, taste in zip(at, self._tastes(crowd), strict=True))
        return [np.maximum(one, np.float32(0.0)) for one in liking]

    def _tastes(self, crowd: Crowd) -> Floats:
        """The vector of each, float32 [B, F], 0 where nothing is known: equations of one size are solved at once."""
        read, items = crowd.later < self.newest, len(self.factors)
        cell, where = np.unique(crowd.owner[read] * items + crowd.item[read], return_inverse=True)
        owner, item = np.divmod(cell, max(items, 1))
        place = np.arange(len(owner)) - np.searchsorted(owner, owner)
        shape = (len(crowd), int(place.max(initial=-1)) + 1)
        weights = np.zeros(shape, dtype=np.float32)
        weights[owner, place] = np.bincount(where, fading(self.decay).take(crowd.back[read], mode="clip"))
        own = np.zeros((*shape, self.factors.shape[1]), dtype=np.float32)
        own[owner, place] = self.factors[item]
        if self.fold_in is not None:
            return tastes(own, weights, self._inverse, self.fold_in)
        whole = np.maximum(weights.sum(axis=1), np.float32(1e-9))[:, None]
        return np.asarray(np.einsum("bn,bnf->bf", weights, own) / whole, dtype=np.float32)

    def _liking(self, history: History, factors: Floats) -> Scores:
        lately = history.newest(self.newest)
        if not len(lately):
            return np.zeros(len(factors), dtype=np.float32)
        item, where = lately.distinct
        weights = np.bincount(where, weights_of(lately, self.decay)).astype(np.float32)
        liking: Scores = factors @ self._taste(self.factors[item], weights)
        return np.maximum(liking, np.float32(0.0), out=liking)

    def _taste(self, own: Floats, weights: Floats) -> Floats:
        """The shopper's vector, float32 [F]."""
        if self.fold_in is not None:
            return np.asarray(tastes(own[None], weights[None], self._inverse, self.fold_in)[0])
        return np.asarray(weights @ own / max(float(weights.sum()), 1e-9), dtype=np.float32)
