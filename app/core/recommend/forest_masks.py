"""Which leaf a row ends in, for all trees at once and without walking one of them: bit masks, as in QuickScorer.

Lucchese, Nardini, Orlando, Perego, Tonellotto and Venturini, "QuickScorer: a fast algorithm to rank documents with
additive ensembles of regression trees", SIGIR 2015. Bit i of a tree's mask is its i-th leaf from the left. A split that
sends a row right clears the leaves on its left; of the leaves that no split cleared, the lowest bit is the row's. Here
the masks of all splits on one feature are combined beforehand for every interval between its thresholds, so that a
row costs one look-up for each feature.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.recommend.forest_trees import LEAVES, SPLITS, Layout, Missing, Trees, layout, on_leaves, own_place

ALL = np.uint16(0xFFFF)
ZERO = np.float32(1e-35)
"""LightGBM takes values up to it, of either sign, for 0."""
COUNTED = 255
"""Bounds of one feature that are counted in a byte; with more of them they are searched."""
ABREAST = 8
"""Rows whose counts are added at once, as the bytes of one number of 64 bits."""
CHUNK = 512
"""Rows whose masks are combined at a time: they then stay in the processor's own memory."""
BLOCK = 4096
"""Rows whose intervals are found at a time: enough for what NumPy does before each comparison to cost little."""
Masks = npt.NDArray[np.uint16]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One feature: `bounds` float32 [B, 1], ascending, the last infinite; `masks` uint16 [B + 1, T].

    A row has the masks at the number of bounds that its value does not exceed: none for NaN.
    """

    column: int
    bounds: Floats
    masks: Masks

    def index(self, values: Floats) -> npt.NDArray[Any]:
        """How many bounds each value does not exceed, whole numbers [C]; C is a multiple of `ABREAST`."""
        if len(self.bounds) > COUNTED:
            return len(self.bounds) - self.bounds[:, 0].searchsorted(values)
        # Comparing with every bound and adding up beats a search, whose branches no processor can foresee. No byte
        # overflows into the next one, because there are at most 255 bounds.
        return np.asarray(np.add.reduce((self.bounds >= values).view(np.uint64), axis=0).view(np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class MaskedTrees:
    """The trees as masks; `value` float32 [T * 16] and `leaf` intp [T, 16] by the leaves as counted from the left."""

    trees: int
    looks: tuple[Look, ...]
    value: Floats
    leaf: npt.NDArray[np.intp]

    @classmethod
    def of(cls, trees: Trees) -> MaskedTrees:
        """The same trees, prepared."""
        at = layout(trees)
        keep = _kept(trees, at)
        looks = tuple(_look(trees, keep, int(column)) for column in np.unique(trees.feature))
        exists = np.arange(LEAVES) <= trees.splits[:, None]
        tree, number = np.nonzero(exists)
        order = at.first[tree, SPLITS + number]
        value = np.zeros((len(trees), LEAVES), dtype=np.float32)
        value[tree, order] = on_leaves(trees, trees.value)[tree, number]
        leaf = np.zeros((len(trees), LEAVES), dtype=np.intp)
        leaf[tree, order] = number
        return cls(len(trees), looks, value.ravel(), leaf)

    def scores(self, rows: Floats) -> Floats:
        """The sum of the leaves' values, float32 [C]; best for `BLOCK` rows at a time."""
        sums = np.empty(len(rows), dtype=np.float32)
        for part, exits in self._exits(rows):
            self.value.take(exits, mode="clip").sum(axis=1, out=sums[part])
        return sums

    def leaves(self, rows: Floats) -> npt.NDArray[np.intp]:
        """Each tree's leaf by its own number, intp [C, T]."""
        leaves = np.empty((len(rows), self.trees), dtype=np.intp)
        for part, exits in self._exits(rows):
            leaves[part] = self.leaf.ravel()[exits]
        return leaves

    def _exits(self, rows: Floats) -> Iterator[tuple[slice, npt.NDArray[np.intp]]]:
        """Chunk after chunk of the rows, places in `value` and `leaf`, [c, T]."""
        indexes = self._indexes(rows)
        for start in range(0, len(rows), CHUNK):
            part = slice(start, min(start + CHUNK, len(rows)))
            state = np.full((part.stop - start, self.trees), ALL, dtype=np.uint16)
            masks = np.empty_like(state)
            for look, index in zip(self.looks, indexes, strict=True):
                look.masks.take(index[part].astype(np.intp), axis=0, out=masks, mode="clip")
                np.bitwise_and(state, masks, out=state)
            # The exponent of a power of two is its logarithm, which costs less than a look-up in 65,536 entries.
            lowest = (state & -state).astype(np.float32).view(np.int32)
            np.right_shift(lowest, 23, out=lowest)
            lowest += np.arange(self.trees, dtype=np.int32) * LEAVES - 127
            yield part, lowest.astype(np.intp)

    def _indexes(self, rows: Floats) -> list[npt.NDArray[Any]]:
        """For each look the row of its masks that every row has, whole numbers [C]."""
        wide = np.zeros((rows.shape[1], -(-len(rows) // ABREAST) * ABREAST), dtype=np.float32)
        wide[:, : len(rows)] = rows.T
        return [look.index(wide[look.column]) for look in self.looks]


def _kept(trees: Trees, at: Layout) -> Masks:
    """Of every split, the leaves that remain when it sends a row right, uint16 [M]."""
    tree, place = np.repeat(np.arange(len(trees)), trees.splits), own_place(trees)
    child = at.left[tree, place]
    cleared = ((1 << at.leaves[tree, child]) - 1) << at.first[tree, child]
    return np.asarray(~cleared & int(ALL), dtype=np.uint16)


def _look(trees: Trees, keep: Masks, column: int) -> Look:
    """The masks of all splits on one feature, for every interval of its values."""
    split = np.flatnonzero(trees.feature == column)
    bounds = np.unique(np.append(trees.threshold[split], np.float32(np.inf)))
    if (trees.missing[split] == Missing.ZERO).any() or (np.abs(bounds) <= ZERO).any():
        bounds = np.union1d(bounds, [np.nextafter(-ZERO, -np.float32(np.inf)), ZERO])
    # A split decides alike for a whole interval, so its upper end stands for it; NaN is an interval of its own.
    values = np.append(np.float32(np.nan), bounds[::-1])
    masks = np.where(goes_left(trees, split, values[:, None]), ALL, keep[split])
    tree = np.repeat(np.arange(len(trees)), trees.splits)[split]
    used, starts = np.unique(tree, return_index=True)
    table = np.full((len(values), len(trees)), ALL, dtype=np.uint16)
    table[:, used] = np.bitwise_and.reduceat(masks, starts, axis=1)
    return Look(column, bounds[:, None], table)


def goes_left(trees: Trees, split: npt.NDArray[np.intp], values: Floats) -> npt.NDArray[np.bool_]:
    """Whether these splits [m] send values float32 [V, 1] left, bool [V, m]: LightGBM's own rule.

    Tiny values are read as 0, and NaN too except by splits that know NaN; what a split takes for missing goes its
    default way; every other value goes left if it does not exceed the threshold (`NumericalDecision` in LightGBM's
    tree.h, and the rows that its C interface hands to it).
    """
    missing = trees.missing[split]
    is_zero = (np.abs(values) <= ZERO) | (np.isnan(values) & (missing != Missing.NAN))
    read = np.where(is_zero, np.float32(0.0), values)
    is_missing = np.where(missing == Missing.ZERO, is_zero, np.isnan(read))
    return np.where(is_missing, trees.default[split], read <= trees.threshold[split])
