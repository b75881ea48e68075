"""The blend of what customers buy next, as a rival of the other sources of "For you".

It is learnt on what came before the part on which the rivals are compared and, where there are few events, which cost
little, once more for the exam. Signals are refitted on everything in any case.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.core.recommend.blend import Blend
from app.core.recommend.histories import Histories
from app.core.recommend.interactions import NOBODY, Baskets
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.models import blending
from app.core.recommend.models.blending import Learnt
from app.core.recommend.models.replay import IN_A_SHOP
from app.core.recommend.questions import SEED, Question
from app.core.recommend.scorers import HistoryScorer
from app.core.recommend.tasks import Task

LEARNT_ANEW = 50_000
"""Events; with more, what was learnt before the validation part stands also for the exam and for what is published."""
LEAST_CUSTOMERS = 500
"""Customers who came back in the validation part; with fewer nothing is learnt, because a ranker has too few answers to
learn from for what it costs. By judgement."""
MOST_QUESTIONS = 3000
"""Of the exam and of the validation part each: a ranking costs some milliseconds."""


def purchases_of(orders: Baskets) -> Histories:
    """What every customer bought, an order a step, with days; customers in the order in which they came last."""
    own = orders.customer != NOBODY
    basket = np.repeat(np.arange(len(orders)), orders.sizes)
    basket, item = basket[own[basket]], orders.item[own[basket]]
    people, person = np.unique(orders.customer[basket], return_inverse=True)
    last = np.zeros(len(people), dtype=np.int64)
    np.maximum.at(last, person, basket)
    rank = np.empty(len(people), dtype=np.int64)
    rank[np.argsort(last, kind="stable")] = np.arange(len(people))
    person = rank[person]
    order = np.argsort(person, kind="stable")
    starts = np.append(0, np.cumsum(np.bincount(person, minlength=len(people)))).astype(np.int64)
    basket = basket[order]
    return Histories(orders.items, starts, item[order], basket.astype(np.int32), orders.day[basket].astype(np.float32))


def learn_bought(orders: Baskets, facts: ItemFacts | None) -> Learnt:
    """What customers buy next."""
    return blending.learn(purchases_of(orders), Task.TIME, facts=facts, effort=IN_A_SHOP)


def again(learnt: Learnt, orders: Baskets, facts: ItemFacts | None) -> Learnt:
    """The same from more orders, where that costs little."""
    return learn_bought(orders, facts) if len(orders.item) <= LEARNT_ANEW else learnt


def fit_bought(learnt: Learnt, orders: Baskets, facts: ItemFacts | None) -> Blend:
    """Ready to be asked, knowing these orders."""
    return learnt.refitted(purchases_of(orders), facts=facts)


def by_blend(blend: Blend) -> HistoryScorer:
    """What is new to the shopper, as the rail ranks it where everything may be shown."""
    return lambda history: blend.scores(history, only_new=True)


def drawn(asked: Sequence[Question], most: int = MOST_QUESTIONS) -> list[Question]:
    """At most so many of the questions, in their order, drawn with a fixed seed."""
    if len(asked) <= most:
        return list(asked)
    chosen = np.sort(np.random.default_rng(SEED).choice(len(asked), most, replace=False))
    return [asked[place] for place in chosen.tolist()]
