"""One training from start to end: choose parameters, sit the exam, refit on everything.

Three parts of the history, oldest first: training, validation (28 days, where parameters are chosen) and exam (the
last 28 days, scored once). The model that is published is refitted on all three with the chosen parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from app.core.ids import ModelVersion
from app.core.recommend import evaluate
from app.core.recommend.evaluate import EXAM_DAYS, LEAST_ORDERS, Question, Result
from app.core.recommend.interactions import Baskets
from app.core.recommend.models import item_item, trending
from app.core.recommend.models.item_item import CHOICES, Parameters
from app.core.recommend.scoring import ItemModel

LEAST_TO_CHOOSE = 100
"""Validation questions; with fewer the defaults stand, because a choice among noise is no choice."""
ROUNDS = 2
_UNNAMED = ModelVersion("")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The parameters that did best on the validation part."""

    half_life: float = trending.DEFAULT_HALF_LIFE
    item_item: Parameters = field(default_factory=Parameters)

    def as_json(self) -> dict[str, Any]:
        return {"trending": {"half_life": self.half_life}, "item_item": self.item_item.as_json()}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a training learnt: the exam's result, and the parameters with which to refit."""

    chosen: Chosen
    result: Result

    @property
    def note(self) -> str:
        """Why the item-item model was not published; empty when it passed."""
        if self.result.passed:
            return ""
        if self.result.questions < LEAST_ORDERS:
            return (
                f"the exam needs {LEAST_ORDERS} orders with two or more products in the last {EXAM_DAYS} days, "
                f"there are {self.result.questions}; trending is shown instead"
            )
        return "the item-item model did not beat trending in the exam; trending is shown instead"


def learn(baskets: Baskets, *, today: int) -> Outcome:
    """Choose the parameters and sit the exam; `today` (days since 1970-01-01) is the last day of the history."""
    end = today + 1
    cut, first = end - EXAM_DAYS, end - 2 * EXAM_DAYS
    chosen = choose(baskets.between(0, first), evaluate.questions(baskets.between(first, cut)), today=first)
    part, asked = baskets.between(0, cut), evaluate.questions(baskets.between(cut, end))
    model, floor = fit_both(part, chosen, today=cut)
    return Outcome(chosen, evaluate.examine(model, floor, asked))


def fit_both(
    baskets: Baskets, chosen: Chosen, *, today: int, version: ModelVersion = _UNNAMED
) -> tuple[ItemModel, ItemModel]:
    """The item-item model and the trending floor, fitted on all `baskets`."""
    model = item_item.fit(baskets, chosen.item_item, today=today, trending_half_life=chosen.half_life, version=version)
    return model, trending.fit(baskets, today=today, half_life=chosen.half_life, version=version)


def choose(part: Baskets, asked: list[Question], *, today: int) -> Chosen:
    """The parameters with the highest HR@10 on the validation questions, the earlier value on equal scores.

    Trending's half-life first, because it also fills up item-item lists; then the item-item parameters in turn, each
    with the others held, until a round changes nothing.
    """
    if len(asked) < LEAST_TO_CHOOSE or not len(part):
        return Chosen()
    half_life = max(
        trending.HALF_LIVES,
        key=lambda days: evaluate.score(trending.fit(part, today=today, half_life=days, version=_UNNAMED), asked),
    )
    pairs = item_item.pairs_bought_together(part)
    scores: dict[Parameters, float] = {}

    def score(parameters: Parameters) -> float:
        if parameters not in scores:
            model = item_item.fit(
                part,
                parameters,
                pairs=pairs,
                today=today,
                trending_half_life=half_life,
                version=_UNNAMED,
                width=evaluate.K,
            )
            scores[parameters] = evaluate.score(model, asked)
        return scores[parameters]

    best = Parameters()
    for _ in range(ROUNDS):
        before = best
        for name, values in CHOICES.items():
            best = max([best, *(replace(best, **{name: value}) for value in values)], key=score)
        if best == before:
            break
    return Chosen(half_life, best)
