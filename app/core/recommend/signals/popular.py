"""What everybody wants, whoever asks: one number for each item, counted when the model is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from app.core.recommend.histories import History
from app.core.recommend.signals.types import NOTHING_SAID, Arrays, Said, Scores


@dataclass(frozen=True, slots=True, eq=False)
class PopularSignal:
    """`count` float32 [N], at least 0."""

    name: str
    count: Scores

    @classmethod
    def of(cls, arrays: Arrays, meta: Mapping[str, Any]) -> PopularSignal:
        """The signal that an artefact holds.

        Raises:
            ValueError: there is no count of every item.
        """
        count = arrays.get("count")
        if count is None or count.ndim != 1:
            raise ValueError("a signal of popularity has the array count, a number for each item")
        return cls(str(meta["name"]), count)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"count": self.count}

    def meta(self) -> dict[str, Any]:
        return {"name": self.name}

    @property
    def everywhere(self) -> Scores:
        return self.count

    def said(self, history: History) -> Said:  # noqa: ARG002  Whoever asks gets the same.
        """The count of every item."""
        return Said(NOTHING_SAID.at, NOTHING_SAID.score, 1.0)

    def scores(self, history: History) -> Scores:  # noqa: ARG002  Whoever asks gets the same.
        """The count of every item, float32 [N], as an array of the caller's own."""
        return self.count.copy()
