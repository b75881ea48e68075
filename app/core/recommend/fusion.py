"""Several rankings of one catalogue made into one: by ranks, because scores of different rankers share no scale.

Reciprocal rank fusion: Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank
learning methods", SIGIR 2009.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

OFFSET = 60.0
"""k of the paper, and its value: how little the very first places count more than those behind them."""

Order = npt.NDArray[np.intp]
Scores = npt.NDArray[np.float32]


def fused(rankings: Sequence[tuple[Order, float]], items: int) -> tuple[Order, Scores]:
    """All that any of the rankings holds, best first, and its scores; equal ones by their position.

    An item's score is the sum of weight / (`OFFSET` + rank) over the rankings that hold it, ranks from 1.

    Args:
        rankings: positions in the catalogue, best first and each once, with the weight of the ranking.
        items: N, the size of the catalogue.
    """
    sums = np.zeros(items, dtype=np.float32)
    for order, weight in rankings:
        sums[order] += np.float32(weight) / (np.float32(OFFSET) + np.arange(1, len(order) + 1, dtype=np.float32))
    found = np.flatnonzero(sums)
    best = found[np.argsort(-sums[found], kind="stable")]
    return best, sums[best]
