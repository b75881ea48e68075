"""Orders and sessions as the arrays that trainers and exams work on: which product was in which, when, and whose.

A product counts once per order or session whatever its quantity: a case of forty candles is one decision, and in
stores with wholesale buyers quantities would drown everyone else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
NOBODY = 0
"""The running number of everybody who is not known to be a customer."""


@dataclass(frozen=True, slots=True, eq=False)
class Baskets:
    """Distinct (basket, product) pairs, oldest basket first; a basket is an order, or a session of looking around.

    `items` int64 [N]: the catalogue, ascending. `starts` int64 [B + 1]: basket b holds
    `item[starts[b]:starts[b + 1]]`. `item` int32: positions in `items`. `day` int32 [B]: days since 1970-01-01.
    `customer` int64 [B]: running number of the person, `NOBODY` for guests and sessions.
    """

    items: Ids
    starts: Ids
    item: npt.NDArray[np.int32]
    day: npt.NDArray[np.int32]
    customer: Ids

    def __len__(self) -> int:
        return len(self.day)

    @property
    def sizes(self) -> Ids:
        """Number of distinct products in each basket, int64 [B]."""
        return np.diff(self.starts)

    def of(self, basket: int) -> npt.NDArray[np.int32]:
        """The products of one basket, as positions in `items`."""
        return self.item[self.starts[basket] : self.starts[basket + 1]]

    def between(self, first_day: int, end_day: int) -> Baskets:
        """The baskets of the days in [first_day, end_day), over the same items."""
        low, high = np.searchsorted(self.day, [first_day, end_day]).tolist()
        return self.part(low, high)

    def part(self, low: int, high: int) -> Baskets:
        """The baskets [low, high), over the same items."""
        starts = self.starts[low : high + 1]
        item = self.item[starts[0] : starts[-1]]
        return Baskets(self.items, starts - starts[0], item, self.day[low:high], self.customer[low:high])

    def sized(self, least: int, most: int) -> Baskets:
        """The baskets of so many products, both included, over the same items."""
        keep = (self.sizes >= least) & (self.sizes <= most)
        starts = np.append(0, np.cumsum(self.sizes[keep])).astype(np.int64)
        item = self.item[np.repeat(keep, self.sizes)]
        return Baskets(self.items, starts, item, self.day[keep], self.customer[keep])


def catalogue_of(*products: Ids) -> Ids:
    """Every product that occurs in one of the arrays, ascending: the items that all models of a shop share."""
    return np.unique(np.concatenate(products)).astype(np.int64)


def baskets_of(
    order: Ids,
    product: Ids,
    day: npt.NDArray[np.int32],
    *,
    customer: Ids | None = None,
    items: Ids | None = None,
) -> Baskets:
    """Baskets from parallel arrays of equal length: the basket's running number, the product's id, the basket's day.

    Args:
        customer: the basket's person by line; nobody where it is not given.
        items: the catalogue, ascending, with every product in it; the products themselves where it is not given.

    Raises:
        ValueError: the arrays differ in length, or the days are not in the baskets' order.
    """
    people = np.zeros(len(order), dtype=np.int64) if customer is None else customer
    if not len(order) == len(product) == len(day) == len(people):
        raise ValueError("order, product, day and customer must have the same length")
    catalogue = catalogue_of(product) if items is None else items
    item = np.searchsorted(catalogue, product)
    width = max(len(catalogue), 1)
    pairs, first = np.unique(order * width + item, return_index=True)
    _, at = np.unique(pairs // width, return_index=True)
    days = day[first[at]].astype(np.int32)
    if np.any(np.diff(days) < 0):
        raise ValueError("orders must come oldest first")
    starts = np.append(at, len(pairs)).astype(np.int64)
    return Baskets(catalogue, starts, (pairs % width).astype(np.int32), days, people[first[at]].astype(np.int64))
