"""Draw some places of a rail instead of filling them in order, and write down the chance of what was drawn.

Two reasons to draw: to learn what the ranking does not know (epsilon-greedy over the good candidates), and to show new
products to somebody before anything can be known of them. The first place is never drawn unless asked, and nothing is
drawn whose score is far below the best one's. Off-policy estimates read the chances (`app.core.experiments.replay`).
Thompson draws were not taken: their chances have no closed form, and an estimate is only as good as the chances.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

from app.core.experiments.explore import MOST_CANDIDATES, Drawn
from app.core.ids import RequestId
from app.core.recommend.steering import Steering

MOST_EPSILON = 0.3
"""The chance with which a place is drawn at the slider's end."""
LEAST_WORTH = 0.5
"""Of the best score: what has less is never drawn in order to learn."""
FIRST_DRAWN = 1
"""Places are counted from 0; the first one stays the best candidate's."""
FIRST_FOR_NEW, EVERY = 3, 8
"""New products have the fourth place of a rail, the twelfth and the twentieth: one in eight, and none of the best."""
AUDIENCE = 500
"""A new product is owed so many impressions. The error of a click rate of 2 % is 0.6 points then."""

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Exploration:
    """How a rail is drawn.

    Args:
        epsilon: the chance with which a place is drawn among the good candidates, 0 to 1.
        for_new: the chance with which a place kept for new products gets one, 0 to 1.
        first_drawn: the first place that may be drawn, counted from 0.
    """

    epsilon: float = 0.0
    for_new: float = 0.0
    first_drawn: int = FIRST_DRAWN

    def __post_init__(self) -> None:
        for chance in (self.epsilon, self.for_new):
            if not 0.0 <= chance <= 1.0:
                raise ValueError(f"a chance must be from 0 to 1, not {chance}")

    @classmethod
    def of(cls, steering: Steering) -> Exploration:
        """As the sliders want it."""
        return cls(MOST_EPSILON * steering.exploration, steering.new_products)

    def chance_of_new(self, place: int) -> float:
        """The chance that this place is given to a new product, while there is one."""
        kept = place >= max(FIRST_FOR_NEW, self.first_drawn) and (place - FIRST_FOR_NEW) % EVERY == 0
        return self.for_new if kept else 0.0


def generator_of(salt: str, request: RequestId) -> Random:
    """The generator of one request of one shop: who knows both can draw again what was drawn."""
    return Random(f"{salt}:{request}")  # noqa: S311 - nothing is kept secret by it


def owed(impressions: int, audience: int = AUDIENCE) -> int:
    """How many impressions a new product still lacks; 0 when it stands on its own."""
    return max(audience - impressions, 0)


def worth_drawing(scores: Sequence[float], least: float = LEAST_WORTH) -> list[bool]:
    """Which candidates are good enough to be drawn.

    Where all scores are above 0 those with `least` of the best one's; else, because rankers' scores have no zero, those
    that are `least` of the way from the last candidate's score to the best one's. A later source of a rail has scores
    of its own: past a candidate that is not good enough none is.

    Args:
        scores: best first.
    """
    if not scores:
        return []
    ground = 0.0 if min(scores) > 0.0 else min(scores)
    bar = ground + least * (scores[0] - ground)
    good, found = True, []
    for score in scores:
        good = good and score >= bar
        found.append(good)
    return found


def fill(
    ranked: Sequence[T],
    places: int,
    how: Exploration,
    generator: Random,
    *,
    good: Sequence[bool] | None = None,
    new: Mapping[T, int] | None = None,
) -> Drawn[T]:
    """Fill the places one after the other.

    A place kept for new products gets one with the chance `how.for_new`, each as often as impressions are owed to it.
    Any other place, and that one else, gets with chance epsilon any of the good candidates that are left, all alike,
    and else the best that is left, which counts as good. All that a product can come by is added up in its chance,
    which is exact, given the places before. Draws are from the first `MOST_CANDIDATES`.

    Args:
        ranked: candidates that may be shown, best first, none twice.
        good: for each of them whether it may be drawn (`worth_drawing`); all where it is not given.
        new: new products that may be shown, with the impressions owed to each, above 0; `ranked` may hold them, too.

    Returns:
        As many items as there are places and candidates, none twice.
    """
    drawn_from = list(zip(ranked[:MOST_CANDIDATES], good or [True] * len(ranked), strict=False))
    rest = [(item, False) for item in reversed(ranked[MOST_CANDIDATES:])]
    waiting = dict(new or {})
    items: dict[T, float] = {}
    for place in range(places):
        while not drawn_from and rest:
            one = rest.pop()
            drawn_from = [] if one[0] in items else [one]
        if not drawn_from and not waiting:
            break
        pool = _pool(drawn_from, lottery=place >= how.first_drawn and how.epsilon > 0.0)
        for_new = how.chance_of_new(place) if pool else 1.0
        draw = _Draw(pool, how.epsilon, waiting, for_new if waiting else 0.0)
        item = draw.one(generator)
        items[item] = draw.chance(item)
        drawn_from = [one for one in drawn_from if one[0] != item]
        waiting.pop(item, None)
    return Drawn(tuple(items), tuple(items.values()))


def _pool(left: Sequence[tuple[T, bool]], *, lottery: bool) -> list[T]:
    """The best that is left, and after it those that may be drawn as well."""
    return [item for place, (item, good) in enumerate(left) if not place or (lottery and good)]


@dataclass(frozen=True, slots=True)
class _Draw(Generic[T]):
    """What one place may get: of `pool` the first one or any, or one of those that wait for an audience."""

    pool: Sequence[T]
    epsilon: float
    waiting: Mapping[T, int]
    for_new: float

    def one(self, generator: Random) -> T:
        if self.for_new and generator.random() < self.for_new:
            return generator.choices(list(self.waiting), list(self.waiting.values()))[0]
        lottery = len(self.pool) > 1 and generator.random() < self.epsilon
        return self.pool[int(generator.random() * len(self.pool))] if lottery else self.pool[0]

    def chance(self, item: T) -> float:
        """The chance with which `one` gives this item."""
        by_right = self.for_new * self.waiting.get(item, 0) / sum(self.waiting.values()) if self.for_new else 0.0
        return by_right + (1.0 - self.for_new) * self._by_rank(item)

    def _by_rank(self, item: T) -> float:
        if item not in self.pool:
            return 0.0
        if len(self.pool) == 1:
            return 1.0
        each = self.epsilon / len(self.pool)
        return each if item != self.pool[0] else 1.0 - self.epsilon + each
