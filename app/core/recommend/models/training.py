"""One training from start to end: choose parameters, sit every rail's exam, refit what passed on everything.

Three parts of the orders, oldest first: training, validation (28 days, where parameters are chosen) and exam (the last
28 days, scored once). What is published is refitted on all three with the chosen parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from app.core.ids import ModelVersion
from app.core.recommend import evaluate
from app.core.recommend.blended import Blends
from app.core.recommend.evaluate import EXAM_DAYS, Exam, Result
from app.core.recommend.groups import Groups
from app.core.recommend.histories import Histories
from app.core.recommend.interactions import Baskets
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.models import als, co_view, complements, for_you, item_item, ranked, trending, visits
from app.core.recommend.models.blending import Learnt
from app.core.recommend.models.choosing import LEAST_TO_CHOOSE, choose
from app.core.recommend.models.item_item import CHOICES, Parameters
from app.core.recommend.models.visits import NOT_ASKED, Visits
from app.core.recommend.questions import Question, cart_questions, complement_questions, pair_questions
from app.core.recommend.scorers import Scorer, beside, popular, served
from app.core.recommend.scoring import ItemModel, Table
from app.core.recommend.sessions import telling, telling_visits
from app.core.recommend.types import Rail, Strategy

_UNNAMED = ModelVersion("")
MOST_VIEWS = 250_000
"""Views, the newest, on which the blend of visits is learnt and examined: a network that reads every view of a large
shop several times over costs more than it tells. What is published knows all of them."""
NO_KINDS = "the products have neither types nor collections that tell them apart"


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a training learns from, all over the same items; None for what the shop does not have.

    `groups` is the kind of every item, see `app.core.recommend.groups`; `facts` is what else is known of the items.
    `visits` are the sessions view by view, in the order of `sessions`.
    """

    orders: Baskets
    sessions: Baskets | None = None
    groups: Groups | None = None
    facts: ItemFacts | None = None
    visits: Histories | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The parameters that did best on the validation parts."""

    half_life: float = trending.DEFAULT_HALF_LIFE
    item_item: Parameters = field(default_factory=Parameters)
    als: als.Parameters = field(default_factory=als.Parameters)
    goes_well: Strategy = Strategy.ITEM_ITEM
    for_you: Strategy = Strategy.ALS
    co_view: Parameters = co_view.DEFAULT
    bought: Learnt | None = field(default=None, compare=False)
    """What the blend for customers has learnt, where it was chosen."""
    visits: Visits = field(default=NOT_ASKED, compare=False)

    def as_json(self) -> dict[str, Any]:
        return {
            "trending": {"half_life": self.half_life},
            "item_item": self.item_item.as_json(),
            "als": self.als.as_json(),
            "goes_well": {"first": self.goes_well.value},
            "for_you": {"first": self.for_you.value},
            "co_view": self.co_view.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a training learnt: the parameters with which to refit, and every rail's exam."""

    chosen: Chosen
    exams: Mapping[Rail, Exam]

    @property
    def result(self) -> Result:
        """Of the list beside a product, which every product page shows."""
        return self.exams[Rail.BOUGHT_TOGETHER].result

    @property
    def passed(self) -> frozenset[Rail]:
        return frozenset(rail for rail, exam in self.exams.items() if exam.passed)

    @property
    def for_you(self) -> Strategy:
        exam = self.exams[Rail.FOR_YOU]
        return exam.strategy if exam.passed else Strategy.TRENDING

    @property
    def note(self) -> str:
        """Which rails' models are not used, and why; empty when all passed."""
        return ". ".join(note for exam in self.exams.values() if (note := exam.note(self.passed)))

    def metrics(self) -> dict[str, Any]:
        """The figures as the register and the artefact keep them."""
        own = self.result
        return {
            "exam": {
                "questions": own.questions,
                "item_item": own.model,
                "trending": own.floor,
                "difference": {"low": own.low, "high": own.high},
            },
            "rails": {rail.value: exam.as_json() for rail, exam in self.exams.items()},
            "visits": self.chosen.visits.as_json(),
            "parameters": self.chosen.as_json(),
        }


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
    views = _views(material)
    exams = [
        _bought_together(model, floor, window),
        for_you.examine(model, floor, part, window, _of_customers(chosen), material.facts),
        _cart(replace(model, goes_well=chosen.goes_well), floor, window),
        views.exam,
        _complements(model, floor, window, material.groups),
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
        key=lambda first: evaluate.score(_beside_carts(replace(model, goes_well=first)), asked),
    )


def _beside_carts(model: ItemModel) -> Scorer:
    """What would be served, had the rail passed its exam."""
    return served(replace(model, rails=frozenset({Rail.GOES_WELL})), Rail.GOES_WELL)


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


# -- the exams -------------------------------------------------------------------------------------------------------


def _bought_together(model: ItemModel, floor: ItemModel, window: Baskets) -> Exam:
    result = evaluate.examine(beside(model), popular(floor), pair_questions(window))
    return Exam(Rail.BOUGHT_TOGETHER, Strategy.ITEM_ITEM, result)


def _cart(model: ItemModel, floor: ItemModel, window: Baskets) -> Exam:
    result = evaluate.examine(_beside_carts(model), popular(floor), cart_questions(window))
    return Exam(Rail.GOES_WELL, model.goes_well, result)


def _complements(model: ItemModel, floor: ItemModel, window: Baskets, groups: Groups | None) -> Exam:
    asked = [] if groups is None else complement_questions(window, groups)
    result = evaluate.examine(beside(model, Table.COMPLEMENTS), popular(floor), asked)
    lacking = NO_KINDS if groups is None else ""
    return Exam(Rail.COMPLETE_THE_LOOK, Strategy.COMPLEMENTS, result, lacking=lacking)


def _views(material: Material) -> co_view.Learnt:
    sessions = material.sessions
    return co_view.learn(material.orders.part(0, 0) if sessions is None else sessions)
