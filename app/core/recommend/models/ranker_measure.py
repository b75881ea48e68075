"""How good one order of many questions' candidates is: what the ranker is grown by and what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

CUT = 10
"""Where NDCG is cut off."""
LEVELS = 256
"""Of relevance at most: a level is sorted as the last byte of a key."""
LAST, BYTE = np.uint64(LEVELS - 1), np.uint64(8)
Whole = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """NDCG@10 or the mean reciprocal rank of one order of all questions, ties against it; 0 without a question.

    NDCG as in Järvelin and Kekäläinen, ACM TOIS 20(4), 2002, with gains 2 ** relevance - 1; a question without a
    relevant row counts for neither.
    """

    name: str
    question: npt.NDArray[np.uint64]
    relevance: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.intp]
    ideal: npt.NDArray[np.float64]

    @classmethod
    def of(cls, relevance: Whole, groups: Whole) -> Measure:
        """For rows of these levels of relevance, below 256 [R], so many for each question [Q]."""
        groups = groups[groups > 0]
        question = np.repeat(np.arange(len(groups), dtype=np.uint64), groups)
        starts = (np.cumsum(groups) - groups).astype(np.intp)
        levels = relevance.astype(np.uint64)
        found = np.add.reduceat(levels > 0, starts, dtype=np.intp) if len(starts) else np.empty(0, dtype=np.intp)
        best = np.sort((question << BYTE) | (LAST - levels))
        ideal = _gained(LAST - (best & LAST), starts)
        return cls("mrr" if found.max(initial=0) <= 1 else f"ndcg@{CUT}", question, levels, starts, ideal)

    def __call__(self, scores: npt.NDArray[np.floating[Any]]) -> float:
        """The mean over the questions, for one score for each row."""
        found = self.each(scores)
        return float(np.mean(found)) if len(found) else 0.0

    def each(self, scores: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
        """Of every question with a relevant row, float64."""
        asked = self.ideal > 0
        if not asked.any():
            return np.empty(0)
        ordered = self._in_order(np.asarray(scores, dtype=np.float32))
        if self.name == "mrr":
            return self._first(ordered)[asked]
        return np.asarray(_gained(ordered, self.starts)[asked] / self.ideal[asked], dtype=np.float64)

    def _in_order(self, scores: npt.NDArray[np.float32]) -> npt.NDArray[np.uint64]:
        """The levels of relevance, question after question, the highest score first."""
        # One sort of whole numbers, not three of columns: the question, then the score (a float's bits rise with it
        # once the sign is unfolded), then the level, so that of equal scores the less relevant stands in front.
        bits = (scores + np.float32(0.0)).view(np.uint32)
        rising = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
        keys = (self.question << np.uint64(40)) | ((~rising).astype(np.uint64) << BYTE) | self.relevance
        keys.sort()
        return np.asarray(keys & LAST, dtype=np.uint64)

    def _first(self, ordered: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
        """1 / rank of each question's first relevant row, 0 where it has none."""
        shares = (ordered > 0) / (1.0 + _places(len(ordered), self.starts))
        return np.asarray(np.maximum.reduceat(shares, self.starts), dtype=np.float64)


def _places(rows: int, starts: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Of every row its place within its question, from 0."""
    return np.arange(rows) - np.repeat(starts, np.diff(np.append(starts, rows)))


def _gained(ordered: npt.NDArray[np.uint64], starts: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """The discounted cumulative gain of each question's first `CUT` rows, float64 [Q]."""
    if not len(starts):
        return np.empty(0)
    places = _places(len(ordered), starts)
    gains = np.where(places < CUT, (2.0 ** ordered.astype(np.float64) - 1.0) / np.log2(2.0 + places), 0.0)
    return np.asarray(np.add.reduceat(gains, starts), dtype=np.float64)
