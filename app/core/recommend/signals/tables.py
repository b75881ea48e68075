"""A table of neighbours for every item, summed over a shopper's history: what newer steps hold weighs more.

How the table came about is the trainers' business: ordered steps, similar baskets or a linear model. The sum over the
history is Deshpande and Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import History
from app.core.recommend.neighbours import NEIGHBOUR, Neighbours
from app.core.recommend.signals.types import NOTHING_SAID, Arrays, Said, Scores

Weights = npt.NDArray[np.float32]
FURTHEST = 500
"""Steps back that are told apart."""


@dataclass(frozen=True, slots=True, eq=False)
class TableSignal:
    """Neighbours of the items of a history, weighted by how far back the items stand.

    Args:
        rows: `NEIGHBOUR` [N, K]: of every item those it speaks for, best first; index -1 and score 0 where there are
            no more.
        decay: what one step back leaves of an item's weight, in [0, 1]; 0 lets only the newest step speak.
        newest: so many of the newest events are read.
        half_life: days after which an item counts half; 0 where age does not count. Histories without ages ignore it.
    """

    name: str
    rows: Neighbours
    decay: float = 0.8
    newest: int = 20
    half_life: float = 0.0

    @classmethod
    def of(cls, arrays: Arrays, meta: dict[str, Any]) -> TableSignal:
        """The signal that an artefact holds.

        Raises:
            ValueError: there is no table of neighbours among the arrays, or it names items that it has no rows for.
        """
        rows = arrays.get("rows")
        if rows is None or rows.dtype != NEIGHBOUR or rows.ndim != 2:
            raise ValueError("a table signal has the array rows, a table of neighbours")
        if rows.size and not -1 <= int(rows["index"].min()) <= int(rows["index"].max()) < len(rows):
            raise ValueError("a table of neighbours names items outside the catalogue")
        return cls(
            str(meta["name"]), rows, float(meta["decay"]), int(meta["newest"]), float(meta.get("half_life", 0.0))
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"rows": self.rows}

    def meta(self) -> dict[str, Any]:
        return {"name": self.name, "decay": self.decay, "newest": self.newest, "half_life": self.half_life}

    @property
    def everywhere(self) -> None:
        return None

    def scores(self, history: History) -> Scores:
        """The weighted sum of the rows of the history's items, float32 [N]."""
        return self.said(history).dense(None, len(self.rows))

    def said(self, history: History) -> Said:
        """The rows of the history's items, weighted; one after the other, each from its best item on."""
        lately = history.newest(self.newest)
        if not len(lately) or not self.rows.size:
            return NOTHING_SAID
        near = self.rows[lately.item]
        weighted = near["score"] * weights_of(lately, self.decay, self.half_life)[:, None]
        # The empty places have score 0, so it does not matter that they are counted as item 0.
        return Said(np.maximum(near["index"], 0).ravel(), weighted.ravel())


def weights_of(history: History, decay: float, half_life: float = 0.0) -> Weights:
    """The weight of every event of a history, float32 [n]: `decay` ** steps back, and halved by every `half_life`."""
    weights = fading(decay).take(history.back, mode="clip")
    if half_life > 0 and history.age is not None:
        weights *= np.exp2(history.age / np.float32(-half_life))
    return weights


@cache
def fading(decay: float) -> Weights:
    """What every number of steps back leaves of a weight; what is further back weighs like the last one of these."""
    return np.power(np.float32(decay), np.arange(FURTHEST), dtype=np.float32)


def table_of(
    source: npt.NDArray[Any], target: npt.NDArray[Any], score: npt.NDArray[Any], items: int, width: int
) -> Neighbours:
    """The best `width` targets of every source as rows of a table, `NEIGHBOUR` [items, at most width].

    Args:
        source, target: positions [n]; each pair at most once. Pairs with a score of 0 or less are left out.
        score: what orders them, best first; equal scores by the target's position, so that tables repeat.
    """
    there = score > 0
    source, target, score = source[there], target[there], score[there].astype(np.float32)
    pair = source.astype(np.int64) * items + target
    if np.any(pair[1:] < pair[:-1]):
        order = np.argsort(pair)
        source, target, score = source[order], target[order], score[order]
    # The bits of floats above 0 have the order of the floats; one key is sorted much faster than two.
    best_first = (source.astype(np.int64) << 32) + (0x7FFFFFFF - score.view(np.int32))
    order = np.argsort(best_first, kind="stable")
    source, target, score = source[order], target[order], score[order]
    rank = np.arange(len(source)) - np.searchsorted(source, source)
    short = rank < width
    source, target, score, rank = source[short], target[short], score[short], rank[short]
    table = np.zeros((items, int(rank.max()) + 1 if len(rank) else 0), dtype=NEIGHBOUR)
    table["index"] = -1
    table["index"][source, rank] = target
    table["score"][source, rank] = score
    return table
