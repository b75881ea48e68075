"""New items, made: some items are taken out of everybody's history, and asked for where they stood.

What a model makes of items that it has never seen can only be measured so. Each question is what came before, without
the items taken out; the answer is one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import Histories, History
from app.core.recommend.models.replay import Asked

SHARE = 0.05
MOST = 3000


@dataclass(frozen=True, slots=True, eq=False)
class Hidden:
    """`before`: histories without the hidden items. `hidden` bool [N]. `asked`: questions whose answers are hidden."""

    before: Histories
    hidden: npt.NDArray[np.bool_]
    asked: tuple[Asked, ...]


def hide(histories: Histories, *, seed: int, share: float = SHARE, most: int = MOST) -> Hidden:
    """Take a share of the items out of all histories, drawn by the seed, and ask for them at most so many times."""
    generator = np.random.default_rng(seed)
    items = len(histories.items)
    hidden = np.zeros(items, dtype=np.bool_)
    hidden[generator.permutation(items)[: int(np.ceil(share * items))]] = True
    at = np.flatnonzero(hidden[histories.item])
    at = np.sort(generator.permutation(at)[:most])
    person = np.searchsorted(histories.starts, at, side="right") - 1
    asked = []
    for event, low in zip(at.tolist(), histories.starts[person].tolist(), strict=True):
        before = np.arange(low, event)
        before = before[~hidden[histories.item[before]] & (histories.step[before] < histories.step[event])]
        if len(before):
            history = History(histories.item[before], histories.step[before])
            asked.append(Asked(history, histories.item[event : event + 1].astype(np.int64)))
    return Hidden(histories.keep(~hidden[histories.item]), hidden, tuple(asked))


def recall(scores: Callable[[History], npt.NDArray[np.float32]], asked: Sequence[Asked], *, k: int = 100) -> float:
    """The share of the questions whose answer is among the k best of all items; ties count against it, and so does a
    score that is not above 0."""
    found = 0
    for one in asked:
        given = scores(one.history)
        answer = given[one.answers[0]]
        found += bool(answer > 0 and np.count_nonzero(given >= answer) <= k)
    return found / max(len(asked), 1)
