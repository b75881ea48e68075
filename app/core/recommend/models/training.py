"""One training from start to end: choose parameters, sit every rail's exam, refit what passed on everything.

Three parts of the orders, oldest first: training, validation (28 days, where parameters are chosen) and exam (the last
28 days, scored once). What is published is refitted on all three with the chosen parameters.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.core.ids import ModelVersion
from app.core.recommend import evaluate, slider_exam
from app.core.recommend.blended import Blends
from app.core.recommend.evaluate import EXAM_DAYS
from app.core.recommend.histories import Histories
from app.core.recommend.interactions import Baskets
from app.core.recommend.models import (
    als,
    buy_again,
    co_view,
    complements,
    for_you,
    item_exams,
    item_item,
    ranked,
    trending,
    visits,
)
from app.core.recommend.models.choosing import LEAST_TO_CHOOSE, choose
from app.core.recommend.models.item_item import CHOICES, Parameters
from app.core.recommend.models.outcome import Chosen, Material, Outcome
from app.core.recommend.models.visits import NOT_ASKED, Visits
from app.core.recommend.questions import Question, cart_questions, pair_questions
from app.core.recommend.scorers import beside, popular
from app.core.recommend.scoring import ItemModel
from app.core.recommend.sessions import telling, telling_visits
from app.core.recommend.types import Rail, Strategy

_UNNAMED = ModelVersion("")
MOST_VIEWS = 250_000
"""Views, the newest, on which the blend of visits is learnt and examined: a network that reads every view of a large
shop several times over costs more than it tells. What is published knows all of them."""


def learn(
    material: Material,
    *,
    today: int,
    least_customers: int = ranked.LEAST_CUSTOMERS,
    least_visits: int = visits.LEAST_VISITS,
) -> Outcome:
    """Choose the parameters and sit the exams.

    Args:
        today: the last day of the orders, in days since 1970-01-01.
        least_customers, least_visits: with fewer in their validation part the blends are no rivals.
    """
    orders, end = material.orders, today + 1
    cut, first = end - EXAM_DAYS, end - 2 * EXAM_DAYS
    before = replace(material, orders=orders.between(0, first))
    chosen = choose_parameters(before, orders.between(first, cut), today=first, least_customers=least_customers)
    part, window = orders.between(0, cut), orders.between(cut, end)
    if chosen.bought is not None:
        chosen = replace(chosen, bought=ranked.again(chosen.bought, part, material.facts))
    model, floor = fit_both(replace(material, orders=part), chosen, today=cut)
    if als.is_learnable(part):
        model = als.into(model, part, chosen.als, today=cut)
    views, groups = _views(material), material.groups
    personal = for_you.examine(model, floor, part, window, _of_customers(chosen), material.facts, groups=groups)
    known = slider_exam.about(model, groups, factors=personal.passed and personal.strategy is not Strategy.ITEM_ITEM)
    exams = [
        item_exams.bought_together(model, floor, window, known),
        personal,
        item_exams.goes_well(replace(model, goes_well=chosen.goes_well), floor, window, known),
        views.exam,
        item_exams.complete_the_look(model, floor, window, groups),
        buy_again.examine(part, window, material.groups),
    ]
    chosen = replace(chosen, co_view=views.parameters, visits=_visits(material, views, least_visits))
    return Outcome(chosen, {exam.rail: exam for exam in exams})


def build(material: Material, outcome: Outcome, *, today: int, version: ModelVersion = _UNNAMED) -> ItemModel:
    """The model to publish: refitted on everything, and only with what passed its exam."""
    chosen, passed = outcome.chosen, outcome.passed
    model, floor = fit_both(material, chosen, today=today, version=version)
    needs_neighbours = outcome.for_you is Strategy.ITEM_ITEM or passed & {Rail.BOUGHT_TOGETHER, Rail.GOES_WELL}
    if not needs_neighbours:
        model = replace(floor, complementing=model.complementing)
    beside_carts = Rail.GOES_WELL in passed and chosen.goes_well is Strategy.COMPLEMENTS
    if Rail.COMPLETE_THE_LOOK not in passed and not beside_carts:
        model = replace(model, complementing=None)
    if outcome.for_you is Strategy.ALS or (outcome.for_you is Strategy.RANKED and als.is_learnable(material.orders)):
        # Beside a blend the factors tell what is alike, and answer for shoppers whom it does not know.
        model = als.into(model, material.orders, chosen.als, today=today)
    if Rail.ALSO_VIEWED in passed and material.sessions is not None:
        model = replace(model, viewed=co_view.fit(material.sessions, chosen.co_view))
    return replace(
        model,
        strategy=Strategy.ITEM_ITEM if Rail.BOUGHT_TOGETHER in passed else Strategy.TRENDING,
        groups=material.groups,
        rails=passed,
        for_you=outcome.for_you,
        goes_well=chosen.goes_well,
        blends=_blends(material, outcome),
        again=buy_again.fit(material.orders, material.groups) if Rail.BUY_AGAIN in passed else None,
    )


def _blends(material: Material, outcome: Outcome) -> Blends:
    bought, visits = outcome.chosen.bought, outcome.chosen.visits
    uses_bought = outcome.for_you is Strategy.RANKED and bought is not None
    told = _telling(material) if visits.passed and visits.learnt is not None else None
    return Blends(
        bought=ranked.fit_bought(bought, material.orders, material.facts) if uses_bought and bought else None,
        visit=visits.learnt.refitted(told[0], facts=material.facts) if told and visits.learnt else None,
    )


def _telling(material: Material) -> tuple[Histories, Baskets] | None:
    """The sessions that models learn from, view by view and as baskets."""
    if material.visits is None or material.sessions is None:
        return None
    return telling_visits(material.visits, material.sessions), telling(material.sessions)


def _visits(material: Material, views: co_view.Learnt, least: int) -> Visits:
    told = _telling(material)
    if told is None:
        return NOT_ASKED
    each, sessions = told
    first = int(np.searchsorted(each.starts, len(each.item) - MOST_VIEWS))
    newest = each.part(first, len(each)), sessions.part(first, len(sessions))
    return visits.learn(*newest, material.facts, views.fitted, least=least)


def _of_customers(chosen: Chosen) -> for_you.Chosen:
    return for_you.Chosen(chosen.als, chosen.for_you, chosen.bought)


def fit_both(
    material: Material, chosen: Chosen, *, today: int, version: ModelVersion = _UNNAMED
) -> tuple[ItemModel, ItemModel]:
    """The item-item model, with complements where kinds are known, and the trending floor, fitted on all orders."""
    orders, groups = material.orders, material.groups
    counts = item_item.counts_together(orders)
    model = item_item.fit(
        orders,
        chosen.item_item,
        pairs=counts.astype(np.bool_),
        today=today,
        trending_half_life=chosen.half_life,
        version=version,
    )
    if groups is not None:
        attributes = None if material.facts is None else material.facts.attributes
        table = complements.fit(orders, groups, counts=counts, attributes=attributes)
        model = replace(model, complementing=table)
    return model, trending.fit(orders, today=today, half_life=chosen.half_life, version=version)


def choose_parameters(
    material: Material, validation: Baskets, *, today: int, least_customers: int = ranked.LEAST_CUSTOMERS
) -> Chosen:
    """The parameters with the highest HR@10 on the validation questions, the earlier value on equal scores.

    Trending's half-life first, because it also fills up short lists; then the neighbours', then the factors'. Which of
    two sources comes first on a rail is chosen here too, so that the exam is asked of one model.

    Args:
        material: what came before the validation part.
    """
    part = material.orders
    asked = ranked.drawn(pair_questions(validation))
    chosen = Chosen()
    if len(asked) >= LEAST_TO_CHOOSE and len(part):
        chosen = _choose_neighbours(part, asked, today=today)
    model, _ = fit_both(material, chosen, today=today)
    personal = for_you.choose_parameters(
        part, validation, model, material.facts, today=today, least_customers=least_customers
    )
    return replace(
        chosen,
        als=personal.als,
        for_you=personal.first,
        bought=personal.learnt,
        goes_well=_choose_beside_carts(model, validation),
    )


def _choose_beside_carts(model: ItemModel, validation: Baskets) -> Strategy:
    """Whether neighbours or complements come first beside a cart."""
    asked = ranked.drawn(cart_questions(validation))
    if model.complementing is None or len(asked) < LEAST_TO_CHOOSE:
        return Strategy.ITEM_ITEM
    return max(
        (Strategy.ITEM_ITEM, Strategy.COMPLEMENTS),
        key=lambda first: evaluate.score(item_exams.beside_carts(replace(model, goes_well=first)), asked),
    )


def _choose_neighbours(part: Baskets, asked: list[Question], *, today: int) -> Chosen:
    def popular_since(days: float) -> float:
        floor = trending.fit(part, today=today, half_life=days, version=_UNNAMED)
        return evaluate.score(popular(floor), asked)

    half_life = max(trending.HALF_LIVES, key=popular_since)
    pairs = item_item.pairs_together(part)

    def score(parameters: Parameters) -> float:
        model = item_item.fit(
            part,
            parameters,
            pairs=pairs,
            today=today,
            trending_half_life=half_life,
            version=_UNNAMED,
            width=evaluate.K,
        )
        return evaluate.score(beside(model), asked)

    return Chosen(half_life, choose(Parameters(), CHOICES, score))


def _views(material: Material) -> co_view.Learnt:
    sessions = material.sessions
    return co_view.learn(material.orders.part(0, 0) if sessions is None else sessions, material.groups)
