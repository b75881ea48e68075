"""Products as points: those that stand in the same orders lie in the same direction.

How much more often two products stand together than chance has it (positive pointwise mutual information) is factorised
by its leading eigenvectors, which is what skip-gram embeddings do implicitly (Levy and Goldberg 2014, "Neural word
embedding as implicit matrix factorization"). An order of n products counts n pairs' worth, not n², so that the
wholesale baskets of a gift shop do not drown the others. The same table gives the lift by which complements are chosen.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devstore.worlds.fitted.purchases import Ints, Purchases

DIMENSIONS = 64
COMPLEMENTS = 6
_PRIOR = 0.1
"""Pairs by chance that are added to both sides, so that one common order proves nothing."""
_COMPLEMENT_PRIOR = 1.0
_LEAST_LIFT = 1.5
_SEED, _SPARE, _ROUNDS = 20261123, 16, 3
_BLOCK = 500

Floats = NDArray[np.floating[Any]]


def pairs(purchases: Purchases) -> NDArray[np.float32]:
    """(N, N) how often two products stand in one order, every order weighing as many pairs as it has products."""
    count = len(purchases.product_ids)
    together = np.zeros((count, count), np.float32)
    starts = np.searchsorted(purchases.line_order, np.arange(len(purchases.order_time) + 1)).tolist()
    for begin, end in pairwise(starts):
        if end - begin > 1:
            basket = purchases.line_product[begin:end]
            together[basket[:, None], basket] += 1 / (end - begin - 1)
    np.fill_diagonal(together, 0)
    return together


def styles(together: NDArray[np.float32]) -> Floats:
    """(N, D) the factors of the positive pointwise mutual information; D is 64, or N where that is less."""
    information = np.maximum(_log_lift(together, _PRIOR), 0)
    np.fill_diagonal(information, 0)
    values, vectors = _leading(information, min(DIMENSIONS, len(together)))
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)), np.float32)


def complements(together: NDArray[np.float32]) -> tuple[Ints, Floats]:
    """(N, K) rows of the products with the highest lift, -1 where fewer have one, and the log lifts as weights."""
    count = min(COMPLEMENTS, max(len(together) - 1, 1))
    lift = _log_lift(together, _COMPLEMENT_PRIOR)
    np.fill_diagonal(lift, -np.inf)
    rows = np.argsort(-lift, axis=1, kind="stable")[:, :count] if len(lift) else np.zeros((0, count), np.int64)
    weights = np.take_along_axis(lift, rows, axis=1)
    found = weights > np.log(_LEAST_LIFT)
    return np.where(found, rows, -1), np.where(found, weights, 0.0).astype(np.float64)


def _log_lift(together: NDArray[np.float32], prior: float) -> NDArray[np.float32]:
    """Log of how often over how often by chance, block by block to keep memory small."""
    found = np.empty_like(together)
    margin = together.sum(axis=0, dtype=np.float64)
    total = max(float(margin.sum()), 1.0)
    for begin in range(0, len(together), _BLOCK):
        block = slice(begin, begin + _BLOCK)
        expected = np.outer(margin[block], margin) / total
        found[block] = np.log((together[block] + prior) / (expected + prior))
    return found


def _leading(matrix: NDArray[np.float32], count: int) -> tuple[Floats, Floats]:
    """The largest eigenvalues of a symmetric matrix and their vectors, by subspace iteration from a fixed start.

    See Halko, Martinsson and Tropp 2011, "Finding structure with randomness", algorithm 4.4.
    """
    width = min(count + _SPARE, len(matrix))
    random = np.random.default_rng(_SEED)
    basis = np.linalg.qr(random.standard_normal((len(matrix), width)).astype(np.float32))[0]
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(matrix @ (matrix @ basis))[0]
    small = basis.T @ (matrix @ basis)
    values, vectors = np.linalg.eigh((small + small.T) / 2)
    best = np.argsort(-values)[:count]
    return values[best], basis @ vectors[:, best]
