"""Ridge regression of every item on others, dense for small catalogues and sparse for large ones.

Both solve for two things at a time, what is found together and what comes after: what is costly is the same for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import get_lapack_funcs
from scipy.sparse import csr_matrix, diags

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int32]

BLOCK = 256
"""Regressions that are solved at a time; bounds the memory."""
HEAD = 4096
"""So many items have the products among themselves in a dense matrix: the popular ones, which stand in most of the
regressions and whose rows are long."""


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """With G the `features`, for W first G without its diagonal and then `after`, B is to minimise

        tr(Bt G B) - 2 tr(Bt W) + ridge |B|²

    Args:
        features: symmetric, positive semidefinite, float32 [N, N].
        after: float32 [N, N], sources are rows, targets columns; None where it is not asked for.
        own: whether an item may be a regressor of itself; if not, the diagonal of B is 0.
    """

    features: csr_matrix
    after: csr_matrix | None
    ridge: float
    own: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """`source` and `target` of n pairs, and `weight` float32 [n, 1 or 2], one column for each W; other pairs have 0."""

    source: Positions
    target: Positions
    weight: Floats


NOTHING = Solved(np.empty(0, np.int32), np.empty(0, np.int32), np.empty((0, 2), np.float32))


def dense(given: Regression) -> Solved:
    """With all items as regressors, in closed form; memory and time grow with the square and cube of the items.

    With P = (G + ridge I)^-1, B = P W - P diag(m), where m_j = (P W)_jj / P_jj holds the diagonal at 0 (Steck).

    Raises:
        ValueError: the ridge is lost beside what the items have in common, even in double precision.
    """
    items = given.features.shape[0]
    inverse = _inverse(given.features, given.ridge)
    own = inverse.diagonal()
    if given.own:
        # P (G - diag(d)) = I - P diag(d + ridge), which saves a product of two matrices.
        found = [-inverse * (given.features.diagonal() + np.float32(given.ridge))]
        found[0].flat[:: items + 1] += np.float32(1.0)
    else:
        found = [-inverse / own]
    if given.after is not None:
        after = inverse @ given.after.toarray()
        found.append(after if given.own else after - inverse * (after.diagonal() / own))
    if not given.own:
        for one in found:
            one.flat[:: items + 1] = 0.0
    source, target = np.nonzero(np.any(found, axis=0))
    weight = np.stack([one[source, target] for one in found], axis=1)
    return Solved(source.astype(np.int32), target.astype(np.int32), weight)


def _inverse(features: csr_matrix, ridge: float) -> Floats:
    """(features + ridge I)^-1 of a symmetric matrix."""
    # Where nearly everybody has the same few items, float32 can lose the ridge beside what they have in common.
    for kind in (np.float32, np.float64):
        matrix = features.toarray().astype(kind, copy=False)
        matrix.flat[:: len(matrix) + 1] += kind(ridge)
        factorize, invert = get_lapack_funcs(("potrf", "potri"), (matrix,))
        factor, failed = factorize(matrix.T, lower=1, overwrite_a=1)
        if failed:
            continue
        inverse, failed = invert(factor, lower=1, overwrite_c=1)
        if not failed:
            lower = np.tril(inverse)
            return np.asarray(lower + np.tril(lower, -1).T, dtype=np.float32)
    raise ValueError(f"the items are too much alike for a ridge of {ridge}")


def sparse(given: Regression, most: int) -> Solved:
    """With few regressors of each item, those that it is found with most; time and memory grow with the items.

    Args:
        most: regressors of an item.
    """
    items = given.features.shape[0]
    # The features are symmetric, so that their rows are the columns of what is wanted.
    wanted = [given.features] if given.after is None else [given.features, given.after.T.tocsr()]
    columns = wanted[0] if given.after is None else wanted[0] + wanted[1]
    if given.own:
        # An item speaks for itself by how often it came again, not by being there.
        columns = columns - diags(given.features.diagonal(), format="csr")
    products = _Products(given.features, given.ridge)
    blocks = [
        _solved(products, columns, wanted, range(start, min(start + BLOCK, items)), most, given.own)
        for start in range(0, items, BLOCK)
    ]
    return Solved(
        np.concatenate([block.source for block in blocks]),
        np.concatenate([block.target for block in blocks]),
        np.concatenate([block.weight for block in blocks]),
    )


def _solved(
    products: _Products, columns: csr_matrix, wanted: Sequence[csr_matrix], targets: range, most: int, own: bool
) -> Solved:
    """The regressions of one block of targets."""
    chosen = [_most_wanted(columns, target, most, own) for target in targets]
    sizes = np.array([len(sources) for sources in chosen])
    used = np.arange(int(sizes.max())) < sizes[:, None]
    source = np.full(used.shape, -1, dtype=np.int32)
    source[used] = np.concatenate(chosen)
    place, column = np.nonzero(used)
    target = (targets.start + place).astype(np.int32)
    right = np.zeros((*used.shape, len(wanted)), dtype=np.float32)
    for number, one in enumerate(wanted):
        right[place, column, number] = np.asarray(one[target, source[used]]).ravel()
    right[place[target == source[used]], column[target == source[used]], 0] = 0.0
    return Solved(source[used], target, np.linalg.solve(products.among(source), right)[used])


def _most_wanted(columns: csr_matrix, target: int, most: int, own: bool) -> Positions:
    """The sources that a target is wanted with most; the lower position on equal wants."""
    low, high = columns.indptr[target : target + 2]
    sources, wanted = columns.indices[low:high], columns.data[low:high]
    if not own:
        wanted = np.where(sources == target, np.float32(0.0), wanted)
    best = np.argsort(-wanted, kind="stable")[: min(most, int(np.count_nonzero(wanted > 0)))]
    return np.asarray(sources[best], dtype=np.int32)


class _Products:
    """What stands on the left of many small regressions: dense among the popular items, sparse beside them."""

    def __init__(self, features: csr_matrix, ridge: float) -> None:
        items = features.shape[0]
        self._features, self._ridge = features, np.float32(ridge)
        popular = np.argsort(-features.diagonal(), kind="stable")[:HEAD]
        # The last row and column are of nothing: there stand all other items, and the places that are not used.
        self._place = np.full(items + 1, len(popular))
        self._place[popular] = np.arange(len(popular))
        self._head = np.zeros((len(popular) + 1, len(popular) + 1), dtype=np.float32)
        self._head[:-1, :-1] = features[popular][:, popular].toarray()
        self._column = np.full((BLOCK, items), -1, dtype=np.int16)

    def among(self, items: Positions) -> Floats:
        """The products of each row's items with each other, the ridge on the diagonal, float32 [B, M, M].

        Args:
            items: int32 [B, M]; -1 for places that are not used, on which nothing depends.
        """
        head = self._place[items]
        left = self._head[head[:, :, None], head[:, None, :]]
        row, column = np.nonzero((head == len(self._head) - 1) & (items >= 0))
        self._add_tail(left, items, row, column)
        diagonal = np.arange(items.shape[1])
        left[:, diagonal, diagonal] += self._ridge
        return left

    def _add_tail(
        self, left: Floats, items: Positions, row: npt.NDArray[np.intp], column: npt.NDArray[np.intp]
    ) -> None:
        """Fill in what the unpopular items at these places have in common with all of their row."""
        used_row, used_column = np.nonzero(items >= 0)
        used = items[used_row, used_column]
        self._column[used_row, used] = used_column
        products = self._features[items[row, column]]
        of = np.repeat(np.arange(len(row)), np.diff(products.indptr))
        beside = self._column[row[of], products.indices]
        here = beside >= 0
        row, column, beside, value = row[of[here]], column[of[here]], beside[here], products.data[here]
        left[row, column, beside] = value
        left[row, beside, column] = value
        self._column[used_row, used] = -1
