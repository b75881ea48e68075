"""Bring the neighbours of products up to date with the orders since the training, without training.

The similarity of `models.item_item` is a quotient of sums over orders, so new orders are added to the sums that the
artefact tells: it is what a training would find, but for two things. Age is counted from the training's day, which
multiplies all scores alike; and of a pair that is not among a product's neighbours only the new orders are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.ids import ProductId
from app.core.recommend.fresh import Row
from app.core.recommend.interactions import Baskets
from app.core.recommend.scoring import ItemModel

MASS = "mass"
"""The array of an artefact that holds `Sums.mass`."""
LEAST_TOGETHER = 2
"""New orders that two products must share before one is "often bought together" with the other, as in a training."""
MOST_PRODUCTS = 30
"""Of an order whose pairs are counted; a larger one waits for the training, its pairs tell little."""
MOST_ROWS = 400
"""Products whose neighbours are brought up to date: those of most new pairs. Every web process reads all rows after
each change, which takes some 30 ms for so many."""
WIDTH = 50

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sums:
    """What a training's similarities were made of.

    Args:
        mass: [N], of every item of the model the summed weight of the orders that hold it.
        day: the day from which ages are counted, days since 1970-01-01.
        exponent, shrinkage, half_life, size_exponent: as in `models.item_item.Parameters`.
    """

    mass: npt.NDArray[np.float32]
    day: int
    exponent: float
    shrinkage: float
    half_life: float
    size_exponent: float

    @classmethod
    def of(cls, mass: npt.NDArray[np.float32], day: int, parameters: Mapping[str, Any]) -> Sums:
        """From what the artefact says of its training.

        Raises:
            ValueError: a parameter is missing, or is no number.
        """
        names = ("exponent", "shrinkage", "half_life", "size_exponent")
        try:
            return cls(mass, day, *(float(parameters[name]) for name in names))
        except (KeyError, TypeError) as error:
            raise ValueError(f"the artefact does not say how its neighbours were made: {error!r}") from error

    def weights(self, orders: Baskets) -> Floats:
        """What each order weighs, float64 [B]: 1 on the day of the training, more afterwards, less if it is large."""
        age = self.day - orders.day.astype(np.float64)
        return np.asarray(np.exp2(-age / self.half_life) / np.maximum(orders.sizes, 1) ** self.size_exponent)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of products in the new orders, each in both directions: positions, summed weight, and how many orders."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    weight: Floats
    count: npt.NDArray[np.int64]


def rows_after(model: ItemModel, sums: Sums, orders: Baskets) -> dict[ProductId, Row]:
    """The neighbours of the products whose pairs have changed, with the new orders among what makes them.

    Args:
        orders: those since the training, over the products in them, which the model need not know.

    Returns:
        At most `MOST_ROWS` rows of at most 50; nothing where the model has no neighbours, because "bought together" did
        not pass its exam then.
    """
    if not len(orders) or not model.neighbours.shape[1]:
        return {}
    weight = sums.weights(orders)
    pairs = _pairs(orders, weight)
    before = _masses(model, sums, orders)
    after = before + np.bincount(orders.item, np.repeat(weight, orders.sizes), minlength=len(orders.items))
    rows = {}
    for place in _most_changed(pairs, len(orders.items)):
        low, high = np.searchsorted(pairs.first, [place, place + 1]).tolist()
        product = ProductId(int(orders.items[place]))
        new = _Near(model, sums, orders, before, after, place)
        rows[product] = new.row(pairs.second[low:high], pairs.weight[low:high], pairs.count[low:high])
    return {product: row for product, row in rows.items() if row}


@dataclass(frozen=True, slots=True)
class _Near:
    """One product beside its neighbours, before and after the new orders."""

    model: ItemModel
    sums: Sums
    orders: Baskets
    before: Floats
    after: Floats
    place: int

    def row(self, others: npt.NDArray[np.int64], weight: Floats, count: npt.NDArray[np.int64]) -> Row:
        product = ProductId(int(self.orders.items[self.place]))
        together = {other: self._evidence(other, score) for other, score in self.model.neighbours_of(product)}
        for other, added, orders in zip(
            self.orders.items[others].tolist(), weight.tolist(), count.tolist(), strict=True
        ):
            if other in together or orders >= LEAST_TOGETHER:
                together[ProductId(other)] = together.get(ProductId(other), 0.0) + added
        scored = [(other, evidence / self._scale(other, self.after)) for other, evidence in together.items()]
        return tuple(sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:WIDTH])

    def _evidence(self, other: ProductId, score: float) -> float:
        return score * self._scale(other, self.before)

    def _scale(self, other: ProductId, masses: Floats) -> float:
        own = float(masses[self.place])
        place = int(np.searchsorted(self.orders.items, other))
        if place < len(self.orders.items) and self.orders.items[place] == other:
            theirs = float(masses[place])
        else:
            theirs = _mass_of(self.model, self.sums, other)
        return max(float((own * theirs) ** self.sums.exponent), 1e-12)


def _masses(model: ItemModel, sums: Sums, orders: Baskets) -> Floats:
    """Of the new orders' products what they weighed at the training, float64, shrinkage included."""
    return np.array([_mass_of(model, sums, ProductId(item)) for item in orders.items.tolist()])


def _mass_of(model: ItemModel, sums: Sums, product: ProductId) -> float:
    index = model.index_of(product)
    return sums.shrinkage + (0.0 if index is None else float(sums.mass[index]))


def _pairs(orders: Baskets, weight: Floats) -> _Pairs:
    items = len(orders.items)
    codes, weights = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for place in np.flatnonzero((orders.sizes >= 2) & (orders.sizes <= MOST_PRODUCTS)).tolist():
        held = orders.of(place).astype(np.int64)
        codes.append((held[:, None] * items + held).ravel())
        weights.append(np.full(len(held) ** 2, weight[place]))
    found, at, count = np.unique(np.concatenate(codes), return_inverse=True, return_counts=True)
    summed = np.bincount(at, np.concatenate(weights), minlength=len(found))
    first, second = found // items, found % items
    apart = first != second
    return _Pairs(first[apart], second[apart], summed[apart], count[apart])


def _most_changed(pairs: _Pairs, items: int) -> list[int]:
    """The products of most new pairs, ascending."""
    changes = np.bincount(pairs.first, pairs.count, minlength=items)
    most = np.argsort(-changes, kind="stable")[:MOST_ROWS]
    return sorted(most[changes[most] > 0].tolist())
