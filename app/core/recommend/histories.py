"""What people did, each in order: the views of a session, the products of a customer's orders, one step after another.

This is what sequential models learn from, and, for one shopper, what they are asked with. A *step* is a visit to the
shop: the products of one order share it, and every view of a session is a step of its own. Items are positions in a
catalogue, never Shopify ids; people are rows without a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Items = npt.NDArray[np.int32]
Days = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What one shopper did, oldest first.

    `item` int32 [n]: positions in the catalogue. `step` int32 [n]: never falls; equal for what belongs to one visit.
    `age` float32 [n]: days before now, at least 0; None where times are not known, and then only the order tells.
    """

    item: Items
    step: Items
    age: Days | None = None
    _back: list[Items] = field(default_factory=list, init=False, repr=False)
    _distinct: list[tuple[Items, Ids]] = field(default_factory=list, init=False, repr=False)
    """Empty until somebody asks: most signals of a blend want to know the same of one history."""

    def __len__(self) -> int:
        return len(self.item)

    @property
    def back(self) -> Items:
        """Steps back from the newest one, int32 [n]: 0 for what belongs to the newest step."""
        if not len(self.step):
            return self.step
        if not self._back:
            self._back.append(rank_of_steps(self.step[::-1])[::-1])
        return self._back[0]

    @property
    def distinct(self) -> tuple[Items, Ids]:
        """The different items, ascending, int32 [m], and which of them each event is about, int64 [n]."""
        if not self._distinct:
            item, where = np.unique(self.item, return_inverse=True)
            self._distinct.append((item, where))
        return self._distinct[0]

    def newest(self, most: int) -> History:
        """The last so many events."""
        if len(self.item) <= most:
            return self
        newest = History(self.item[-most:], self.step[-most:], None if self.age is None else self.age[-most:])
        newest._back.extend([self.back[-most:]])
        return newest


NOTHING = History(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32))


def rank_of_steps(step: Items) -> Items:
    """The steps of one person, renumbered 0, 1, 2 … in the order in which they come, int32 [n]."""
    changed = np.empty(len(step), dtype=np.int32)
    changed[:1] = 0
    changed[1:] = step[1:] != step[:-1]
    return np.cumsum(changed, dtype=np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """The histories of many people over one catalogue; the people stand in the order in which they came last.

    `items` int64 [N]: the catalogue, ascending. `starts` int64 [P + 1]: person p did `item[starts[p]:starts[p + 1]]`,
    oldest first. `step` int32 [E] as in `History`. `day` float32 [E]: days since 1970-01-01, None where unknown.
    """

    items: Ids
    starts: Ids
    item: Items
    step: Items
    day: Days | None = None

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Ids:
        """Events of each person, int64 [P]."""
        return np.diff(self.starts)

    @property
    def person(self) -> Ids:
        """Whose each event is, int64 [E]."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def end(self) -> float:
        """The day of the newest event; 0 where days are not known."""
        return float(self.day.max()) if self.day is not None and len(self.day) else 0.0

    def of(self, person: int, *, now: float | None = None) -> History:
        """One person's history; ages are counted from `now` (a day), or from the newest event of all."""
        low, high = self.starts[person : person + 2].tolist()
        age = None
        if self.day is not None:
            age = np.maximum(np.float32(self.end if now is None else now) - self.day[low:high], np.float32(0.0))
        return History(self.item[low:high], self.step[low:high], age)

    def __iter__(self) -> Iterator[History]:
        return (self.of(person) for person in range(len(self)))

    def keep(self, events: npt.NDArray[np.bool_]) -> Histories:
        """Only these events, bool [E]; people without any are left out."""
        lengths = (
            np.add.reduceat(np.append(events, False).astype(np.int64), self.starts[:-1])
            if len(self)
            else np.empty(0, np.int64)
        )
        lengths = np.where(self.lengths > 0, lengths, 0)
        starts = np.append(0, np.cumsum(lengths[lengths > 0])).astype(np.int64)
        day = None if self.day is None else self.day[events]
        return Histories(self.items, starts, self.item[events], self.step[events], day)

    def part(self, low: int, high: int) -> Histories:
        """The people [low, high)."""
        first, last = int(self.starts[low]), int(self.starts[high])
        day = None if self.day is None else self.day[first:last]
        return Histories(
            self.items, self.starts[low : high + 1] - first, self.item[first:last], self.step[first:last], day
        )
