"""Sessions of looking around as baskets: which of them tell what belongs together, and how many an exam needs.

Light, because due work asks whether there are enough of them again and again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import Histories
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
    number, began = _numbered(session, day)
    return baskets_of(number, product, began, items=items)


def visits_of(session: Ids, product: Ids, day: npt.NDArray[np.int32], *, items: Ids) -> Histories:
    """Sessions view by view, a step each, in the order of `sessions_of`: what follows what is told by these alone.

    The same product again at once is a page that was loaded anew, and counts once.

    Args:
        session, product, day, items: as for `sessions_of`.
    """
    number, began = _numbered(session, day)
    order = np.argsort(number, kind="stable")
    number, item = number[order], np.searchsorted(items, product[order])
    again = np.append(False, (number[1:] == number[:-1]) & (item[1:] == item[:-1]))[: len(number)]
    number, item, began = number[~again], item[~again].astype(np.int32), began[order][~again]
    starts = np.append(0, np.cumsum(np.bincount(number))).astype(np.int64)
    step = (np.arange(len(number)) - starts[number]).astype(np.int32)
    return Histories(items, starts, item, step, began.astype(np.float32))


def telling_visits(visits: Histories, sessions: Baskets) -> Histories:
    """Those of the visits that are `telling`; one for each session, in its order."""
    keep = (sessions.sizes >= 2) & (sessions.sizes <= LARGEST_SESSION)
    return visits.keep(np.repeat(keep, visits.lengths))


def _numbered(session: Ids, day: npt.NDArray[np.int32]) -> tuple[Ids, npt.NDArray[np.int32]]:
    """Of every line the number of its session, oldest first, and the day on which that began."""
    _, first, at = np.unique(session, return_index=True, return_inverse=True)
    began = day[first]
    number = np.empty(len(began), dtype=np.int64)
    number[np.argsort(began, kind="stable")] = np.arange(len(began))
    return number[at], began[at]
