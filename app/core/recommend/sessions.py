"""Sessions of looking around as baskets: which of them tell what belongs together, and how many an exam needs.

Light, because due work asks whether there are enough of them again and again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.core.recommend.interactions import Baskets, Ids, baskets_of

LARGEST_SESSION = 100
"""Distinct products; whoever looks at more of them in one go is a machine."""
EXAM_SHARE = 5
"""One session in so many, the newest, is for the exam."""


def telling(sessions: Baskets) -> Baskets:
    """The sessions that models learn from: of two or more products, and no crawler's."""
    return sessions.sized(2, LARGEST_SESSION)


def suffice(sessions: Baskets, least_questions: int) -> bool:
    """Whether the exam's share of the sessions is enough for so many questions."""
    return len(telling(sessions)) // EXAM_SHARE >= least_questions


def sessions_of(session: Ids, product: Ids, day: npt.NDArray[np.int32], *, items: Ids | None = None) -> Baskets:
    """Sessions as baskets, each of the day on which it began, oldest first.

    Args:
        session: running numbers, in any order; each session's lines are in time's order.
        items: as for `baskets_of`.
    """
    _, first, at = np.unique(session, return_index=True, return_inverse=True)
    began = day[first]
    number = np.empty(len(began), dtype=np.int64)
    number[np.argsort(began, kind="stable")] = np.arange(len(began))
    return baskets_of(number[at], product, began[at], items=items)
