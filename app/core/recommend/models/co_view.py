"""What is looked at in the same session: the item-item similarity on sessions, with parameters of its own.

Sessions may span days or years, so their parts are cut by number: the newest fifth is the exam, or the last 28 days
where those hold enough; as many sessions before them are where parameters are chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.core.ids import ModelVersion
from app.core.recommend import evaluate, slider_exam
from app.core.recommend.evaluate import EXAM_DAYS, LEAST_QUESTIONS, Exam
from app.core.recommend.groups import Groups
from app.core.recommend.interactions import Baskets
from app.core.recommend.models import item_item, trending
from app.core.recommend.models.choosing import LEAST_TO_CHOOSE, choose
from app.core.recommend.models.item_item import Parameters
from app.core.recommend.models.ranked import drawn
from app.core.recommend.neighbours import Neighbours
from app.core.recommend.questions import pair_questions
from app.core.recommend.scorers import beside, popular
from app.core.recommend.scoring import ItemModel
from app.core.recommend.sessions import EXAM_SHARE, telling
from app.core.recommend.types import Rail, Strategy

LEAST_TOGETHER = 3
"""Sessions that two products must share: looks are cheap, so chance brings two together more often than in orders."""
DEFAULT = Parameters(exponent=0.35, shrinkage=5.0, half_life=30.0, size_exponent=0.5)
CHOICES = {
    "exponent": (0.2, 0.35, 0.5, 0.65),
    "shrinkage": (2.0, 5.0, 20.0),
    "half_life": (7.0, 30.0, 120.0),
    "size_exponent": (0.0, 0.5, 1.0),
}
POPULAR_HALF_LIVES = (3.0, 7.0, 14.0, 28.0)
_UNNAMED = ModelVersion("")


@dataclass(frozen=True, slots=True)
class Learnt:
    """The chosen parameters, and the rail's exam."""

    parameters: Parameters
    popular_half_life: float
    exam: Exam

    def fitted(self, sessions: Baskets) -> ItemModel:
        """A model of these telling sessions alone: neighbours, and what is looked at."""
        return _fit(sessions, self.parameters, self.popular_half_life)


def learn(sessions: Baskets, groups: Groups | None = None) -> Learnt:
    """Choose the parameters on the validation part, then sit the exam; ages count from each part's first day.

    Args:
        groups: the kinds of the items, by which sliders are measured.
    """
    sessions = telling(sessions)
    end = len(sessions)
    cut = _exam_starts(sessions)
    first = max(2 * cut - end, 0)
    parameters, half_life = _choose(sessions.part(0, first), sessions.part(first, cut))
    part = sessions.part(0, cut)
    model, floor = _fit(part, parameters, half_life), _popular(part, half_life)
    asked = pair_questions(sessions.part(cut, end))
    result = evaluate.examine(beside(model), popular(floor), asked)
    known = slider_exam.about(model, groups, factors=False)
    score_of = slider_exam.by_given(beside(model))
    # A rail that did not pass is not shown.
    sliders = slider_exam.measured(score_of, asked, known, sessions.items) if result.passed else {}
    return Learnt(parameters, half_life, Exam(Rail.ALSO_VIEWED, Strategy.CO_VIEW, result, sliders))


def _exam_starts(sessions: Baskets) -> int:
    end = len(sessions)
    fifth = end - end // EXAM_SHARE
    days = int(np.searchsorted(sessions.day, _today(sessions) - EXAM_DAYS))
    return max(fifth, days) if end - days >= LEAST_QUESTIONS else fifth


def fit(sessions: Baskets, parameters: Parameters) -> Neighbours:
    """Every item's neighbours, `NEIGHBOUR` [N, K], from all sessions."""
    return _fit(telling(sessions), parameters, DEFAULT.half_life).neighbours


def _choose(part: Baskets, validation: Baskets) -> tuple[Parameters, float]:
    asked = drawn(pair_questions(validation))
    if len(asked) < LEAST_TO_CHOOSE or not len(part):
        return DEFAULT, trending.DEFAULT_HALF_LIFE
    half_life = max(POPULAR_HALF_LIVES, key=lambda days: evaluate.score(popular(_popular(part, days)), asked))
    pairs = item_item.pairs_together(part, LEAST_TOGETHER)

    def score(parameters: Parameters) -> float:
        model = item_item.fit(
            part, parameters, pairs=pairs, today=_today(part), trending_half_life=half_life, version=_UNNAMED
        )
        return evaluate.score(beside(model), asked)

    return choose(DEFAULT, CHOICES, score), half_life


def _fit(sessions: Baskets, parameters: Parameters, half_life: float) -> ItemModel:
    return item_item.fit(
        sessions,
        parameters,
        pairs=item_item.pairs_together(sessions, LEAST_TOGETHER),
        today=_today(sessions),
        trending_half_life=half_life,
        version=_UNNAMED,
    )


def _popular(sessions: Baskets, half_life: float) -> ItemModel:
    return trending.fit(sessions, today=_today(sessions), half_life=half_life, version=_UNNAMED)


def _today(sessions: Baskets) -> int:
    return int(sessions.day[-1]) + 1 if len(sessions) else 0
