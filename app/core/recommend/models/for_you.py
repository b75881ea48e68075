"""The home rail's exam: two ways to know a customer by what they bought, beside what everybody buys.

Asked of customers with an earlier order who ordered again: which products new to them did they take? New, because the
rail leaves out what the shopper has. The source with the most hits is the rail's, the simpler one on equal hits.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from app.core.recommend import evaluate
from app.core.recommend.evaluate import HR, Exam, Result
from app.core.recommend.factors import Floats
from app.core.recommend.interactions import Baskets
from app.core.recommend.models import als
from app.core.recommend.models.choosing import LEAST_TO_CHOOSE, choose
from app.core.recommend.questions import Question, customer_questions
from app.core.recommend.scorers import Scorer, by_factors, by_neighbours, popular
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Rail, Strategy


def choose_parameters(part: Baskets, validation: Baskets, model: ItemModel, *, today: int) -> als.Parameters:
    """The factors' parameters with the highest HR@10 among the customers who came back in the validation part.

    Args:
        model: fitted on `part`; the factors are put into it.
    """
    asked = customer_questions(part, validation, only_new=True)
    if len(asked) < LEAST_TO_CHOOSE or not als.is_learnable(part):
        return als.Parameters()

    @cache
    def learnt(parameters: als.Parameters) -> Floats:
        return als.fit(part, parameters, today=today)

    def score(parameters: als.Parameters) -> float:
        factors = learnt(replace(parameters, trend=0.0))
        return evaluate.score(by_factors(replace(model, factors=factors, fold_in=parameters.fold_in)), asked)

    return choose(als.Parameters(), als.CHOICES, score, rounds=1)


def examine(model: ItemModel, floor: ItemModel, before: Baskets, window: Baskets) -> Exam:
    """Ask the factors (if `model` has some), the neighbours and the floor the same questions; the best one counts."""
    rivals = {Strategy.ITEM_ITEM: by_neighbours(model)}
    if model.factors is not None:
        rivals[Strategy.ALS] = by_factors(model)
    asked = customer_questions(before, window, only_new=True)
    results = {strategy: evaluate.examine(scorer, popular(floor), asked) for strategy, scorer in rivals.items()}
    best = max(results, key=lambda strategy: results[strategy].model[HR])
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
