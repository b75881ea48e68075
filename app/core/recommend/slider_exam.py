"""What each slider costs and brings in a shop: the rail's own exam asked again with the sliders moved, one by one.

It is asked of what the rail shows after the exam, with the questions of the exam and the code that serves. Nothing is
chosen by it: whoever moves a slider sees what it would have done to this shop's own shoppers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.recommend.diversify import directions, mix_of
from app.core.recommend.evaluate import LEAST_QUESTIONS, K
from app.core.recommend.groups import Groups
from app.core.recommend.histories import NOTHING
from app.core.recommend.questions import SEED, Question
from app.core.recommend.scorers import HistoryScorer, Scorer
from app.core.recommend.scoring import ItemModel
from app.core.recommend.shopper import Shopper
from app.core.recommend.tradeoff import About, Asked, Measured, grid, in_all_ways, telling

MOST_ASKED = 600
"""Questions, drawn from the exam's: some milliseconds each, for all settings together."""
KEY = "sliders"
"""Under this name it stands beside a rail's exam."""
ScoreOf = Callable[[Question], npt.NDArray[np.floating[Any]]]
"""From a question of an exam to a score for every item, [N]."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One slider at one setting, all others off.

    `change`: of NDCG@10 and its 95 % interval, as parts of what it is with all sliders off; None where that is 0.
    `values`: the figures of `tradeoff.Measured`; None where the shop's products have no kinds, or no factors.
    """

    slider: str
    setting: float
    change: tuple[float, float, float] | None
    values: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class SliderExam:
    """What came of it: over so many questions, with all sliders off, and with each alone."""

    questions: int
    off: Mapping[str, float | None]
    settings: Sequence[Setting]

    def as_json(self) -> dict[str, Any]:
        return {
            "questions": self.questions,
            "off": dict(self.off),
            "settings": [
                {"slider": one.slider, "setting": one.setting, "change": one.change, "values": dict(one.values)}
                for one in self.settings
            ],
        }

    @classmethod
    def of(cls, exam: Mapping[str, Any]) -> SliderExam | None:
        """From a rail's exam in the register; None where sliders were not measured."""
        written = exam.get(KEY)
        if not written:
            return None
        settings = [
            Setting(one["slider"], one["setting"], tuple(one["change"]) if one["change"] else None, one["values"])
            for one in written["settings"]
        ]
        return cls(written["questions"], written["off"], settings)


def about(model: ItemModel, groups: Groups | None, *, factors: bool) -> About:
    """What sliders know of the items where this model serves.

    Args:
        factors: whether the served model has the factors of this one.
    """
    vectors = directions(model.factors) if factors and model.factors is not None else None
    return About(model.popularity, kind=groups, vectors=vectors)


def measured(
    score_of: ScoreOf, asked: Sequence[Question], known: About, items: npt.NDArray[np.int64]
) -> dict[str, Any]:
    """What stands beside the exam: nothing where there are too few questions to tell anything.

    Args:
        items: int64 [N], the catalogue.
    """
    if len(asked) < LEAST_QUESTIONS:
        return {}
    chosen = np.random.default_rng(SEED).permutation(len(asked))[:MOST_ASKED]
    drawn = [asked[place] for place in np.sort(chosen).tolist()]
    off, *others = in_all_ways(_as_served(score_of, drawn, known, items), known, telling(grid(), known), k=K)
    settings = [_setting(one, off) for one in others]
    return {KEY: SliderExam(len(drawn), _values(off), settings).as_json()}


def by_given(scorer: Scorer) -> ScoreOf:
    """For scorers that are asked with products."""
    return lambda question: scorer(question.given)


def by_history(scorer: HistoryScorer) -> ScoreOf:
    """For scorers that read histories."""
    return lambda question: scorer(question.history or NOTHING)


def _as_served(
    score_of: ScoreOf, asked: Sequence[Question], known: About, items: npt.NDArray[np.int64]
) -> Iterator[Asked]:
    for question in asked:
        allowed = np.ones(len(items), dtype=np.bool_)
        allowed[question.left_out] = False
        yield Asked(np.asarray(score_of(question), np.float32), allowed, question.others, _mix(question, known, items))


def _mix(question: Question, known: About, items: npt.NDArray[np.int64]) -> Mapping[int, float]:
    """The kinds of what is given, each product weighing as much as a purchase tells of a shopper."""
    if known.kind is None:
        return {}
    interests = Shopper(bought=question.given).interests()
    places = np.searchsorted(items, [one.product_id for one in interests])
    return mix_of(known.kind[places], np.array([one.weight for one in interests], dtype=np.float32))


def _setting(one: Measured, off: Measured) -> Setting:
    ((slider, setting),) = [(name, value) for name, value in one.steering.as_json().items() if value]
    return Setting(slider, setting, one.change_from(off), _values(one))


def _values(one: Measured) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else round(value, 6) for name, value in one.values.items()}
