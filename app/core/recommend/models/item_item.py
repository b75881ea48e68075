"""Item-item neighbours from baskets: what is bought together more than its popularity explains.

The similarity is a weighted cosine in the tradition of Sarwar, Karypis, Konstan and Riedl, "Item-based collaborative
filtering recommendation algorithms", WWW 2001, with the popularity exponent of Deshpande and Karypis (ACM TOIS 22(1),
2004) and a shrinkage that keeps rare pairs from the top (Bell and Koren, ICDM 2007). `implicit` finds the neighbours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from implicit.nearest_neighbours import ItemItemRecommender
from scipy.sparse import csr_matrix, vstack
from threadpoolctl import threadpool_limits

from app.core.ids import ModelVersion
from app.core.recommend.interactions import Baskets
from app.core.recommend.models.trending import decay, popularity
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.scoring import ItemModel
from app.core.recommend.types import Strategy


@dataclass(frozen=True, slots=True)
class Parameters:
    """With w_b the weight of basket b and n_i the sum of w_b over the baskets that hold item i::

        similarity(i, j) = sum over b holding i and j of w_b / ((n_i + shrinkage) (n_j + shrinkage)) ** exponent
        w_b = 2 ** (-age of b / half_life) / size of b ** size_exponent

    exponent 0.5 and no shrinkage is the cosine; 0 counts pairs; towards 1 rare items gain. Days for `half_life`.
    """

    exponent: float = 0.35
    shrinkage: float = 5.0
    half_life: float = 180.0
    size_exponent: float = 0.5

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


CHOICES: dict[str, tuple[float, ...]] = {
    "exponent": (0.1, 0.2, 0.35, 0.5, 0.65),
    "shrinkage": (0.0, 2.0, 5.0, 20.0),
    "half_life": (60.0, 180.0, 720.0),
    "size_exponent": (0.0, 0.5, 1.0),
}
"""The values that the validation part chooses from, one parameter after the other."""

NEIGHBOURS = 50
"""K is not chosen: ten places filled from one given product can't tell 50 from 10, fewer than ten would let popularity
into a rail that is called "often bought together", and a list of 24 needs spare ones for what is sold out."""


LEAST_TOGETHER = 2
"""Orders that two products must share before one is "often bought together" with the other: once is chance."""
BLOCK = 1024
"""Items whose pairs are counted at a time; bounds the memory of large catalogues."""


def fit(
    baskets: Baskets,
    parameters: Parameters,
    *,
    pairs: csr_matrix | None = None,
    today: int,
    trending_half_life: float,
    version: ModelVersion,
    width: int = NEIGHBOURS,
    threads: int = 2,
) -> ItemModel:
    """Fit on all `baskets`; deterministic for the same input.

    Args:
        pairs: the baskets' `pairs_together`, for callers that fit the same baskets many times.
        today: the day from which ages are counted, days since 1970-01-01.
        trending_half_life: days, for the popularity that fills up short lists.
        width: K, the most neighbours an item keeps.
    """
    allowed = pairs_together(baskets) if pairs is None else pairs
    neighbours = nearest(weighted_by(baskets, parameters, today), allowed, width, threads)
    scores = popularity(baskets, today=today, half_life=trending_half_life)
    return ItemModel(version, Strategy.ITEM_ITEM, baskets.items, neighbours, scores)


def pairs_together(baskets: Baskets, least: int = LEAST_TOGETHER) -> csr_matrix:
    """Which products were in so many baskets or more together, bool [N, N]."""
    return counts_together(baskets, least).astype(np.bool_)


def counts_together(baskets: Baskets, least: int = LEAST_TOGETHER) -> csr_matrix:
    """In how many baskets two products were together, int32 [N, N]; pairs with fewer than `least` are not stored."""
    items = len(baskets.items)
    shape = (len(baskets), items)
    held = csr_matrix((np.ones(len(baskets.item), dtype=np.int32), baskets.item, baskets.starts), shape=shape)
    columns = held.tocsc()
    blocks = [_at_least(columns[:, start : start + BLOCK].T @ held, least) for start in range(0, items, BLOCK)]
    return vstack(blocks, format="csr") if blocks else csr_matrix((0, 0), dtype=np.int32)


def _at_least(counts: csr_matrix, least: int) -> csr_matrix:
    counts.data[counts.data < least] = 0
    counts.eliminate_zeros()
    return counts


def weighted_by(baskets: Baskets, parameters: Parameters, today: int) -> csr_matrix:
    """Baskets as rows, items as columns, so that the product of two columns is their similarity."""
    cell = _cells(baskets, parameters, today)
    mass = np.bincount(baskets.item, cell, minlength=len(baskets.items)) + parameters.shrinkage
    # An item that only this part of the history lacks has no mass; it has no cells either, so its value is never read.
    values = np.sqrt(cell) * np.maximum(mass, 1e-12)[baskets.item] ** -parameters.exponent
    return csr_matrix((values, baskets.item, baskets.starts), shape=(len(baskets), len(baskets.items)))


def masses(baskets: Baskets, parameters: Parameters, today: int) -> npt.NDArray[np.float32]:
    """n_i of `Parameters`, float32 [N]: with it later orders can be added to the similarities (`fresh_pairs`)."""
    cell = _cells(baskets, parameters, today)
    return np.bincount(baskets.item, cell, minlength=len(baskets.items)).astype(np.float32)


def _cells(baskets: Baskets, parameters: Parameters, today: int) -> npt.NDArray[np.float64]:
    """What each product of each basket weighs: w_b of `Parameters`."""
    sizes = baskets.sizes
    weight = decay(baskets.day, today, parameters.half_life) / np.maximum(sizes, 1) ** parameters.size_exponent
    return np.asarray(np.repeat(weight, sizes))


def nearest(weighted: csr_matrix, pairs: csr_matrix, width: int, threads: int) -> npt.NDArray[Any]:
    """Of each column's `width` most similar other columns those in `pairs`, `NEIGHBOUR` [N, width], best first."""
    items = weighted.shape[1]
    table = np.zeros((items, width), dtype=NEIGHBOUR)
    table["index"] = -1
    if weighted.nnz == 0:
        return table
    # implicit runs its own threads and warns of OpenBLAS's beside them; none of this work is BLAS's.
    with threadpool_limits(limits=1, user_api="blas"):
        recommender = ItemItemRecommender(K=width + 1, num_threads=threads)
        recommender.fit(weighted, show_progress=False)
    found = recommender.similarity.multiply(pairs).tocoo()
    keep = (found.row != found.col) & (found.data > 0)
    row, column, score = found.row[keep], found.col[keep], found.data[keep].astype(np.float32)
    order = np.lexsort((column, -score, row))
    row, column, score = row[order], column[order], score[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    keep = rank < width
    table["index"][row[keep], rank[keep]] = column[keep]
    table["score"][row[keep], rank[keep]] = score[keep]
    return table
