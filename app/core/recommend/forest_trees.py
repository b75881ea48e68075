"""Small regression trees as plain arrays: checked whole when they are read, laid out so that a leaf is one bit.

Nodes and leaves are numbered as LightGBM numbers them. What a forest computes from them stands in
`app.core.recommend.forest_masks` (scores) and in `expected` below (explanations).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

LEAVES = 16
"""Of one tree at most: as many as a mask of 16 bits can tell apart."""
SPLITS = LEAVES - 1
SLOTS = SPLITS + LEAVES
"""Places of a tree laid out in full: its splits first, its leaves from `SPLITS` on."""
Places = npt.NDArray[np.intp]


class Missing(IntEnum):
    """What a split takes for unknown, with the numbers of LightGBM's own files."""

    NONE = 0
    """Nothing: NaN is read as 0."""
    ZERO = 1
    """NaN and values within 1e-35 of 0."""
    NAN = 2
    """NaN."""


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """T trees with M splits and L leaves in all, one tree after the other.

    `splits` int32 [T]: of each tree, 0 to 15; it has one leaf more. Of every split: `feature` int32 [M]; `threshold`
    float32 [M], values up to it go left; `missing` uint8 [M] (`Missing`); `default` bool [M], whether what is missing
    goes left; `left` and `right` int32 [M], the child: a split of the same tree that comes later, or ~leaf. Of every
    leaf: `value` float32 [L] and `count` int64 [L], the training rows that ended there.
    """

    splits: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float32]
    missing: npt.NDArray[np.uint8]
    default: npt.NDArray[np.bool_]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: npt.NDArray[np.float32]
    count: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.splits)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All arrays by their names."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]], features: int) -> Trees:
        """The trees in these arrays, over so many features.

        Raises:
            ValueError: an array is missing or has another type, or the arrays are not whole trees.
        """
        found = {}
        for name, dtype in DTYPES.items():
            array = arrays.get(name)
            if array is None or array.dtype != dtype or array.ndim != 1:
                raise ValueError(f"trees have an array {name!r} of {dtype} in one dimension")
            found[name] = array
        trees = cls(**found)
        _check(trees, features)
        return trees


DTYPES: Mapping[str, np.dtype[Any]] = {
    "splits": np.dtype(np.int32),
    "feature": np.dtype(np.int32),
    "threshold": np.dtype(np.float32),
    "missing": np.dtype(np.uint8),
    "default": np.dtype(np.bool_),
    "left": np.dtype(np.int32),
    "right": np.dtype(np.int32),
    "value": np.dtype(np.float32),
    "count": np.dtype(np.int64),
}


def empty() -> Trees:
    """No tree at all."""
    return Trees(**{name: np.empty(0, dtype=dtype) for name, dtype in DTYPES.items()})


def _check(trees: Trees, features: int) -> None:
    splits = trees.splits
    if len(splits) and not 0 <= splits.min() <= splits.max() <= SPLITS:
        raise ValueError(f"a tree has from 0 to {SPLITS} splits")
    if len({len(trees.feature), *(len(getattr(trees, name)) for name in OF_SPLITS), int(splits.sum())}) > 1:
        raise ValueError("the arrays of the trees' splits do not have the same length")
    if not len(trees.value) == len(trees.count) == int(splits.sum()) + len(splits):
        raise ValueError("a tree has one leaf more than it has splits")
    if len(trees.feature) and not 0 <= trees.feature.min() <= trees.feature.max() < features:
        raise ValueError(f"a split reads a feature that is none of the {features} features")
    if np.isnan(trees.threshold).any() or not np.isfinite(trees.value).all():
        raise ValueError("a threshold or the value of a leaf is not a number")
    if (trees.missing > max(Missing)).any() or (trees.count < 1).any():
        raise ValueError("a split treats what is missing in no known way, or a leaf was reached by no training row")
    _check_children(trees)


OF_SPLITS = ("threshold", "missing", "default", "left", "right")


def _check_children(trees: Trees) -> None:
    """Every split but a tree's first, and every leaf, hangs below exactly one split, which comes before it."""
    splits, own = _owners(trees)
    children = np.stack([trees.left, trees.right]).astype(np.intp)
    is_leaf = children < 0
    known = np.where(is_leaf, ~children <= splits[own], (children > own_place(trees)) & (children < splits[own]))
    if not known.all():
        raise ValueError("a split has a child that its tree does not have, or that stands before it")
    slot = own * SLOTS + np.where(is_leaf, SPLITS + ~children, children)
    # As many children as splits and leaves below the firsts: none is missing if none comes twice.
    if len(np.unique(slot)) != slot.size:
        raise ValueError("a split or a leaf hangs below two splits")


def _owners(trees: Trees) -> tuple[Places, Places]:
    splits = trees.splits.astype(np.intp)
    return splits, np.repeat(np.arange(len(splits)), splits)


def own_place(trees: Trees) -> Places:
    """Of every split, its number within its tree, intp [M]."""
    splits, own = _owners(trees)
    return np.arange(len(own)) - (np.cumsum(splits) - splits)[own]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The trees laid out in `SLOTS` places each; what a smaller tree does not use is -1 or 0.

    `left` and `right` intp [T, 15]: the place of each split's child. `first` intp [T, 31]: the leftmost leaf below a
    place, leaves counted from the left. `leaves` intp [T, 31]: how many leaves stand below it.
    """

    left: Places
    right: Places
    first: Places
    leaves: Places


def layout(trees: Trees) -> Layout:
    """Where everything stands. Children come after their parents, so one pass back and one forth is enough."""
    _, own = _owners(trees)
    place = own_place(trees)
    children = np.full((2, len(trees), SPLITS), -1, dtype=np.intp)
    for side, child in zip(children, (trees.left, trees.right), strict=True):
        side[own, place] = np.where(child < 0, SPLITS + ~child, child)
    left, right = children
    leaves = np.zeros((len(trees), SLOTS), dtype=np.intp)
    leaves[:, SPLITS:] = np.arange(LEAVES) <= trees.splits[:, None]
    for split in reversed(range(SPLITS)):
        tree = np.flatnonzero(left[:, split] >= 0)
        leaves[tree, split] = leaves[tree, left[tree, split]] + leaves[tree, right[tree, split]]
    first = np.zeros((len(trees), SLOTS), dtype=np.intp)
    for split in range(SPLITS):
        tree = np.flatnonzero(left[:, split] >= 0)
        first[tree, left[tree, split]] = first[tree, split]
        first[tree, right[tree, split]] = first[tree, split] + leaves[tree, left[tree, split]]
    return Layout(left, right, first, leaves)


def on_leaves(trees: Trees, of_leaves: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What is known of every leaf, [L], as one row for each tree, [T, 16]; 0 where a tree has no such leaf."""
    full = np.zeros((len(trees), LEAVES), dtype=of_leaves.dtype)
    full[np.arange(LEAVES) <= trees.splits[:, None]] = of_leaves
    return full


def expected(trees: Trees, at: Layout, features: int) -> tuple[float, npt.NDArray[np.float32]]:
    """What the forest predicts before it knows anything, and what each feature adds on the way to every leaf.

    Saabas attribution ("Interpreting random forests", 2014): a split adds to its feature the change of the expected
    value from the split to the child that was taken; an expected value is the mean of the leaves below, each weighted
    by its training rows. Sums are made in float64.

    Returns:
        The base value, and float32 [T, 16, F] by the leaves' own numbers; base plus a leaf's sums is its value.
    """
    tree_of, place = _owners(trees)[1], own_place(trees)
    feature = np.zeros((len(trees), SPLITS), dtype=np.intp)
    feature[tree_of, place] = trees.feature
    rows = np.zeros((len(trees), SLOTS))
    mean = np.zeros((len(trees), SLOTS))
    rows[:, SPLITS:], mean[:, SPLITS:] = on_leaves(trees, trees.count), on_leaves(trees, trees.value)
    added = np.zeros((len(trees), SLOTS, features))
    for split in reversed(range(SPLITS)):
        tree = np.flatnonzero(at.left[:, split] >= 0)
        left, right = at.left[tree, split], at.right[tree, split]
        rows[tree, split] = rows[tree, left] + rows[tree, right]
        mean[tree, split] = (rows[tree, left] * mean[tree, left] + rows[tree, right] * mean[tree, right]) / rows[
            tree, split
        ]
    for split in range(SPLITS):
        tree = np.flatnonzero(at.left[:, split] >= 0)
        for child in (at.left[tree, split], at.right[tree, split]):
            added[tree, child] = added[tree, split]
            added[tree, child, feature[tree, split]] += mean[tree, child] - mean[tree, split]
    # A tree without a split is its only leaf.
    root = np.where(trees.splits > 0, mean[:, 0], mean[:, SPLITS])
    return float(root.sum()), added[:, SPLITS:].astype(np.float32)
