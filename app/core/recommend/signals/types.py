"""What every signal is: arrays over the items of a catalogue, and one score for every item given a history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from app.core.recommend.crowd import Crowd
from app.core.recommend.histories import History

Scores = npt.NDArray[np.float32]
Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a signal says of the few items that it speaks for; most signals say nothing of all others.

    `at`: positions in the catalogue [k], whole numbers, which may repeat; `score` float32 [k]: what adds up for each of
    them, at least 0. `level`: what every item has beside, as a multiple of the signal's own scores `everywhere`.
    """

    at: npt.NDArray[np.integer]
    score: Scores
    level: float = 0.0

    def dense(self, everywhere: Scores | None, items: int) -> Scores:
        """The same as one score for every item, float32 [N]."""
        scores = np.bincount(self.at, self.score, minlength=items).astype(np.float32)
        if everywhere is not None and self.level:
            scores += np.float32(self.level) * everywhere
        return scores


NOTHING_SAID = Said(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.float32))


class Signal(Protocol):
    """One voice among those that a blend listens to.

    Implementations are frozen dataclasses with `name` as a class variable and a class method `of(arrays, meta)` that
    raises ValueError for arrays that do not fit together.
    """

    @property
    def name(self) -> str:
        """A plain lower-case word, unique within a blend: the name of a feature of the ranker."""
        ...

    def scores(self, history: History) -> Scores:
        """How much the history speaks for every item, float32 [N], at least 0; 0 where it says nothing of an item.

        The history may be empty, may hold items that the signal knows nothing of, and items more than once. What the
        shopper knows already is scored like everything else: masks are the ranking's business.
        """
        ...

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What an artefact holds of it; names are plain lower-case words without digits."""
        ...

    def meta(self) -> dict[str, Any]:
        """What an artefact says of it beside its arrays, as JSON; `of` reads both."""
        ...


class SparseSignal(Signal, Protocol):
    """A signal that speaks for a few items at a time, which costs a request much less than a score for every item."""

    @property
    def everywhere(self) -> Scores | None:
        """What every item has beside, float32 [N], whoever asks; None for nothing."""
        ...

    def said(self, history: History) -> Said:
        """What makes up `scores`."""
        ...


class LateSignal(Signal, Protocol):
    """A signal that is cheap for a few items and dear for all: a product with a vector for each of them, say."""

    def among(self, history: History, at: npt.NDArray[np.intp]) -> Scores:
        """How much the history speaks for the items at these positions, float32 [C], at least 0.

        Comparable among themselves; only `scores` compares with what is said on other occasions.
        """
        ...

    def among_all(self, crowd: Crowd, at: Sequence[npt.NDArray[np.intp]]) -> Sequence[Scores]:
        """The same for each of a crowd, with positions of its own."""
        ...
