"""What a shopper's own history says of the items in it: how often, how lately, how regularly, and whether it is time.

Most of what people put into a basket they have bought before, so these few numbers are the strongest signs of the next
one (Li, Ariannezhad, Jullien, de Rijke, "A next basket recommendation reality check", ACM TOIS 41(4), 2023). They are
computed at the moment of a request from the history alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import History, Items
from app.core.recommend.signals.intervals import Clock, Floats, Intervals
from app.core.recommend.signals.types import Arrays, Said, Scores

FADING = 0.85
"""How much a visit counts of the one after it in the column `own_decayed`."""
LEAST_GAP = 1.0
"""Two purchases of one product closer than this, in units of the clock, are one need served twice."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnItems:
    """One row for every item of a history, items ascending; all arrays are [m].

    `times`: visits with the item. `decayed`: their sum, each weighing `fading` per visit that came after it. `back`:
    visits since the last one with it. `ago`: the same in units of the clock. `gaps`: own intervals, those below
    `LEAST_GAP` left out, and `log_gaps` the sum of their logarithms.
    """

    item: Items
    times: Floats
    decayed: Floats
    back: Floats
    ago: Floats
    gaps: Floats
    log_gaps: Floats
    visits: int


_NONE = np.empty(0, dtype=np.float32)
NO_ITEMS = OwnItems(np.empty(0, dtype=np.int32), _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, 0)


def own_items(history: History, clock: Clock, fading: float = FADING) -> OwnItems:
    """Count a history by item; an item that is in one visit several times counts once."""
    if not len(history):
        return NO_ITEMS
    steps_back = history.back
    order = history.item.argsort(kind="stable")
    item, back = history.item[order], steps_back[order]
    new_item = np.ones(len(item), dtype=np.bool_)
    np.not_equal(item[1:], item[:-1], out=new_item[1:])
    new_visit = new_item.copy()
    new_visit[1:] |= back[1:] != back[:-1]
    if not new_visit.all():
        order, item, back, new_item = order[new_visit], item[new_visit], back[new_visit], new_item[new_visit]
    ago = clock.ago(history)[order] if clock is Clock.DAYS else back.astype(np.float32)
    first = new_item.nonzero()[0]
    last = np.empty_like(first)
    last[:-1], last[-1] = first[1:] - 1, len(item) - 1
    gap = np.empty(len(item), dtype=np.float32)
    np.subtract(ago[:-1], ago[1:], out=gap[1:])
    gap[first] = 0.0
    return OwnItems(
        item[first],
        (last - first + 1).astype(np.float32),
        np.add.reduceat(np.float32(fading) ** back, first),
        back[last].astype(np.float32),
        ago[last],
        np.add.reduceat((gap >= LEAST_GAP).astype(np.float32), first),
        np.add.reduceat(np.log(np.maximum(gap, LEAST_GAP)), first),
        int(steps_back[0]) + 1,
    )


def expected_log_interval(own: OwnItems, intervals: Intervals) -> Floats:
    """The logarithm of the interval to be expected of this shopper for each own item, float32 [m].

    The mean of the posterior: the shopper's own intervals, and the item's mean for as many as it is worth.
    """
    weight = np.float32(intervals.weight)
    return (weight * intervals.log_interval[own.item] + own.log_gaps) / (weight + own.gaps)


def own_features(history: History, intervals: Intervals | None = None) -> tuple[Items, dict[str, Floats]]:
    """The items that the shopper knows, int32 [m], ascending, and columns over them, float32 [m] each.

    Args:
        intervals: how soon items are bought again; without it no item is due.

    Returns:
        `own_times`, visits with the item; `own_decayed`, the same with older ones fading; `own_share` of all visits;
        `own_steps`, visits since the last one with it; `own_days`, days since; `own_interval`, the geometric mean of
        the shopper's intervals between two purchases of it, in units of the clock; `own_due`, the time since the last
        one as a multiple of the interval to be expected. NaN where the history cannot tell.
    """
    clock = intervals.clock if intervals is not None else (Clock.DAYS if history.age is not None else Clock.STEPS)
    own = own_items(history, clock)
    unknown = np.full(len(own.item), np.nan, dtype=np.float32)
    days = own.ago if clock is Clock.DAYS else unknown
    interval = unknown.copy()
    regular = own.gaps > 0
    np.exp(np.divide(own.log_gaps, own.gaps, out=interval, where=regular), out=interval)
    due = unknown if intervals is None else own.ago * np.exp(-expected_log_interval(own, intervals))
    return own.item, {
        "own_times": own.times,
        "own_decayed": own.decayed,
        "own_share": own.times * np.float32(1.0 / max(own.visits, 1)),
        "own_steps": own.back,
        "own_days": days,
        "own_interval": interval,
        "own_due": due,
    }


MOST_TIMES, MOST_BACK = 8, 18
"""From so many times and so many visits back on, a table of chances does not tell them apart any more."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnSignal:
    """The chance that an item that the shopper knows is in the next visit again; 0 for every other item.

    `chance` float32 [MOST_TIMES, MOST_BACK]: by the visits with the item (from 1) and the visits since the last one
    with it (from 0), over all items. `lift` float32 [N]: how much more often than by the table people come back for
    this item, milk more, umbrellas less: the odds are lifted so much that small chances are multiplied by it.
    """

    chance: Floats
    lift: Floats
    name: ClassVar[str] = "own"

    def __post_init__(self) -> None:
        if self.chance.shape != (MOST_TIMES, MOST_BACK) or self.lift.ndim != 1:
            raise ValueError(f"own: the table of chances has the shape {self.chance.shape}")
        for array in (self.chance, self.lift):
            if array.dtype != np.float32 or not np.isfinite(array).all() or (array < 0).any():
                raise ValueError("own: chances and lifts are finite float32 values, never negative")
        if (self.chance > 1).any() or (self.lift <= 0).any():
            raise ValueError("own: chances are at most 1, and every lift is above 0")

    def known(self, history: History) -> tuple[Items, Floats]:
        """The items of the history, ascending, and their chances."""
        own = own_items(history, Clock.STEPS)
        times = np.minimum(own.times, MOST_TIMES).astype(np.intp) - 1
        back = np.minimum(own.back, MOST_BACK - 1).astype(np.intp)
        chance = self.chance[times, back]
        lifted = chance * self.lift[own.item]
        return own.item, np.asarray(lifted / (np.float32(1.0) - chance + lifted), dtype=np.float32)

    def scores(self, history: History) -> Scores:
        """The chance of every item, float32 [N]."""
        return self.said(history).dense(None, len(self.lift))

    @property
    def everywhere(self) -> None:
        return None

    def said(self, history: History) -> Said:
        """The chances of the history's items."""
        return Said(*self.known(history))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"chance": self.chance, "lift": self.lift}

    def meta(self) -> dict[str, Any]:
        return {}

    @classmethod
    def of(cls, arrays: Arrays, meta: Mapping[str, Any]) -> OwnSignal:  # noqa: ARG003 - all of it is in the arrays
        """What `arrays` gave.

        Raises:
            ValueError: something is missing or does not fit together.
        """
        try:
            return cls(np.asarray(arrays["chance"]), np.asarray(arrays["lift"]))
        except KeyError as error:
            raise ValueError(f"own: the artefact lacks {error}") from error
