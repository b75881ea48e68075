"""Which leaf a row ends in, for all trees at once and without walking one of them: bit masks, as in QuickScorer.

Lucchese, Nardini, Orlando, Perego, Tonellotto and Venturini, "QuickScorer: a fast algorithm to rank documents with
additive ensembles of regression trees", SIGIR 2015. Bit i of a tree's mask is its i-th leaf from the left. A split that
sends a row right clears the leaves on its left; of the leaves that no split cleared, the lowest bit is the row's. Here
the masks of all splits on one feature are combined beforehand for every interval between its thresholds, so that a
row costs one look-up for each feature.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
TOGETHER = 2
"""Features are counted at once of which one has at most so many times as many bounds as another: what NumPy does before
each comparison costs more than comparing with bounds that are not there."""
ABREAST = 8
"""Rows whose counts are added at once, as the bytes of one number of 64 bits."""
BLOCK = 512
"""Rows that are worked on at a time: their masks then stay in the processor's own memory."""
JOINT_BYTES = 65_536
"""What the masks of several features together may take: one look-up for all of them, out of the processor's memory."""
Masks = npt.NDArray[np.uint16]
Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One feature: `bounds` float32 [B], ascending, the last infinite; `masks` uint16 [B + 1, T].

    A row has the masks at the number of bounds that its value does not exceed: no bound for NaN.
    """

    column: int
    bounds: Floats
    masks: Masks


@dataclass(frozen=True, slots=True, eq=False)
class Counter:
    """Looks [first, last) whose bounds are counted together: float32 [looks, B, 1], NaN where one has fewer."""

    first: int
    last: int
    bounds: Floats

    @classmethod
    def of(cls, looks: Sequence[Look], first: int, last: int) -> Counter:
        bounds = np.full((last - first, len(looks[last - 1].bounds), 1), np.nan, dtype=np.float32)
        for own, look in zip(bounds, looks[first:last], strict=True):
            own[: len(look.bounds), 0] = look.bounds
        return cls(first, last, bounds)

    def count(self, values: Floats) -> npt.NDArray[Any]:
        """How many bounds each value does not exceed, whole numbers [looks, C]; C is a multiple of `ABREAST`."""
        if self.bounds.shape[1] > COUNTED:
            own = self.bounds[0, :, 0]
            return len(own) - own.searchsorted(values)
        # Comparing with every bound and adding up beats a search, whose branches no processor can foresee. No byte
        # overflows into the next one, because there are at most 255 bounds.
        return np.asarray(np.add.reduce((self.bounds >= values[:, None]).view(np.uint64), axis=1).view(np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """Looks that are looked up together: `strides` float32 [L], what the count of each is multiplied with, 0 for those
    of other joints, and `masks` uint16 [product of their rows, T] at the sum."""

    strides: Floats
    masks: Masks

    @classmethod
    def of(cls, looks: Sequence[Look], chosen: Sequence[int]) -> Joint:
        strides = np.zeros(len(looks), dtype=np.float32)
        masks = np.full((1, looks[chosen[0]].masks.shape[1]), ALL, dtype=np.uint16)
        for place in chosen:
            strides[place] = len(masks)
            masks = (looks[place].masks[:, None] & masks).reshape(-1, masks.shape[1])
        return cls(strides, masks)


@dataclass(frozen=True, slots=True, eq=False)
class MaskedTrees:
    """The trees as masks; the looks by their number of bounds, `columns` intp [L] theirs, `strides` float32 [J, L]
    those of the joints, `value` float32 [T * 16] and `leaf` intp [T, 16] by the leaves as counted from the left."""

    trees: int
    columns: Places
    counters: tuple[Counter, ...]
    joints: tuple[Joint, ...]
    strides: Floats
    value: Floats
    leaf: Places

    @classmethod
    def of(cls, trees: Trees) -> MaskedTrees:
        """The same trees, prepared."""
        at = layout(trees)
        keep = _kept(trees, at)
        looks = [_look(trees, keep, int(column)) for column in np.unique(trees.feature)]
        looks.sort(key=lambda look: len(look.bounds))
        columns = np.array([look.column for look in looks], dtype=np.intp)
        exists = np.arange(LEAVES) <= trees.splits[:, None]
        tree, number = np.nonzero(exists)
        order = at.first[tree, SPLITS + number]
        value = np.zeros((len(trees), LEAVES), dtype=np.float32)
        value[tree, order] = on_leaves(trees, trees.value)[tree, number]
        leaf = np.zeros((len(trees), LEAVES), dtype=np.intp)
        leaf[tree, order] = number
        joints = tuple(_joints(looks))
        strides = np.array([one.strides for one in joints], dtype=np.float32).reshape(len(joints), len(looks))
        return cls(len(trees), columns, tuple(_counters(looks)), joints, strides, value.ravel(), leaf)

    def scores(self, rows: Floats) -> Floats:
        """The sum of the leaves' values, float32 [C], for at most `BLOCK` rows."""
        return np.asarray(self.value.take(self._exits(rows), mode="clip") @ np.ones(self.trees, dtype=np.float32))

    def leaves(self, rows: Floats) -> Places:
        """Each tree's leaf by its own number, intp [C, T], for at most `BLOCK` rows."""
        return np.asarray(self.leaf.ravel()[self._exits(rows)])

    def _exits(self, rows: Floats) -> Places:
        """Of every row and tree the place in `value` and `leaf`, intp [C, T]."""
        state = np.full((len(rows), self.trees), ALL, dtype=np.uint16)
        masks = np.empty_like(state)
        for one, index in zip(self.joints, self._indexes(rows), strict=True):
            one.masks.take(index, axis=0, out=masks, mode="clip")
            np.bitwise_and(state, masks, out=state)
        # The exponent of a power of two is its logarithm, which costs less than a look-up in 65,536 entries.
        lowest = (state & -state).astype(np.float32).view(np.int32)
        np.right_shift(lowest, 23, out=lowest)
        lowest += np.arange(self.trees, dtype=np.int32) * LEAVES - 127
        return lowest.astype(np.intp)

    def _indexes(self, rows: Floats) -> Places:
        """For each joint the row of its masks that every row has, intp [J, C]."""
        wide = np.zeros((len(self.columns), -(-len(rows) // ABREAST) * ABREAST), dtype=np.float32)
        wide[:, : len(rows)] = rows.T[self.columns]
        counts = np.empty(wide.shape, dtype=np.float32)
        for one in self.counters:
            counts[one.first : one.last] = one.count(wide[one.first : one.last])
        return (self.strides @ counts[:, : len(rows)]).astype(np.intp)


def _counters(looks: Sequence[Look]) -> Iterator[Counter]:
    """The looks, ascending by their number of bounds, put together as far as it saves work."""
    first = 0
    for place in range(1, len(looks) + 1):
        least, most = len(looks[first].bounds), len(looks[place].bounds) if place < len(looks) else COUNTED + 1
        if most > min(TOGETHER * least, COUNTED):
            yield Counter.of(looks, first, place)
            first = place


def _joints(looks: Sequence[Look]) -> Iterator[Joint]:
    """The looks put together, those with most bounds and those with fewest, as far as the masks stay small."""
    left = list(range(len(looks)))
    while left:
        chosen = [left.pop()]
        rows, width = len(looks[chosen[0]].masks), looks[chosen[0]].masks.shape[1]
        while left and rows * len(looks[left[0]].masks) * width * ALL.itemsize <= JOINT_BYTES:
            chosen.append(left.pop(0))
            rows *= len(looks[chosen[-1]].masks)
        yield Joint.of(looks, chosen)


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
    return Look(column, bounds, table)


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
