"""Factors of items as a signal: a shopper's taste is folded in from the history at the moment of a request.

No person has a row. How a taste is folded in, and its sources, stand in `app.core.recommend.factors`; factors that were
not learnt by least squares are answered with the mean of those of the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.recommend.factors import Floats, FoldIn, everybodys, shares
from app.core.recommend.histories import History
from app.core.recommend.signals.tables import weights_of
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

    def _liking(self, history: History, factors: Floats) -> Scores:
        lately = history.newest(self.newest)
        if not len(lately):
            return np.zeros(len(factors), dtype=np.float32)
        item, where = np.unique(lately.item, return_inverse=True)
        weights = np.bincount(where, weights_of(lately, self.decay)).astype(np.float32)
        liking: Scores = factors @ self._taste(self.factors[item], weights)
        return np.maximum(liking, np.float32(0.0), out=liking)

    def _taste(self, own: Floats, weights: Floats) -> Floats:
        """The shopper's vector, float32 [F]."""
        if self.fold_in is not None:
            return np.asarray(shares(own, weights, self._inverse, self.fold_in).sum(axis=1))
        return np.asarray(weights @ own / max(float(weights.sum()), 1e-9), dtype=np.float32)
