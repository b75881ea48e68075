"""The home rail's exam: two ways to know a customer by what they bought, beside what everybody buys.

Asked of customers with an earlier order who ordered again: which products new to them did they take? New, because the
rail leaves out what the shopper has. The source with the most hits in the validation part is the rail's, the simpler
one on equal hits; both sit the exam, but only the chosen one's result decides.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from app.core.recommend import evaluate
from app.core.recommend.evaluate import Exam, Result
from app.core.recommend.factors import Floats
from app.core.recommend.interactions import Baskets
from app.core.recommend.models import als, trending
from app.core.recommend.models.choosing import LEAST_TO_CHOOSE, choose
from app.core.recommend.questions import Question, customer_questions
from app.core.recommend.scorers import Scorer, Vectors, by_factors, by_neighbours, by_vectors, popular, vector_of
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Rail, Strategy


def choose_parameters(
    part: Baskets, validation: Baskets, model: ItemModel, *, today: int
) -> tuple[als.Parameters, Strategy]:
    """The factors' parameters with the highest HR@10 among the customers who came back in the validation part.

    Args:
        model: the neighbours fitted on `part`; the factors are put into it.

    Returns:
        The parameters, and whether factors so learnt or the neighbours had more hits.
    """
    asked = customer_questions(part, validation, only_new=True)
    if len(asked) < LEAST_TO_CHOOSE or not als.is_learnable(part):
        return als.Parameters(), Strategy.ALS

    @cache
    def learnt(parameters: als.Parameters) -> tuple[ItemModel, Vectors]:
        fitted = als.into(model, part, parameters, today=today)
        return fitted, {one.given: vector_of(fitted, one.given) for one in asked}

    @cache
    def sold(half_life: float) -> Floats:
        return trending.popularity(part, today=today, half_life=half_life)

    def score(parameters: als.Parameters) -> float:
        fitted, vectors = learnt(parameters.of_factors)
        tried = replace(fitted, fold_in=parameters.fold_in, lately=sold(parameters.lately))
        return evaluate.score(by_vectors(tried, vectors), asked)

    def blended(parameters: als.Parameters) -> als.Parameters:
        return choose(parameters, {"level": als.BLENDS["level"]}, score, rounds=1)

    # Factors are compared each at its best level, or else those would win that suit the level with which one began.
    start = choose(als.Parameters(level=als.ONLY_WHAT_SELLS), {"lately": als.BLENDS["lately"]}, score, rounds=1)
    best = choose(start, als.CHOICES, lambda parameters: score(blended(parameters)), rounds=1)
    best = choose(blended(best), als.BLENDS, score, rounds=1)
    is_better = score(best) > evaluate.score(by_neighbours(model), asked)
    return best, Strategy.ALS if is_better else Strategy.ITEM_ITEM


def examine(model: ItemModel, floor: ItemModel, before: Baskets, window: Baskets, first: Strategy) -> Exam:
    """Ask the factors (if `model` has some), the neighbours and the floor the same questions; `first` is what counts.

    Without factors the neighbours count.
    """
    rivals = {Strategy.ITEM_ITEM: by_neighbours(model)}
    if model.factors is not None:
        rivals[Strategy.ALS] = by_factors(model)
    asked = customer_questions(before, window, only_new=True)
    results = {strategy: evaluate.examine(scorer, popular(floor), asked) for strategy, scorer in rivals.items()}
    best = first if first in results else Strategy.ITEM_ITEM
    whole = customer_questions(before, window, only_new=False)
    return Exam(
        Rail.FOR_YOU, best, results[best], _beside(results, {**rivals, Strategy.TRENDING: popular(floor)}, whole)
    )


def _beside(results: dict[Strategy, Result], scorers: dict[Strategy, Scorer], whole: list[Question]) -> dict[str, Any]:
    """All rivals' figures, and those over whole orders, products that were bought before included."""
    return {
        "rivals": {strategy.value: result.model for strategy, result in results.items()},
        "all_items": {
            "questions": len(whole),
            **{strategy.value: evaluate.metrics(evaluate.ranks(scorer, whole)) for strategy, scorer in scorers.items()},
        },
    }
