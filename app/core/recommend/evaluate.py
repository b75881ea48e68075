"""The exam: given one product of an order, does the model find another one of the same order among its first ten?

Asked of the orders of the last 28 days, by a model that has not seen them; the whole catalogue is ranked, ties count
against the model, and trending on the same split is the floor that must be beaten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from app.core.ids import ProductId
from app.core.recommend.interactions import Baskets
from app.core.recommend.metrics import Ranks, hit_rate, rank_of_best, reciprocal_rank

EXAM_DAYS = 28
LEAST_ORDERS = 200
K = 10
SEED = 20100301


class Scorer(Protocol):
    def catalogue_scores(self, given: ProductId) -> npt.NDArray[np.float64]:
        """One score for every item of the catalogue, in the order of the baskets' `items`."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One order: a product of it that is given, and the positions of the others in the catalogue."""

    given: ProductId
    given_at: int
    others: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Result:
    """What came out, for the model and for the floor: fractions over the same questions.

    `low` and `high` bound the difference in HR@10 (model less floor) with 95 % confidence, from the paired differences.
    """

    questions: int
    model: dict[str, float]
    floor: dict[str, float]
    low: float
    high: float

    @property
    def passed(self) -> bool:
        """Enough questions, and strictly more hits than the floor."""
        key = f"hr@{K}"
        return self.questions >= LEAST_ORDERS and self.model[key] > self.floor[key]

    def as_json(self) -> dict[str, Any]:
        return {
            "questions": self.questions,
            "item_item": self.model,
            "trending": self.floor,
            "difference": {"low": self.low, "high": self.high},
        }


def questions(baskets: Baskets, *, seed: int = SEED) -> list[Question]:
    """One question for every basket with two or more products; which product is given is drawn with `seed`."""
    generator = np.random.default_rng(seed)
    asked = []
    for start, end in zip(baskets.starts[:-1].tolist(), baskets.starts[1:].tolist(), strict=True):
        if end - start < 2:
            continue
        members = baskets.item[start:end].astype(np.int64)
        given = int(generator.integers(len(members)))
        at = int(members[given])
        asked.append(Question(ProductId(int(baskets.items[at])), at, np.delete(members, given)))
    return asked


def ranks(model: Scorer, asked: Sequence[Question]) -> Ranks:
    """The rank of the best other product for every question, int64."""
    by_given: dict[ProductId, list[int]] = {}
    for number, question in enumerate(asked):
        by_given.setdefault(question.given, []).append(number)
    found = np.empty(len(asked), dtype=np.int64)
    for given, numbers in by_given.items():
        scores = model.catalogue_scores(given)
        for number in numbers:
            found[number] = rank_of_best(scores, asked[number].others, asked[number].given_at)
    return found


def score(model: Scorer, asked: Sequence[Question]) -> float:
    """HR@10 over the questions."""
    return hit_rate(ranks(model, asked), K)


def examine(model: Scorer, floor: Scorer, asked: Sequence[Question]) -> Result:
    """Ask both the same questions."""
    own, other = ranks(model, asked), ranks(floor, asked)
    difference = (own <= K).astype(np.float64) - (other <= K)
    mean = float(difference.mean()) if len(asked) else 0.0
    error = float(difference.std(ddof=1) / np.sqrt(len(asked))) if len(asked) > 1 else float("inf")
    margin = min(1.96 * error, 2.0)
    return Result(len(asked), metrics(own), metrics(other), max(mean - margin, -1.0), min(mean + margin, 1.0))


def metrics(found: Ranks) -> dict[str, float]:
    """HR and MRR at 10 and HR at 5 and 20 of ranks."""
    rates = {f"hr@{k}": hit_rate(found, k) for k in (5, K, 20)}
    return {**rates, f"mrr@{K}": reciprocal_rank(found, K)}
