"""The exams: how often a rail's first ten products hold what a shopper really went for, beside the rail's floor.

Asked of the newest part of a history, by models that have not seen it. The whole catalogue is ranked as the cascade
would show it, ties count against the model, and what is popular on the same split is the floor that must be beaten; for
"buy again", what the customer bought most often. `questions` makes what is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.ids import ProductId
from app.core.recommend.histories import NOTHING
from app.core.recommend.metrics import Ranks, hit_rate, rank_of_best, reciprocal_rank
from app.core.recommend.questions import Question
from app.core.recommend.scorers import HistoryScorer, Scorer
from app.core.recommend.types import Rail, Strategy

EXAM_DAYS = 28
LEAST_QUESTIONS = 200
K = 10
HR = f"hr@{K}"
MRR = f"mrr@{K}"

ASKED_ABOUT = {
    Rail.BOUGHT_TOGETHER: "orders with two or more products",
    Rail.GOES_WELL: "orders with three or more products",
    Rail.COMPLETE_THE_LOOK: "orders with products of two or more types",
    Rail.FOR_YOU: "customers who came back for something new",
    Rail.ALSO_VIEWED: "sessions with two or more products",
    Rail.BUY_AGAIN: "customers who came back for something that they had",
}
TITLES = {
    Rail.BOUGHT_TOGETHER: "Often bought together",
    Rail.GOES_WELL: "Goes well with your cart",
    Rail.COMPLETE_THE_LOOK: "Complete the look",
    Rail.FOR_YOU: "For you",
    Rail.ALSO_VIEWED: "Also viewed",
    Rail.BUY_AGAIN: "Buy again",
}
INSTEAD = {
    Rail.BOUGHT_TOGETHER: "trending is shown instead",
    Rail.GOES_WELL: "trending is shown instead",
    Rail.COMPLETE_THE_LOOK: "the rail is not shown",
    Rail.FOR_YOU: "trending is shown instead",
    Rail.ALSO_VIEWED: "the rail is not shown",
    Rail.BUY_AGAIN: "the rail is not shown",
}
FLOORS = dict.fromkeys(Rail, "what is popular") | {Rail.BUY_AGAIN: "what customers had bought most often"}
AFTER_LOOKS = "what goes with the last looks is shown instead, then trending"
"""Instead of "For you" where "Often bought together" passed: its neighbours of what is looked at right now."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came out, for the model and for the floor: fractions over the same questions.

    `by` names the figure that decides: HR@10 where thousands of products are ranked, MRR@10 where only the few that a
    customer knows are, so that ten places hold all of them. `low` and `high` bound the difference in it (model less
    floor) with 95 % confidence, from the paired differences.
    """

    questions: int
    model: dict[str, float]
    floor: dict[str, float]
    low: float
    high: float
    by: str = HR

    @property
    def passed(self) -> bool:
        """Enough questions, and strictly better than the floor."""
        return self.questions >= LEAST_QUESTIONS and self.model[self.by] > self.floor[self.by]

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "floor": self.floor,
            "questions": self.questions,
            "passed": self.passed,
            "by": self.by,
            "difference": {"low": self.low, "high": self.high},
        }


@dataclass(frozen=True, slots=True)
class Exam:
    """One rail's exam: the strategy that sat it, the result, and further figures to be kept beside it.

    `lacking` says what was missing where the exam could not be sat at all.
    """

    rail: Rail
    strategy: Strategy
    result: Result
    beside: Mapping[str, Any] = field(default_factory=dict)
    lacking: str = ""

    @property
    def passed(self) -> bool:
        return self.result.passed

    def note(self, passed: Set[Rail]) -> str:
        """Why the rail's model is not used, and what is shown; empty when it passed.

        Args:
            passed: the rails of the same training that passed theirs.
        """
        asked = self.result.questions
        if self.result.passed:
            return ""
        if self.lacking:
            why = self.lacking
        elif asked < LEAST_QUESTIONS:
            why = f"the exam needs {LEAST_QUESTIONS} {ASKED_ABOUT[self.rail]}, there are {asked}"
        else:
            why = f"the model did not beat {FLOORS[self.rail]} in the exam"
        after_looks = self.rail is Rail.FOR_YOU and Rail.BOUGHT_TOGETHER in passed
        return f"{TITLES[self.rail]}: {why}; {AFTER_LOOKS if after_looks else INSTEAD[self.rail]}"

    def as_json(self) -> dict[str, Any]:
        return {"strategy": self.strategy.value, **self.result.as_json(), **self.beside}


def ranks(scorer: Scorer, asked: Sequence[Question]) -> Ranks:
    """The rank of the best product that was gone for, for every question, int64."""
    by_given: dict[tuple[ProductId, ...], list[int]] = {}
    for number, question in enumerate(asked):
        by_given.setdefault(question.given, []).append(number)
    found = np.empty(len(asked), dtype=np.int64)
    for given, numbers in by_given.items():
        scores = scorer(given)
        for number in numbers:
            one = asked[number]
            found[number] = rank_of_best(scores, one.others, one.left_out, one.among)
    return found


def ranks_by_history(scorer: HistoryScorer, asked: Sequence[Question]) -> Ranks:
    """As `ranks`, for what reads histories; a question without one is asked with nothing."""
    found = np.empty(len(asked), dtype=np.int64)
    for number, one in enumerate(asked):
        found[number] = rank_of_best(scorer(one.history or NOTHING), one.others, one.left_out, one.among)
    return found


def score(scorer: Scorer, asked: Sequence[Question]) -> float:
    """HR@10 over the questions."""
    return hit_rate(ranks(scorer, asked), K)


def examine(model: Scorer, floor: Scorer, asked: Sequence[Question]) -> Result:
    """Ask both the same questions."""
    return compare(ranks(model, asked), ranks(floor, asked))


def compare(own: Ranks, other: Ranks, by: str = HR) -> Result:
    """What ranks came to, beside the floor's for the same questions.

    Args:
        by: the figure that decides, `HR` or `MRR`.
    """
    difference = _gains(own, by) - _gains(other, by)
    mean = float(difference.mean()) if len(own) else 0.0
    error = float(difference.std(ddof=1) / np.sqrt(len(own))) if len(own) > 1 else float("inf")
    margin = min(1.96 * error, 2.0)
    return Result(len(own), metrics(own), metrics(other), max(mean - margin, -1.0), min(mean + margin, 1.0), by)


def _gains(found: Ranks, by: str) -> npt.NDArray[np.float64]:
    """What each question adds to the figure's mean."""
    inside = found <= K
    return np.asarray(inside / found if by == MRR else inside, dtype=np.float64)


def metrics(found: Ranks) -> dict[str, float]:
    """HR and MRR at 10 and HR at 5 and 20 of ranks."""
    rates = {f"hr@{k}": hit_rate(found, k) for k in (5, K, 20)}
    return {**rates, f"mrr@{K}": reciprocal_rank(found, K)}
