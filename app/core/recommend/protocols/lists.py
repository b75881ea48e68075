"""Ragged lists of items as they come out of files, and what is done to them before they become histories.

Items are codes over everything that any of an exam's files names; which of them form the catalogue is decided later,
by what may be learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import Histories, Ids, Items

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """`starts` int64 [R + 1], `item` int64 [E]: row r is `item[starts[r]:starts[r + 1]]`."""

    starts: Ids
    item: Ids

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Ids:
        return np.diff(self.starts)

    @property
    def row(self) -> Ids:
        """Whose each entry is, int64 [E]."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def keep(self, entries: Mask) -> Lists:
        """Only these entries, bool [E]; rows stay, empty ones too."""
        return Lists(starts_of(self.row[entries], len(self)), self.item[entries])

    def take(self, rows: Mask) -> Lists:
        """Only these rows, bool [R]."""
        return Lists(
            np.append(0, np.cumsum(self.lengths[rows])).astype(np.int64), self.item[np.repeat(rows, self.lengths)]
        )

    def newest(self, most: int) -> Lists:
        """The last `most` entries of every row."""
        return self.keep(self.from_the_end < most)

    @property
    def from_the_end(self) -> Ids:
        """How many entries of the same row come after each, int64 [E]."""
        return np.repeat(self.starts[1:], self.lengths) - 1 - np.arange(len(self.item))

    @property
    def firsts(self) -> Mask:
        """Whether an entry is its item's first one in its row, bool [E]."""
        return first_of(self.row * (int(self.item.max(initial=0)) + 1) + self.item)


def starts_of(row: Ids, rows: int) -> Ids:
    """Where each of so many rows starts, given the row of every entry, ascending."""
    return np.append(0, np.cumsum(np.bincount(row, minlength=rows))).astype(np.int64)


def first_of(key: Ids) -> Mask:
    """Whether each entry is the first with its key, bool [E]."""
    first = np.zeros(len(key), dtype=np.bool_)
    first[np.unique(key, return_index=True)[1]] = True
    return first


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """The items that are ranked, out of all that the files name.

    `position` int64 [total]: the place of every code, -1 for items outside. `names`: the ids, in the catalogue's order.
    """

    position: Ids
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def items(self) -> Ids:
        return np.arange(len(self.names), dtype=np.int64)

    def has(self, codes: Ids) -> Mask:
        return self.position[codes] >= 0

    def positions(self, codes: Ids) -> Items:
        return self.position[codes].astype(np.int32)

    def histories(self, lists: Lists, day: npt.NDArray[np.float32] | None = None, step: Ids | None = None) -> Histories:
        """The lists as histories, unknown items left out; every entry is a step of its own unless steps are given."""
        known = self.has(lists.item)
        kept = lists.keep(known)
        steps = np.arange(len(lists.item)) - np.repeat(lists.starts[:-1], lists.lengths) if step is None else step
        return Histories(
            self.items,
            kept.starts,
            self.positions(kept.item),
            steps[known].astype(np.int32),
            None if day is None else day[known],
        )


def catalogue_of(learnt: Ids, names: tuple[str, ...], more: Mask | None = None) -> Catalogue:
    """The catalogue of the codes that are learnt from, in the order in which they first appear there.

    What a model scores alike may be told apart by its place, so nothing that is only asked about may have a say in it.

    Args:
        more: further codes that are ranked, bool [total]; they come last, by their ids.
    """
    codes, first = np.unique(learnt, return_index=True)
    codes = codes[np.argsort(first, kind="stable")]
    others = np.empty(0, dtype=np.int64) if more is None else np.setdiff1d(np.flatnonzero(more), codes)
    codes = np.append(codes, np.array(sorted(others.tolist(), key=names.__getitem__), dtype=np.int64))
    position = np.full(len(names), -1, dtype=np.int64)
    position[codes] = np.arange(len(codes))
    return Catalogue(position, tuple(names[code] for code in codes.tolist()))


def present_in(codes: Ids, total: int) -> Mask:
    """Which of `total` codes occur, bool [total]."""
    return np.bincount(codes, minlength=total) > 0
