"""Order lines as the arrays that trainers and the exam work on: which product was in which order, and when.

A purchase counts once per order whatever its quantity: a case of forty candles is one decision, and in stores with
wholesale buyers quantities would drown everyone else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Baskets:
    """Distinct (order, product) pairs, oldest order first.

    `items` int64 [N]: all products, ascending. `starts` int64 [B + 1]: basket b holds
    `item[starts[b]:starts[b + 1]]`. `item` int32: positions in `items`. `day` int32 [B]: days since 1970-01-01.
    """

    items: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    item: npt.NDArray[np.int32]
    day: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.day)

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Number of distinct products in each basket, int64 [B]."""
        return np.diff(self.starts)

    def between(self, first_day: int, end_day: int) -> Baskets:
        """The baskets of the days in [first_day, end_day), over the same items."""
        low, high = np.searchsorted(self.day, [first_day, end_day])
        starts = self.starts[low : high + 1]
        return Baskets(self.items, starts - starts[0], self.item[starts[0] : starts[-1]], self.day[low:high])


def baskets_of(order: npt.NDArray[np.int64], product: npt.NDArray[np.int64], day: npt.NDArray[np.int32]) -> Baskets:
    """Baskets from parallel arrays of equal length: the order's running number, the product's id, the order's day.

    Raises:
        ValueError: the arrays differ in length, or the days are not in the order's order.
    """
    if not len(order) == len(product) == len(day):
        raise ValueError("order, product and day must have the same length")
    items, item = np.unique(product, return_inverse=True)
    pairs, first = np.unique(order * max(len(items), 1) + item, return_index=True)
    basket, at = np.unique(pairs // max(len(items), 1), return_index=True)
    days = day[first[at]].astype(np.int32)
    if np.any(np.diff(days) < 0):
        raise ValueError("orders must come oldest first")
    starts = np.append(at, len(pairs)).astype(np.int64)
    return Baskets(items.astype(np.int64), starts, (pairs % max(len(items), 1)).astype(np.int32), days[: len(basket)])
