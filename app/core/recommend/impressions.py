"""What a shopper was shown again and again and never took up is worth less to them, until it has been away for a while.

After Lee, Lakshmanan, Tiwari and Shah, "Modeling impression discounting in large-scale recommender systems", KDD 2014:
the discount grows with the number of impressions and fades with the time since. It never removes anything, so that it
cannot empty a rail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime

import numpy as np
import numpy.typing as npt

from app.core.ids import ProductId

VISIT_S = 600
"""However many rails of these ten minutes a card was in view in, it counts as one showing."""
MOST_KEPT = 8
"""Showings of one product that are remembered, the newest: more of them change nothing."""
HALF_LIFE_DAYS = 7.0
"""A showing counts half after a week: sorts and seasons change, and so do minds."""
FREE = 2.0
"""Nobody is said to ignore what they saw so often at most."""
KEPT_EACH = 0.75
"""What each further showing leaves of a product's relevance. Chosen by judgement: public data hold no such logs."""
LEAST = 0.2
"""What is left at the end."""

Shown = Mapping[ProductId, Sequence[int]]
"""For each product the visits in which its card was in view, as `visit_of` numbers them."""


def visit_of(moment: datetime) -> int:
    """The number of the ten minutes in which something happened, counted from 1970."""
    return int(moment.timestamp()) // VISIT_S


def left_of(visits: Sequence[int], now: int) -> float:
    """What is left of the relevance of a product with these showings, from `LEAST` to 1.

    Args:
        visits: as `visit_of` numbers them, in any order.
        now: the present one. Showings from the future count as of now.
    """
    per_day = 24 * 3600 / VISIT_S
    counted: float = sum(0.5 ** (max(now - visit, 0) / per_day / HALF_LIFE_DAYS) for visit in visits)
    return float(max(LEAST, KEPT_EACH ** max(counted - FREE, 0.0)))


def left_of_all(
    products: Sequence[ProductId], shown: Shown, taken_up: Set[ProductId], now: int
) -> npt.NDArray[np.float32]:
    """What is left of each candidate's relevance, float32 [n].

    Args:
        taken_up: what the shopper clicked, looked at or put into the cart was not ignored.
    """
    left = [left_of(shown[one], now) if one in shown and one not in taken_up else 1.0 for one in products]
    return np.array(left, dtype=np.float32)
