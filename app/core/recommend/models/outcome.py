"""What a training reads, what it chose, and what it learnt of every rail: values that its steps hand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.recommend.evaluate import Exam, Result
from app.core.recommend.groups import Groups
from app.core.recommend.histories import Histories
from app.core.recommend.interactions import Baskets
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.models import als, co_view, trending
from app.core.recommend.models.blending import Learnt
from app.core.recommend.models.item_item import Parameters
from app.core.recommend.models.visits import NOT_ASKED, Visits
from app.core.recommend.types import Rail, Strategy


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
