"""What is expected of a customer, by simple rules: churn risk by the stage of life, the next order by the rhythm.

Prediction models may take the place of `outlook_of`; whoever asks gets the same values from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

RISKS: Final = {
    "new": "medium",
    "active": "low",
    "loyal": "low",
    "at risk": "high",
    "lost": "very high",
    "won back": "medium",
}
"""By the word for the stage of life (`app.core.segments.lifecycle`)."""
LEAST_GAPS: Final = 2
"""Of fewer gaps between a shopper's own orders no rhythm is told."""
LEAST_ORDERS: Final = 2
OFTEN: Final = 0.5
DISCOUNT: Final = "discount"
"""The next best offer for whoever buys mostly with a discount and holds no code of ours."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Empty or None where nothing can be said."""

    churn_risk: str = ""
    next_order: date | None = None
    next_best_offer: str = ""


def outlook_of(stage: str, days: Sequence[int | None], *, orders: int, discounted: int, offer: str = "") -> Outlook:
    """By rule.

    Args:
        stage: the word for the stage of life; empty where there is none.
        days: of the shopper's orders, days since 1970-01-01.
        orders: how many there are in all, `discounted` of them with a discount.
        offer: what they hold a code for, in words.
    """
    often = orders >= LEAST_ORDERS and discounted / orders >= OFTEN
    return Outlook(RISKS.get(stage, ""), next_order_of(days), offer or (DISCOUNT if often else ""))


def next_order_of(days: Sequence[int | None]) -> date | None:
    """The last order and the median gap between the shopper's own; orders of one day count once."""
    known = sorted({day for day in days if day is not None})
    gaps = [later - earlier for earlier, later in pairwise(known)]
    if len(gaps) < LEAST_GAPS:
        return None
    return date(1970, 1, 1) + timedelta(days=known[-1] + round(median(gaps)))
