"""In which stage of their life as a customer somebody is, by the rhythm of their own orders.

The expected gap is the mean of the customer's own gaps and one gap of the shop's usual length, so that one or two
orders say little and many say all (a mean shrunk to the shop's median). Whoever is silent for longer than 1.5 expected
gaps is at risk, for longer than 3 lost. Seconds are whole numbers, so that every engine counts alike.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Stage(IntEnum):
    NEW = 1
    """One order, and not silent for long."""
    ACTIVE = 2
    LOYAL = 3
    """`LOYAL_ORDERS` orders or more."""
    AT_RISK = 4
    LOST = 5
    WON_BACK = 6
    """Had been lost, by the rhythm of then, and has ordered again."""


WORDS: Final = {
    Stage.NEW: "new",
    Stage.ACTIVE: "active",
    Stage.LOYAL: "loyal",
    Stage.AT_RISK: "at risk",
    Stage.LOST: "lost",
    Stage.WON_BACK: "won back",
}
MEANINGS: Final = {
    Stage.NEW: "ordered once, and the next order is not overdue yet",
    Stage.ACTIVE: "ordered two or three times, and keeps to the usual pace",
    Stage.LOYAL: "ordered four times or more, and keeps to the usual pace",
    Stage.AT_RISK: "has been silent for more than one and a half times the expected gap between orders",
    Stage.LOST: "has been silent for more than three times the expected gap between orders",
    Stage.WON_BACK: "had been lost, and ordered again",
}
"""What each stage says of whoever is in it, as a merchant reads it; the words continue “whoever”."""
DAY_S: Final = 86_400
USUAL_S: Final = 90 * DAY_S
"""The shop's usual gap while fewer than `LEAST_GAPS` gaps are known."""
LEAST_GAPS: Final = 20
RISK, LOST = (3, 2), 3
"""At risk after 3/2 expected gaps, lost after 3."""
LOYAL_ORDERS: Final = 4


def expected_gap_s(orders: int, first_s: int, last_s: int, usual_s: int) -> int:
    """The seconds within which the next order is expected; `orders` is 1 at least."""
    return (last_s - first_s + usual_s) // orders


def stage_of(orders: int, *, first_s: int, before_s: int | None, last_s: int, now_s: int, usual_s: int) -> Stage | None:
    """The stage of whoever has placed `orders` orders, the first and last of them at these seconds since 1970.

    Args:
        before_s: when the order before the last was placed; None where there is one order.
        usual_s: the median gap between two orders in the shop.
    """
    if orders < 1:
        return None
    expected, silent = expected_gap_s(orders, first_s, last_s, usual_s), now_s - last_s
    if silent > LOST * expected:
        return Stage.LOST
    if RISK[1] * silent > RISK[0] * expected:
        return Stage.AT_RISK
    if before_s is None:
        return Stage.NEW
    if last_s - before_s > LOST * expected_gap_s(orders - 1, first_s, before_s, usual_s):
        return Stage.WON_BACK
    return Stage.LOYAL if orders >= LOYAL_ORDERS else Stage.ACTIVE
