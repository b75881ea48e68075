"""What completes a look: bought together with a product, and of another kind than it.

The similarity is the item-item one; here it is only sorted out by kind, the best of every kind before the second best
of any, so that a short row shows several kinds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from app.core.recommend.groups import Groups
from app.core.recommend.interactions import Baskets
from app.core.recommend.models import item_item
from app.core.recommend.models.item_item import NEIGHBOURS, Parameters
from app.core.recommend.scoring import NEIGHBOUR, Neighbours

SEARCHED = 200
"""Neighbours that are looked through for other kinds."""


def fit(
    baskets: Baskets,
    parameters: Parameters,
    groups: Groups,
    *,
    pairs: csr_matrix,
    today: int,
    threads: int = 2,
) -> Neighbours:
    """Every item's neighbours of other kinds, `NEIGHBOUR` [N, K].

    Args:
        groups: int32 [N], the kind of every item, -1 where it is not known: such items have and are no complements.
        pairs: the baskets' `pairs_together`.
    """
    weighted = item_item.weighted_by(baskets, parameters, today)
    near = item_item.nearest(weighted, pairs, min(SEARCHED, max(len(groups), 1)), threads)
    return of_other_kinds(near, groups)


def of_other_kinds(near: Neighbours, groups: Groups, width: int = NEIGHBOURS) -> Neighbours:
    """Of each row those of other kinds, by their rank within their kind, then by similarity; `NEIGHBOUR` [N, width]."""
    table = np.zeros((len(near), width), dtype=NEIGHBOUR)
    table["index"] = -1
    if not near.size:
        return table
    row, place = np.nonzero(near["index"] >= 0)
    index = near["index"][row, place]
    keep = (groups[row] >= 0) & (groups[index] >= 0) & (groups[row] != groups[index])
    row, place, index = row[keep], place[keep], index[keep]
    turn = _rank_within(row * (int(groups.max()) + 1) + groups[index], place)
    order = np.lexsort((place, turn, row))
    row, place, index = row[order], place[order], index[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    short = rank < width
    row, place, index, rank = row[short], place[short], index[short], rank[short]
    table["index"][row, rank] = index
    table["score"][row, rank] = near["score"][row, place]
    return table


def _rank_within(key: npt.NDArray[np.int64], place: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For every element its rank, by place, among those of the same key; 0 for the first."""
    order = np.lexsort((place, key))
    ordered = key[order]
    ranks = np.empty(len(key), dtype=np.int64)
    ranks[order] = np.arange(len(key)) - np.searchsorted(ordered, ordered)
    return ranks
