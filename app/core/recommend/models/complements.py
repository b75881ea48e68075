"""What completes a look: of another kind than a product, and in orders with it more often than chance puts it there.

Two products that both sell are in many orders together whether they go together or not. So pairs are held against the
number that chance would make, the more strictly the less their kinds are bought together; what is of one kind, or
described in nearly the same words, stands in for a product and does not go with it. What remains is ordered by the
share of the product's orders that the pair explains, the best of every kind before the second best of any.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from app.core.recommend.groups import Groups
from app.core.recommend.interactions import Baskets
from app.core.recommend.item_facts import Attributes
from app.core.recommend.models.item_item import NEIGHBOURS
from app.core.recommend.neighbours import NEIGHBOUR, Neighbours

BY_TASTE = 1.3
"""Pairs of different kinds are so much more frequent than chance without going together, because tastes are alike."""
TOGETHER_LIFT, TOGETHER_SURE = 3.0, 4.0
"""Kinds go together that are in orders so many times as often as chance, so many standard deviations above it."""
SURE, SURE_OF_KINDS = 5.0, 1.5
"""Standard deviations above chance for any pair, and for one of kinds that go together."""
SHRINKAGE = 10.0
"""Orders that are added to a product's own before shares are compared."""
SUBSTITUTE = 0.9
"""Likeness of two descriptions, as a cosine, from which on one product stands in for the other."""
OF_A_STYLE = 0.5
"""By how much full likeness of what is described alike raises a share: vendor, material, range."""

Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Ordered pairs of items that were in orders together, all of different kinds: arrays [P]."""

    item: Ids
    other: Ids
    together: Floats
    """Orders with both."""
    chance: Floats
    """As many as chance would make."""

    def kept(self, which: npt.NDArray[np.bool_]) -> _Pairs:
        return _Pairs(self.item[which], self.other[which], self.together[which], self.chance[which])


def fit(baskets: Baskets, groups: Groups, *, counts: csr_matrix, attributes: Attributes | None = None) -> Neighbours:
    """Every item's complements, `NEIGHBOUR` [N, K]; the score is the share of its orders that the pair explains.

    Args:
        groups: int32 [N], the kind of every item, -1 where it is not known: such items have and are no complements.
        counts: the baskets' `item_item.counts_together`.
        attributes: how the items are described, where that is known.
    """
    others = (baskets.sizes - 1).astype(np.float64)
    # An item's orders count by what else is in them: that many chances it has to meet another one.
    met: Floats = np.bincount(baskets.item, np.repeat(others, baskets.sizes), minlength=len(groups)).astype(np.float64)
    met *= groups >= 0
    kinds = _Kinds.of(baskets, groups, met)
    pairs = _different_kinds(counts, groups, met, kinds.level)
    beyond = (pairs.together - BY_TASTE * pairs.chance) / np.sqrt(pairs.chance + 1.0)
    pairs = pairs.kept(
        beyond > np.where(kinds.go_together(groups[pairs.item], groups[pairs.other]), SURE_OF_KINDS, SURE)
    )
    orders = np.bincount(baskets.item, minlength=len(groups))
    share = (pairs.together - BY_TASTE * pairs.chance) / (orders[pairs.item] + SHRINKAGE)
    if attributes is not None and len(share):
        alike = _likeness(attributes, pairs)
        share = np.where(alike < SUBSTITUTE, share * (1.0 + OF_A_STYLE * alike), 0.0)
    return of_other_kinds(_ordered(pairs, share, len(groups)), groups)


@dataclass(frozen=True, slots=True, eq=False)
class _Kinds:
    """Which kinds go together: keys of ordered pairs, ascending; `level` scales chance to what is seen on the whole."""

    number: int
    together: Ids
    level: float

    @classmethod
    def of(cls, baskets: Baskets, groups: Groups, met: Floats) -> _Kinds:
        number = int(groups.max(initial=-1)) + 1
        known = groups[baskets.item] >= 0
        order = np.repeat(np.arange(len(baskets)), baskets.sizes)[known]
        held = csr_matrix(
            (np.ones(len(order), dtype=np.float64), (order, groups[baskets.item][known])), shape=(len(baskets), number)
        )
        seen = (held.T @ held).tocoo()
        apart = seen.row != seen.col
        row, column, count = seen.row[apart].astype(np.int64), seen.col[apart].astype(np.int64), seen.data[apart]
        mass = np.bincount(groups[groups >= 0], met[groups >= 0], minlength=number)
        whole = mass.sum()
        level = count.sum() * whole / max(whole**2 - float((mass**2).sum()), 1e-9)
        chance = level * mass[row] * mass[column] / max(whole, 1e-9)
        sure = (count - chance) / np.sqrt(np.maximum(chance, 1.0))
        chosen = (count > TOGETHER_LIFT * chance) & (sure > TOGETHER_SURE)
        return cls(number, np.unique(row[chosen] * number + column[chosen]), float(level))

    def go_together(self, one: Groups, other: Groups) -> npt.NDArray[np.bool_]:
        return np.isin(one.astype(np.int64) * self.number + other, self.together)


def _different_kinds(counts: csr_matrix, groups: Groups, met: Floats, level: float) -> _Pairs:
    found = counts.tocoo()
    apart = (groups[found.row] >= 0) & (groups[found.col] >= 0) & (groups[found.row] != groups[found.col])
    row, column = found.row[apart].astype(np.int64), found.col[apart].astype(np.int64)
    chance = level * met[row] * met[column] / max(float(met.sum()), 1e-9)
    return _Pairs(row, column, found.data[apart].astype(np.float64), chance)


def _likeness(attributes: Attributes, pairs: _Pairs) -> Floats:
    """How alike the two of each pair are described, 0 to 1 [P]; rare words say more than frequent ones."""
    _, column, sizes = np.unique(attributes.attribute, return_inverse=True, return_counts=True)
    weight = attributes.weight * np.log(len(attributes) / np.minimum(sizes, len(attributes)))[column]
    words = csr_matrix((weight, column, attributes.starts), shape=(len(attributes), len(sizes)))
    length = np.sqrt(np.asarray(words.multiply(words).sum(axis=1)).ravel())
    shared = np.asarray(words[pairs.item].multiply(words[pairs.other]).sum(axis=1)).ravel()
    return np.asarray(shared / np.maximum(length[pairs.item] * length[pairs.other], 1e-12), dtype=np.float64)


def _ordered(pairs: _Pairs, share: Floats, items: int) -> Neighbours:
    """All pairs with a share above 0 as rows, `NEIGHBOUR` [N, the longest], best first."""
    there = share > 0
    row, column, share = pairs.item[there], pairs.other[there], share[there]
    order = np.lexsort((column, -share, row))
    row, column, share = row[order], column[order], share[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    table = np.zeros((items, int(rank.max(initial=-1)) + 1), dtype=NEIGHBOUR)
    table["index"] = -1
    table["index"][row, rank] = column
    table["score"][row, rank] = share
    return table


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
