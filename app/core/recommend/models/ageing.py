"""What age leaves of a person's weight, on a scale that suits a week of sessions as well as years of orders."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import Histories


def weight_of_people(histories: Histories, recency: float) -> npt.NDArray[np.float64]:
    """How much each person counts for when they came last, float64 [P], 1 for the newest.

    Args:
        recency: the share of the whole time over which a weight falls to 1/e; 0 where age does not count. Where days
            are not known, the order of the people is the time.
    """
    people = len(histories)
    if recency <= 0 or not people or not len(histories.item):
        return np.ones(people)
    if histories.day is None:
        age = 1.0 - np.arange(1, people + 1) / people
    else:
        last = np.full(people, float(histories.day.min()))
        filled = histories.lengths > 0
        last[filled] = histories.day[histories.starts[1:][filled] - 1]
        age = (histories.end - last) / max(histories.end - float(last.min()), 1.0)
    return np.asarray(np.exp(-age / recency))
