"""What a signed-in customer is likely to need again by now, with the interval that says so.

Whether anything may be known of the customer is decided where their orders are read; here are only values. The cascade
leaves out what cannot be bought, like for every source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.ids import ProductId
from app.core.recommend.cascade import Context
from app.core.recommend.histories import History
from app.core.recommend.signals.intervals import Clock
from app.core.recommend.signals.replenish import ReplenishSignal
from app.core.recommend.types import Candidate, Reason, ReasonCode, Strategy

LEAST_DUE = 0.5
"""Of the usual interval must have passed: nobody wants to be offered what came yesterday."""
LEAST_EVIDENCE = 5
"""Intervals that must have been seen of a product before anything is said of when people come back for it."""
LEAST_OWN = 2
"""Own intervals from which on a customer is told their own habit and not everybody's."""
DAYS_A_WEEK, DAYS_A_MONTH = 7.0, 30.4


@dataclass(frozen=True, slots=True)
class Bought:
    """One product of one earlier order: `order` is any number that its products share, `days_ago` at least 0."""

    product_id: ProductId
    order: int
    days_ago: float


@dataclass(frozen=True, slots=True)
class DueAgain:
    """A product that is due: its chance to be bought within the signal's horizon, and the days that explain it.

    `usual` is the interval after which people buy it again: this customer if `is_own`, else most.
    """

    product_id: ProductId
    chance: float
    days_ago: float
    usual: float
    is_own: bool


@dataclass(frozen=True, slots=True, eq=False)
class ReplenishSource:
    """A step of a cascade for one customer, made for one request.

    `item_ids` int64 [N], ascending: the products over which `signal`, whose clock counts days, was learnt. `code` is
    the reason that the rail gives, and `strategy` the name under which the source is recorded.
    """

    signal: ReplenishSignal
    item_ids: npt.NDArray[np.int64]
    bought: tuple[Bought, ...]
    code: ReasonCode
    strategy: Strategy

    def __post_init__(self) -> None:
        if self.signal.intervals.clock is not Clock.DAYS or len(self.item_ids) != len(self.signal.intervals):
            raise ValueError("what is due again needs intervals in days, one for every product")

    def due(self) -> list[DueAgain]:
        """What is due, the most likely first, equal ones by id."""
        found = self.signal.due(history_of(self.bought, self.item_ids))
        is_own = found.gaps >= LEAST_OWN
        kept = (found.ago >= LEAST_DUE * found.interval) & (is_own | (found.evidence >= LEAST_EVIDENCE))
        # Everybody's interval is said of everybody; the signal's leans towards the few own ones.
        everybodys = np.exp(self.signal.intervals.log_interval[found.item])
        usual = np.where(is_own, found.interval, everybodys)
        order = np.lexsort((found.item, -found.chance))
        return [
            DueAgain(
                ProductId(int(self.item_ids[found.item[place]])),
                float(found.chance[place]),
                float(found.ago[place]),
                float(usual[place]),
                bool(is_own[place]),
            )
            for place in order[kept[order]].tolist()
        ]

    def candidates(self, context: Context) -> Iterator[Candidate]:  # noqa: ARG002 - the customer is the context
        for one in self.due():
            yield Candidate(one.product_id, one.chance, Reason(self.code, (one.product_id,)))


def history_of(bought: Sequence[Bought], item_ids: npt.NDArray[np.int64]) -> History:
    """A customer's orders as a history over these products, oldest first; products that are not among them drop out."""
    ordered = sorted(bought, key=lambda one: (-one.days_ago, one.order, one.product_id))
    ids = np.array([one.product_id for one in ordered], dtype=np.int64)
    at = np.minimum(np.searchsorted(item_ids, ids), max(len(item_ids) - 1, 0))
    known = item_ids[at] == ids if len(item_ids) else np.zeros(len(ids), dtype=np.bool_)
    order = np.array([one.order for one in ordered], dtype=np.int64)
    step = np.cumsum(np.append(False, order[1:] != order[:-1]))[: len(order)].astype(np.int32)
    age = np.array([one.days_ago for one in ordered], dtype=np.float32)
    return History(at[known].astype(np.int32), step[known], age[known])


def due_text(one: DueAgain) -> str:
    """Why a product is due, in one English sentence."""
    ago, usual = in_words(one.days_ago), in_words(one.usual)
    if one.is_own:
        return f"You bought it {ago} ago; you usually come back after {usual}"
    return f"You bought it {ago} ago; most come back after {usual}"


def in_words(days: float) -> str:
    """A length of time in the unit that people would use."""
    if days < 2 * DAYS_A_WEEK:
        return _counted(days, "day")
    if days < 2 * DAYS_A_MONTH:
        return _counted(days / DAYS_A_WEEK, "week")
    return _counted(days / DAYS_A_MONTH, "month")


def _counted(number: float, unit: str) -> str:
    whole = max(round(number), 1)
    return f"{whole} {unit}" if whole == 1 else f"{whole} {unit}s"
