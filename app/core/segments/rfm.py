"""Recency, frequency and monetary value, each as a score from 1 (the lowest fifth) to 5.

The independent quintiles of Hughes, "Strategic Database Marketing" (1994), over everybody who has ever ordered: the
score is 1 + floor(5 · share of customers below). Equal values score alike, so fifths are as large as ties allow; the
recency's value is the moment of the last order, so 5 is the most recent.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

FIFTHS: Final = 5


@dataclass(frozen=True, slots=True)
class Cuts:
    """The least value that scores 2, 3, 4 and 5, of the last order's second, of orders, and of minor units spent."""

    recency: tuple[int, ...] = ()
    frequency: tuple[int, ...] = ()
    monetary: tuple[int, ...] = ()


def score(value: int, cuts: Sequence[int]) -> int:
    """From 1 to 5."""
    return 1 + bisect_right(cuts, value)


def cuts_of(values: Iterable[int]) -> tuple[int, ...]:
    """The cuts of these customers' values; a score that nobody has is cut where the next higher one is."""
    ordered = sorted(values)
    starts: list[int] = []
    below = 0
    for value, same in groupby(ordered):
        reached = 1 + FIFTHS * below // len(ordered)
        starts += [value] * (reached - 1 - len(starts))
        below += sum(1 for _ in same)
    return tuple(starts)
