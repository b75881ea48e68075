"""Place products that came after the training beside known ones, by what the merchant wrote of them and by price.

A light stand-in for the training's own content model: it only says which known products a new one is like. What those
are worth on a rail is theirs, not the newcomer's (`newcomers`).
"""

from __future__ import annotations

from collections.abc import Mapping, Set

import numpy as np
import numpy.typing as npt

from app.core.ids import ProductId
from app.core.recommend.fresh import Row
from app.core.recommend.item_facts import Attributes
from app.core.recommend.neighbours import NEIGHBOUR
from app.core.recommend.signals.content import ContentSignal
from app.core.recommend.signals.tables import TableSignal

NEAREST = 10
"""Known products beside which a newcomer is placed."""
LEAST_IN_COMMON = 0.25
"""Of the weight of what describes a newcomer: with less in common a product is not like it, only less unlike."""
DEAREST = 4.0
"""Times the price: what costs more than this, or less than the inverse, does not suit the same wish."""


def described(attributes: Attributes) -> Attributes:
    """The same with TF-IDF weights, those of every item of length 1, as `ContentSignal` wants them.

    The inverse document frequency of Spärck Jones, Journal of Documentation 28(1), 1972.
    """
    items, item = len(attributes), attributes.item
    _, place, sizes = np.unique(attributes.attribute, return_inverse=True, return_counts=True)
    weight = attributes.weight * np.log((1.0 + items) / sizes)[place]
    length = np.sqrt(np.bincount(item, weight**2, minlength=items))
    unit = weight / np.maximum(length, 1e-12)[item]
    return Attributes(attributes.starts, attributes.attribute, unit.astype(np.float32))


class Places:
    """The known products, ready to be compared with newcomers.

    Args:
        items: int64 [N], the known products' ids, ascending.
        attributes: theirs, as `item_words.attributes_from` makes them.
        prices: by product, in any one unit; missing where it is not known.
    """

    def __init__(
        self, items: npt.NDArray[np.int64], attributes: Attributes, prices: Mapping[ProductId, float] | None = None
    ) -> None:
        self._items, self._prices = items, prices or {}
        self._described = described(attributes)
        nothing = TableSignal(ContentSignal.name, np.empty((len(items), 0), dtype=NEIGHBOUR), 1.0, 1)
        self._content = ContentSignal(nothing, self._described)

    def of(self, product: ProductId, terms: Mapping[int, float]) -> Row:
        """The known products that it is most like, with their shares, which add up to 1; none where it is like none.

        Args:
            terms: what describes it, as `item_words.terms` tells.
        """
        if not terms:
            return ()
        near, shares = self._content.alike(np.fromiter(terms, np.int32, len(terms)))
        found = [
            (ProductId(int(self._items[place])), float(share))
            for place, share in zip(near.tolist(), shares.tolist(), strict=True)
            if self._in_common(place, terms) >= LEAST_IN_COMMON
        ]
        suited = [(other, share) for other, share in found if self._suits(product, other)][:NEAREST]
        total = sum(share for _, share in suited)
        return tuple([(other, share / total) for other, share in suited])

    def _in_common(self, place: int, terms: Mapping[int, float]) -> float:
        low, high = self._described.starts[place : place + 2].tolist()
        theirs: Set[int] = set(self._described.attribute[low:high].tolist())
        return sum(weight for term, weight in terms.items() if term in theirs) / sum(terms.values())

    def _suits(self, product: ProductId, other: ProductId) -> bool:
        own, theirs = self._prices.get(product), self._prices.get(other)
        return not own or not theirs or max(own, theirs) <= DEAREST * min(own, theirs)
