"""A ranking as the sliders want it: ordered anew, then drawn. All steps of one request, in the order in which they act.

Masks come before: whoever asks has left out what may not be shown, so that nothing here can bring it back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from app.core.experiments.explore import MOST_CANDIDATES
from app.core.recommend.diversify import Head, rerank
from app.core.recommend.exploration import Exploration, fill, worth_drawing
from app.core.recommend.steering import Steering

AHEAD = 40
"""So many candidates are drawn from the cascade where they are ordered anew: with what the shopper knows already they
are about the `live.HEAD` best, past which a source would have to sort its whole catalogue."""


@dataclass(frozen=True, slots=True)
class Steered:
    """Positions in the head, best first; new products that are not in it as n, n + 1, … in the order of `new`.

    `propensities`: the chance of each place, given the places before; empty where nothing was drawn.
    """

    order: tuple[int, ...]
    propensities: tuple[float, ...] = ()


def steer(
    head: Head,
    places: int,
    steering: Steering,
    *,
    scores: Sequence[float] = (),
    mix: Mapping[int, float] | None = None,
    new: Mapping[int, int] | None = None,
    generator: Random | None = None,
) -> Steered:
    """Order the head anew and draw what is to be drawn. With all sliders at 0 the head's first candidates, as they are.

    Args:
        scores: the head's, best first; without them any of the first `MOST_CANDIDATES` may be drawn.
        mix: the shopper's own kinds (`diversify.mix_of`).
        new: positions of new products, those outside the head counted from n on, with the impressions owed to each.
        generator: draws; the same one draws the same. Nothing is drawn without it.
    """
    order = rerank(head, places, steering, mix).tolist()
    if generator is None or not steering.draws:
        return Steered(tuple(order))
    chosen = set(order)
    # Behind the rail's own places come those that might have had them, so that they can be drawn.
    ranked = [*order, *(one for one in range(min(head.size, MOST_CANDIDATES + places)) if one not in chosen)]
    good = worth_drawing(scores) if len(scores) else [True] * head.size
    drawn = fill(ranked, places, Exploration.of(steering), generator, good=[good[one] for one in ranked], new=new or {})
    return Steered(drawn.items, drawn.propensities)
