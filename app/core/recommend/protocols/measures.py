"""The metrics of the protocols, for many questions at once: from the rank of every answer to one value per question.

The definitions are those of `app.core.recommend.metrics`, arranged over all questions so that thousands of them cost
nothing beside the ranking; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
MISSED = np.iinfo(np.int64).max
"""The rank of an answer that the catalogue does not have."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The rank of every answer, int64 [T], ties against the model, and the number of its question, int64 [T], of Q."""

    rank: npt.NDArray[np.int64]
    question: npt.NDArray[np.int64]
    questions: int

    def measure(self, name: str, k: int, *, ideal_is_whole: bool = False) -> Values:
        """One value for every question, float64 [Q]; NaN for questions without an answer.

        Args:
            name: hr (or phr: whether any answer is among the first k), mrr (of the best answer), recall or ndcg.
            ideal_is_whole: NDCG's ideal holds all answers, also those beyond k.

        Raises:
            KeyError: there is no such metric.
        """
        totals = np.bincount(self.question, minlength=self.questions)
        within = self.rank <= k
        question, rank = self.question[within], self.rank[within]
        if name in ("hr", "phr", "recall"):
            hits = np.bincount(question, minlength=self.questions).astype(np.float64)
            values = hits / np.maximum(totals, 1) if name == "recall" else np.minimum(hits, 1.0)
        elif name == "mrr":
            values = np.zeros(self.questions)
            np.maximum.at(values, question, 1.0 / rank)
        elif name == "ndcg":
            gains = np.bincount(question, 1.0 / np.log2(1.0 + rank), minlength=self.questions)
            ideal = totals if ideal_is_whole else np.minimum(totals, k)
            values = gains / np.maximum(_best_gains(int(totals.max(initial=0)))[ideal], 1.0)
        else:
            raise KeyError(name)
        return np.where(totals > 0, values, np.nan)


def _best_gains(most: int) -> Values:
    """The discounted gain of 0, 1, 2 … `most` answers at the very front; at least 1 from the first on."""
    return np.append(0.0, np.cumsum(1.0 / np.log2(2.0 + np.arange(most))))


def mean(values: Values) -> float:
    """The mean over the questions to which a metric applies; 0 where it applies to none."""
    applies = values[~np.isnan(values)]
    return float(applies.mean()) if len(applies) else 0.0
