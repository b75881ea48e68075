"""What a training learnt, rail by rail: which model, and how it did in its exam beside what is popular.

A figure never stands alone (law 6): each row shows the floor that had to be beaten, the interval of the difference, and
over how many cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.recommend.evaluate import HR
from app.core.recommend.types import Rail, Strategy
from app.ports import ModelRecord

RAILS: Mapping[Rail, str] = {
    Rail.FOR_YOU: "For you",
    Rail.BUY_AGAIN: "Buy again",
    Rail.BOUGHT_TOGETHER: "Often bought together",
    Rail.ALSO_VIEWED: "Also viewed",
    Rail.COMPLETE_THE_LOOK: "Complete the look",
    Rail.GOES_WELL: "Goes well with your cart",
}
SOURCES = {
    Strategy.RANKED: "many signals in one ranking",
    Strategy.ALS: "what suits each shopper",
    Strategy.ITEM_ITEM: "bought in the same orders",
    Strategy.CO_VIEW: "viewed in the same visits",
    Strategy.COMPLEMENTS: "bought together, of another kind",
    Strategy.REPLENISH: "what each customer needs again",
    Strategy.TRENDING: "what is popular",
    Strategy.STORED_LIST: "the list in your store",
    Strategy.NONE: "nothing",
}
CASES = {
    Rail.FOR_YOU: "returning customers",
    Rail.BUY_AGAIN: "returning customers",
    Rail.BOUGHT_TOGETHER: "orders",
    Rail.ALSO_VIEWED: "visits",
    Rail.COMPLETE_THE_LOOK: "orders",
    Rail.GOES_WELL: "orders",
}


STAYING_AWAY = (Rail.BUY_AGAIN, Rail.ALSO_VIEWED, Rail.COMPLETE_THE_LOOK)
"""Rails that hold nothing else while their model has not passed."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """One rail's row. `found` and `floor` are the shares of cases in which ten suggestions held what was sought.

    Of "buy again", whose floor is what a customer had bought most often, they tell how far in front it stood: 100 % is
    always first.

    `difference` bounds found less floor with 95 % confidence, in percentage points.
    """

    rail: str
    shown: bool
    source: str
    found: str
    floor: str
    difference: str
    cases: str


def learnt(model: ModelRecord) -> Sequence[Learnt]:
    """A row for each rail that sat an exam, in the order of the pages."""
    exams = model.metrics.get("rails", {})
    return [_row(rail, exams[rail]) for rail in RAILS if rail in exams]


def _row(rail: Rail, exam: dict[str, object]) -> Learnt:
    by = str(exam.get("by", HR))
    passed, questions = bool(exam["passed"]), int(str(exam["questions"]))
    source = SOURCES[Strategy(str(exam["strategy"]))]
    if not passed:
        source = "not shown yet" if rail in STAYING_AWAY else "what is popular"
    return Learnt(
        rail=RAILS[rail],
        shown=passed,
        source=source,
        found=_share(exam["model"], by) if questions else "–",
        floor=_share(exam["floor"], by) if questions else "–",
        difference=_interval(exam["difference"]) if questions > 1 else "–",
        cases=f"{questions:,} {CASES[rail]}",
    )


def _share(metrics: object, by: str) -> str:
    assert isinstance(metrics, dict)
    return f"{metrics[by]:.1%}"


def _interval(difference: object) -> str:
    assert isinstance(difference, dict)
    return f"{100 * difference['low']:+.1f} to {100 * difference['high']:+.1f} points"
