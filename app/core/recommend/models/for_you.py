"""The home rail's exam: three ways to know a customer by what they bought, beside what everybody buys.

Asked of customers with an earlier order who ordered again: which products new to them did they take? New, because the
rail leaves out what the shopper has. The source with the most hits in the validation part is the rail's, the simpler
one on equal hits; the others sit the exam as well, but only the chosen one's result decides. The blend, which costs
most, sits it only where it was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from app.core.recommend import evaluate, slider_exam
from app.core.recommend.evaluate import Exam, Result
from app.core.recommend.factors import Floats
from app.core.recommend.groups import Groups
from app.core.recommend.interactions import Baskets
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.metrics import Ranks, hit_rate, reciprocal_rank
from app.core.recommend.models import als, ranked, trending
from app.core.recommend.models.blending import Learnt
from app.core.recommend.models.choosing import LEAST_TO_CHOOSE, choose
from app.core.recommend.models.validation import MOST_QUESTIONS
from app.core.recommend.questions import Question, customer_questions
from app.core.recommend.scorers import Likings, Scorer, by_factors, by_likings, by_neighbours, likings_of, popular
from app.core.recommend.scoring import ItemModel
from app.core.recommend.slider_exam import ScoreOf, by_given, by_history
from app.core.recommend.types import Rail, Strategy


@dataclass(frozen=True, slots=True)
class Chosen:
    """The factors' parameters, which source comes first, and what the blend has learnt where it is that."""

    als: als.Parameters
    first: Strategy = Strategy.ALS
    learnt: Learnt | None = None


def choose_parameters(
    part: Baskets,
    validation: Baskets,
    model: ItemModel,
    facts: ItemFacts | None = None,
    *,
    today: int,
    least_customers: int = ranked.LEAST_CUSTOMERS,
) -> Chosen:
    """The factors' parameters with the highest HR@10 among the customers who came back in the validation part.

    Args:
        model: the neighbours fitted on `part`; the factors are put into it.
        least_customers: who came back in the validation part; with fewer the blend is no rival.
    """
    asked = ranked.drawn(customer_questions(part, validation, only_new=True))
    if len(asked) < LEAST_TO_CHOOSE or not als.is_learnable(part):
        return Chosen(als.Parameters())

    few = ranked.drawn(asked, MOST_QUESTIONS)

    @lru_cache(maxsize=2)
    def learnt(parameters: als.Parameters) -> tuple[ItemModel, Likings]:
        fitted = als.into(model, part, parameters, today=today)
        return fitted, likings_of(fitted, (one.given for one in few))

    @cache
    def sold(half_life: float) -> Floats:
        return trending.popularity(part, today=today, half_life=half_life)

    def tried(parameters: als.Parameters) -> tuple[ItemModel, Likings]:
        fitted, likings = learnt(parameters.of_factors)
        return replace(fitted, fold_in=parameters.fold_in, lately=sold(parameters.lately)), likings

    def score(parameters: als.Parameters) -> float:
        return evaluate.score(by_likings(*tried(parameters)), few)

    def blended(parameters: als.Parameters) -> als.Parameters:
        return choose(parameters, {"level": als.BLENDS["level"]}, score, rounds=1)

    # Factors are compared each at its best level, or else those would win that suit the level with which one began.
    start = choose(als.Parameters(level=als.ONLY_WHAT_SELLS), {"lately": als.BLENDS["lately"]}, score, rounds=1)
    best = choose(start, als.CHOICES, lambda parameters: score(blended(parameters)), rounds=1)
    best = choose(blended(best), als.BLENDS, score, rounds=1)
    hits = {
        Strategy.ITEM_ITEM: _worth(evaluate.ranks(by_neighbours(model), asked)),
        Strategy.ALS: _worth(evaluate.ranks(by_factors(tried(best)[0]), asked)),
    }
    blend = ranked.learn_bought(part, facts) if len(asked) >= least_customers else None
    if blend is not None:
        own = evaluate.ranks_by_history(ranked.by_blend(ranked.fit_bought(blend, part, facts)), asked)
        hits[Strategy.RANKED] = _worth(own)
    first = max(hits, key=lambda strategy: hits[strategy])
    return Chosen(best, first, blend if first is Strategy.RANKED else None)


def _worth(found: Ranks) -> tuple[float, float]:
    """HR@10, and MRR@10 where rivals have found the same: the nearer to the front, the better."""
    return hit_rate(found, evaluate.K), reciprocal_rank(found, evaluate.K)


def examine(
    model: ItemModel,
    floor: ItemModel,
    before: Baskets,
    window: Baskets,
    chosen: Chosen,
    facts: ItemFacts | None = None,
    *,
    groups: Groups | None = None,
) -> Exam:
    """Ask the blend (if it was chosen), the factors (if `model` has some), the neighbours and the floor the same
    questions; the one that was chosen counts, or the neighbours without it.

    Args:
        groups: the kinds of the items, by which sliders are measured.
    """
    rivals = {Strategy.ITEM_ITEM: by_neighbours(model)}
    if model.factors is not None:
        rivals[Strategy.ALS] = by_factors(model)
    asked = ranked.drawn(customer_questions(before, window, only_new=True))
    results = {strategy: evaluate.examine(scorer, popular(floor), asked) for strategy, scorer in rivals.items()}
    scores: dict[Strategy, ScoreOf] = {strategy: by_given(scorer) for strategy, scorer in rivals.items()}
    if chosen.learnt is not None:
        blend = ranked.fit_bought(chosen.learnt, before, facts)
        own = evaluate.ranks_by_history(ranked.by_blend(blend), asked)
        results[Strategy.RANKED] = evaluate.compare(own, evaluate.ranks(popular(floor), asked))
        scores[Strategy.RANKED] = by_history(ranked.by_blend(blend))
    best = chosen.first if chosen.first in results else Strategy.ITEM_ITEM
    whole = customer_questions(before, window, only_new=False)
    passed = results[best].passed
    known = slider_exam.about(model, groups, factors=passed and best in (Strategy.ALS, Strategy.RANKED))
    sliders = slider_exam.measured(scores[best] if passed else by_given(popular(floor)), asked, known, before.items)
    figures = _beside(results, {**rivals, Strategy.TRENDING: popular(floor)}, whole)
    return Exam(Rail.FOR_YOU, best, results[best], {**figures, **sliders})


def _beside(results: dict[Strategy, Result], scorers: dict[Strategy, Scorer], whole: list[Question]) -> dict[str, Any]:
    """All rivals' figures, and those over whole orders, products that were bought before included."""
    return {
        "rivals": {strategy.value: result.model for strategy, result in results.items()},
        "all_items": {
            "questions": len(whole),
            **{strategy.value: evaluate.metrics(evaluate.ranks(scorer, whole)) for strategy, scorer in scorers.items()},
        },
    }
