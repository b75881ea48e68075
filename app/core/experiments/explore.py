"""Exploration with known chances: now and then a place of a rail is drawn from the candidates, not taken in order.

Each place's chance is written into the decision, so that `off_policy` can tell later what another order would have
earned. Without exploration a rail says nothing of what it did not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

from app.core.ids import RequestId

MOST_CANDIDATES = 24
"""Places are drawn from so many of the best candidates: what comes later is shown in nobody's interest."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Drawn(Generic[T]):
    """What stands in the places, and for each the chance with which it got what it got, given the places before it."""

    items: tuple[T, ...]
    propensities: tuple[float, ...]


def generator_of(request: RequestId) -> Random:
    """The generator of one request: whoever knows the request's id can draw again what was drawn."""
    return Random(request)  # noqa: S311 - nothing is kept secret by it


def draw(candidates: Sequence[T], limit: int, epsilon: float, generator: Random) -> Drawn[T]:
    """Fill the places one after the other: epsilon-greedy on each.

    With chance `epsilon` a place gets any of those of the first `MOST_CANDIDATES` that are left, all alike, else the
    best that is left. Of m left the best one thus has the chance 1 - epsilon + epsilon / m and every other one
    epsilon / m. Past the first `MOST_CANDIDATES` the rest follow in order, with the chance 1.

    Args:
        candidates: those that may be shown, best first, none twice.
        limit: how many places there are.
        epsilon: 0 to 1. Without exploration there is nothing to draw, so that callers ask only where it is above 0.

    Raises:
        ValueError: epsilon is no chance.
    """
    if not 0.0 <= epsilon <= 1.0:
        raise ValueError(f"the chance to explore must be from 0 to 1, not {epsilon}")
    left = list(candidates[:MOST_CANDIDATES])
    random = generator.random
    items: list[T] = []
    propensities: list[float] = []
    for _ in range(min(limit, len(left))):
        each = epsilon / len(left)
        place = int(random() * len(left)) if random() < epsilon else 0
        items.append(left.pop(place))
        propensities.append(each if place else 1.0 - epsilon + each)
    rest = candidates[MOST_CANDIDATES:limit]
    return Drawn((*items, *rest), (*propensities, *(1.0 for _ in rest)))
