"""The blend of what is looked at next in a visit, and its exam beside the neighbours of the last looks.

Visits may span days or years, so their parts are cut by number as those of `co_view` are: the newest fifth is the exam,
as many before it are where the rivals are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.core.recommend import evaluate
from app.core.recommend.evaluate import HR, K, Result
from app.core.recommend.histories import Histories, History
from app.core.recommend.interactions import Baskets
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.metrics import hit_rate
from app.core.recommend.models import blending
from app.core.recommend.models.blending import Learnt
from app.core.recommend.models.ranked import by_blend, drawn
from app.core.recommend.models.replay import IN_A_SHOP
from app.core.recommend.questions import SEED, Question
from app.core.recommend.scorers import Scorer, popular
from app.core.recommend.scoring import ItemModel
from app.core.recommend.sessions import EXAM_SHARE
from app.core.recommend.shopper import RECENT_LOOKS
from app.core.recommend.tasks import Task

LEAST_VISITS = 1000
"""In the validation part. By judgement, as `ranked.LEAST_CUSTOMERS`."""
Fit = Callable[[Baskets], ItemModel]
"""From sessions to a model whose table of neighbours is of what is viewed together."""


@dataclass(frozen=True, slots=True)
class Visits:
    """What came of it: `learnt` is None where the neighbours of the last looks did no worse; `result` is the exam's."""

    learnt: Learnt | None
    result: Result

    @property
    def passed(self) -> bool:
        return self.learnt is not None and self.result.passed

    def as_json(self) -> dict[str, Any]:
        return {**self.result.as_json(), "passed": self.passed}


NOT_ASKED = Visits(None, evaluate.compare(np.empty(0, np.int64), np.empty(0, np.int64)))


def learn(
    visits: Histories, sessions: Baskets, facts: ItemFacts | None, neighbours: Fit, *, least: int = LEAST_VISITS
) -> Visits:
    """Compare the blend with the neighbours on the validation part, then sit the exam beside the better of the
    neighbours and what is popular.

    Args:
        visits, sessions: the same sessions, telling ones only, view by view and as baskets; oldest first.
        least: visits in the validation part; with fewer nothing is learnt.
    """
    cut = len(visits) - len(visits) // EXAM_SHARE
    first = 2 * cut - len(visits)
    asked = drawn(visit_questions(visits.part(first, cut)))
    if len(asked) < least:
        return NOT_ASKED
    learnt = blending.learn(visits.part(0, first), Task.SESSION, facts=facts, effort=IN_A_SHOP)
    blend = learnt.refitted(visits.part(0, first), facts=facts)
    near = evaluate.ranks(by_looks(neighbours(sessions.part(0, first))), asked)
    if hit_rate(evaluate.ranks_by_history(by_blend(blend), asked), K) <= hit_rate(near, K):
        return NOT_ASKED
    return Visits(learnt, _exam(learnt, visits, sessions, facts, neighbours, cut))


def _exam(
    learnt: Learnt, visits: Histories, sessions: Baskets, facts: ItemFacts | None, neighbours: Fit, cut: int
) -> Result:
    asked = drawn(visit_questions(visits.part(cut, len(visits))))
    model = neighbours(sessions.part(0, cut))
    own = evaluate.ranks_by_history(by_blend(learnt.refitted(visits.part(0, cut), facts=facts)), asked)
    floors = [evaluate.compare(own, evaluate.ranks(rival, asked)) for rival in (popular(model), by_looks(model))]
    return max(floors, key=lambda result: result.floor[HR])


def by_looks(model: ItemModel) -> Scorer:
    """The neighbours of the products looked at last, newest first, summed: what the rail shows without a blend."""
    return lambda given: model.catalogue_scores(given[:RECENT_LOOKS])


def visit_questions(visits: Histories, *, seed: int = SEED) -> list[Question]:
    """Given a visit until some moment, the next product that had not been looked at; at most one for each visit."""
    generator = np.random.default_rng(seed)
    asked = []
    for visit in visits:
        _, first = np.unique(visit.item, return_index=True)
        new = np.sort(first)[1:]
        if not len(new):
            continue
        cut = int(new[generator.integers(len(new))])
        history = History(visit.item[:cut], visit.step[:cut])
        newest_first = dict.fromkeys(visits.items[history.item[::-1]].tolist())
        known = np.unique(history.item).astype(np.int64)
        asked.append(Question(tuple(newest_first), visit.item[cut : cut + 1].astype(np.int64), known, history=history))
    return asked
