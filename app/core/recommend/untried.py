"""Where a ranking puts what nobody has wanted yet: as if it were neither better nor worse than the rest of the shop.

A ranker learns from what people did, and nobody has done anything with an item that is new, so it has no reason to put
it anywhere but last. Content says who would like it, and says so of known items, too; without evidence to the contrary
it is taken to be as right about the one as about the other. If untried items are one in twenty, the one that content
speaks for most comes into the twentieth place at the latest, the next into the fortieth: a ranking of hundreds has its
share of them, a rail of ten stays as the ranker has it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.intp]
Values = npt.NDArray[np.float32]
MOST = 0.1
"""The share of places at most that are given away, however much of a catalogue is untried."""


def share_of(wanted: Values) -> float:
    """The share of places that untried items get.

    Args:
        wanted: float32 [N], 0 for an item that nobody has.
    """
    return min(float(np.mean(wanted <= 0)), MOST) if len(wanted) else 0.0


def placed(order: Places, liked: Values, share: float) -> Places:
    """The order, with untried items no further back than their share of the places.

    Args:
        order: the candidates, best first, intp [C].
        liked: float32 [C] by candidate: how much content speaks for it, 0 for what is no untried item.

    Returns:
        intp [C]; among the first j / share places there are j untried items at least, as long as there are so many.
    """
    untried = np.flatnonzero(liked > 0)
    untried = untried[np.argsort(-liked[untried], kind="stable")][: int(len(order) * share)]
    if not len(untried):
        return order
    is_lifted = np.zeros(len(order), dtype=np.bool_)
    is_lifted[untried] = True
    # How many of the others stand before each; of what is lifted that many at most.
    before = np.empty(len(order), dtype=np.float64)
    before[order] = np.cumsum(~is_lifted[order]) - 1.0
    number = np.arange(1, len(untried) + 1)
    before[untried] = np.minimum(before[untried] + 1.0, np.round(number / share) - number) - 0.5
    return np.lexsort((-liked, before))
