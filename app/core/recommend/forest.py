"""The rankers that order candidates: a forest learnt by LightGBM, or a stated weighted sum where data are too few.

Both read rows of named features, say what each feature added to a score, and are stored as plain arrays. NumPy alone:
the web process ranks 300 candidates in well under a millisecond, with the same decisions as LightGBM itself.
`app.core.recommend.models.ranker` learns forests.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from app.core.recommend.forest_masks import BLOCK, MaskedTrees
from app.core.recommend.forest_trees import LEAVES, Trees, empty, expected, layout

Rows = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float32]
Arrays = Mapping[str, npt.NDArray[Any]]
EXPLAINED = 16
"""Rows whose contributions are added up at once: as many as a rail shows."""
MOST = np.float64(np.finfo(np.float32).max)


class Ranker(Protocol):
    """Scores for rows of features; the higher, the earlier a candidate stands."""

    @property
    def names(self) -> tuple[str, ...]:
        """The features, one for each column of the rows."""
        ...

    @property
    def used(self) -> tuple[str, ...]:
        """The features that any score depends on, in the order of `names`."""
        ...

    def scores(self, rows: Rows, *, threads: int = 1) -> Scores:
        """One score for each row, float32 [C], for rows float32 [C, F]; NaN says that a value is not known.

        Raises:
            ValueError: the rows do not have one column for each name.
        """
        ...

    def contributions(self, rows: Rows) -> Scores:
        """What each feature adds to each score, float32 [C, F + 1]; the last column is what none of them adds.

        A row sums up to the score.

        Raises:
            ValueError: the rows do not have one column for each name.
        """
        ...

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What an artefact holds of it."""
        ...

    def meta(self) -> dict[str, Any]:
        """What an artefact says of it beside its arrays, as JSON; `ranker_of` reads both."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """The sum of small trees over named features."""

    names: tuple[str, ...]
    trees: Trees
    _masked: MaskedTrees = field(init=False, repr=False)
    _base: float = field(init=False, repr=False)
    _added: npt.NDArray[np.float32] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        base, added = expected(self.trees, layout(self.trees), len(self.names))
        object.__setattr__(self, "_masked", MaskedTrees.of(self.trees))
        object.__setattr__(self, "_base", base)
        object.__setattr__(self, "_added", added.reshape(-1, len(self.names)))

    @property
    def used(self) -> tuple[str, ...]:
        """The features that some tree splits on."""
        return tuple(self.names[column] for column in np.sort(self._masked.columns).tolist())

    def scores(self, rows: Rows, *, threads: int = 1) -> Scores:
        """One score for each row, float32 [C]; the leaves are LightGBM's own, the sum is made in float32.

        Args:
            rows: float32 [C, F], any number of them.
            threads: work on so many parts of the rows at once; worth it from some 10,000 rows.
        """
        rows = _checked(rows, self.names)
        if len(rows) <= BLOCK:
            return self._masked.scores(rows)
        blocks = _blocks(rows)
        if threads == 1:
            return np.concatenate([self._masked.scores(block) for block in blocks])
        with ThreadPoolExecutor(threads) as pool:
            return np.concatenate(list(pool.map(self._masked.scores, blocks)))

    def leaves(self, rows: Rows) -> npt.NDArray[np.intp]:
        """Of every tree the leaf that each row ends in, by its number within the tree, intp [C, T]."""
        rows = _checked(rows, self.names)
        return np.concatenate([self._masked.leaves(block) for block in _blocks(rows)])

    def contributions(self, rows: Rows) -> Scores:
        """As `Ranker`; each feature has the changes of the expected value at its splits (`forest_trees.expected`)."""
        place = self.leaves(rows) + np.arange(len(self.trees)) * LEAVES
        parts = np.empty((len(place), len(self.names) + 1), dtype=np.float32)
        for start in range(0, len(place), EXPLAINED):
            leaves = place[start : start + EXPLAINED]
            self._added.take(leaves, axis=0).sum(axis=1, out=parts[start : start + EXPLAINED, :-1])
        parts[:, -1] = self._base
        return parts

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The trees (`forest_trees.Trees`)."""
        return self.trees.arrays()

    def meta(self) -> dict[str, Any]:
        """What kind of ranker this is, and its features."""
        return {"kind": "forest", "features": list(self.names)}


@dataclass(frozen=True, slots=True, eq=False)
class LinearRanker:
    """A weighted sum of features, float32 [F]; what is not known counts as 0, infinite values as very large ones."""

    names: tuple[str, ...]
    weights: npt.NDArray[np.float32]

    @property
    def used(self) -> tuple[str, ...]:
        """The features with a weight."""
        return tuple(name for name, weight in zip(self.names, self.weights, strict=True) if weight)

    def scores(self, rows: Rows, *, threads: int = 1) -> Scores:
        """As `Ranker`; one product of matrices, which needs no threads of its own."""
        del threads
        return _bounded(_known(_checked(rows, self.names)) @ self.weights.astype(np.float64))

    def contributions(self, rows: Rows) -> Scores:
        """As `Ranker`; nothing is added that no feature adds."""
        rows = _checked(rows, self.names)
        parts = np.zeros((len(rows), len(self.names) + 1), dtype=np.float32)
        parts[:, :-1] = _bounded(_known(rows) * self.weights)
        return parts

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The weights."""
        return {"weights": self.weights}

    def meta(self) -> dict[str, Any]:
        """What kind of ranker this is, and its features."""
        return {"kind": "linear", "features": list(self.names)}


@dataclass(frozen=True, slots=True, eq=False)
class SpreadRanker:
    """Another ranker, from whose scores `less` times one feature is taken off, or put on where `less` is below 0: what
    everybody wants, say, so that more of a catalogue is shown for a little accuracy. What is not known counts as 0."""

    ranker: Ranker
    feature: str
    less: float

    @property
    def names(self) -> tuple[str, ...]:
        return self.ranker.names

    @property
    def used(self) -> tuple[str, ...]:
        """The other ranker's features, and this one's."""
        return tuple(name for name in self.names if name == self.feature or name in self.ranker.used)

    def scores(self, rows: Rows, *, threads: int = 1) -> Scores:
        """As `Ranker`."""
        return self.ranker.scores(rows, threads=threads) - self._taken(rows)

    def contributions(self, rows: Rows) -> Scores:
        """As `Ranker`; what is taken off stands with its feature."""
        parts = self.ranker.contributions(rows)
        parts[:, self.names.index(self.feature)] -= self._taken(rows)
        return parts

    def _taken(self, rows: Rows) -> Scores:
        return np.nan_to_num(rows[:, self.names.index(self.feature)]) * np.float32(self.less)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The other ranker's."""
        return self.ranker.arrays()

    def meta(self) -> dict[str, Any]:
        """What kind of ranker this is, its features, and what it is made of."""
        of = self.ranker.meta()
        return {"kind": "spread", "features": of["features"], "of": of, "feature": self.feature, "less": self.less}


def prior(names: Sequence[str], weights: Mapping[str, float]) -> LinearRanker:
    """The weighted sum of the features that are given a weight.

    Raises:
        ValueError: a weight is not finite, or is given to a feature that is not among the names.
    """
    unknown = sorted(set(weights) - set(names))
    if unknown:
        raise ValueError(f"a weight is given to {', '.join(unknown)}, which is no feature")
    return _linear(_names_of(list(names)), np.array([weights.get(name, 0.0) for name in names], dtype=np.float32))


def nothing(names: Sequence[str]) -> Forest:
    """The forest without a tree: every row scores 0."""
    return Forest(_names_of(list(names)), empty())


def ranker_of(arrays: Arrays, meta: Mapping[str, Any], known: Collection[str] | None = None) -> Ranker:
    """The ranker that an artefact holds.

    Args:
        known: where given, the features that can be computed.

    Raises:
        ValueError: an array is missing or the arrays are not whole, the kind of ranker is not known, or a feature is
            not among those known.
    """
    names = _names_of(meta.get("features"))
    unknown = [name for name in names if known is not None and name not in known]
    if unknown:
        raise ValueError(f"the ranker reads {', '.join(unknown)}, which is no known feature")
    match meta.get("kind"):
        case "forest":
            return Forest(names, Trees.of(arrays, len(names)))
        case "linear":
            weights = arrays.get("weights")
            if weights is None or weights.dtype != np.float32 or weights.shape != (len(names),):
                raise ValueError("a linear ranker has one float32 weight for each feature")
            return _linear(names, weights)
        case "spread":
            feature, less = meta.get("feature"), meta.get("less")
            if feature not in names or not isinstance(less, float) or not np.isfinite(less):
                raise ValueError("a spread ranker takes a finite share of one of its features off")
            return SpreadRanker(ranker_of(arrays, meta.get("of") or {}, known), str(feature), less)
        case kind:
            raise ValueError(f"{kind!r} is no kind of ranker")


def _linear(names: tuple[str, ...], weights: npt.NDArray[np.float32]) -> LinearRanker:
    if not np.isfinite(weights).all():
        raise ValueError("the weight of a feature is not a finite number")
    return LinearRanker(names, weights)


def _names_of(names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError("a ranker has at least one feature, and each has a name")
    if len(set(names)) < len(names):
        raise ValueError("two features of a ranker have the same name")
    return tuple(names)


def _blocks(rows: Rows) -> list[Rows]:
    """The rows in parts of at most `BLOCK`; one part where there is no row."""
    return [rows[start : start + BLOCK] for start in range(0, max(len(rows), 1), BLOCK)]


def _checked(rows: Rows, names: Sequence[str]) -> Rows:
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise ValueError(f"the rows have the shape {rows.shape}, but there are {len(names)} features")
    return np.asarray(rows, dtype=np.float32)


def _known(rows: Rows) -> npt.NDArray[np.float64]:
    return np.nan_to_num(rows.astype(np.float64), nan=0.0, posinf=MOST, neginf=-MOST)


def _bounded(sums: npt.NDArray[np.float64]) -> Scores:
    return np.clip(sums, -MOST, MOST).astype(np.float32)
