"""Cold items: a share of the catalogue is hidden from everything that is learnt from, and asked for afterwards.

What is measured is how many of the hidden items are found among the first hundred when they are what came next, in one
ranking with all other items: a new product competes with those that everybody knows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.core.recommend.protocols.exam import BadData

DEPTH = 100
"""The k of the recall of hidden items."""


def drawn(candidates: npt.NDArray[np.bool_], share: float, seed: int) -> npt.NDArray[np.bool_]:
    """The items that are hidden, bool [total]: this share of the candidates, at least one.

    Raises:
        BadData: the share is not between 0 and 0.5, or there are fewer than two candidates.
    """
    if not 0.0 < share <= 0.5:
        raise BadData(f"--cold must be above 0 and at most 0.5, not {share}.")
    among = np.flatnonzero(candidates)
    if len(among) < 2:
        raise BadData("--cold needs items that occur in the data and have attributes (--items); there are none.")
    number = max(1, round(share * len(among)))
    hidden = np.zeros(len(candidates), dtype=np.bool_)
    hidden[np.random.default_rng(seed).choice(among, size=number, replace=False)] = True
    return hidden
