"""The highest of many scores, in the order of the catalogue: what is picked does not depend on luck."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]
Indexes = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


def best_of(total: Scores, allowed: Mask, most: int, *, among: Indexes | None = None) -> Indexes:
    """The positions of the highest scores of what is allowed, bool [N], at most so many, ascending; equal ones by
    position.

    Args:
        among: positions of allowed items that probably are most of them; only how long it takes depends on them.
    """
    if among is not None and 0 < most <= len(among):
        # Nothing below the last one that these alone would bring can be among the best.
        scores = total[among]
        allowed = allowed & (total >= np.partition(scores, len(scores) - most)[len(scores) - most])
    at = np.flatnonzero(allowed)
    return at[foremost(total[at], most)]


def foremost(scores: Scores, most: int) -> Indexes:
    """The places of the highest scores, at most so many, ascending; equal ones by their place."""
    rest = len(scores) - most
    if rest <= 0:
        return np.arange(len(scores))
    if most <= 0:
        return np.empty(0, dtype=np.intp)
    least = np.partition(scores, rest)[rest]
    at = np.flatnonzero(scores >= least)
    if len(at) > most:
        last = np.flatnonzero(scores[at] == least)
        at = np.delete(at, last[most - len(at) :])
    return at
