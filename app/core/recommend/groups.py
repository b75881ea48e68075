"""Which products are of one kind, so that what completes a look is not one more of the same.

The merchant's product types say it; where they say nothing, the collections do; where neither does, nothing is
claimed. A kind that nearly everything belongs to, or a collection of half the store, tells no two products apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from app.core.ids import CollectionId, ProductId

UNKNOWN = -1
LEAST_TYPED = 0.5
"""The share of products that must have a type before types are what the store goes by."""
LARGEST_TYPE = 0.9
"""The share of typed products that one type may have."""
LARGEST_COLLECTION = 0.5
"""The share of products above which a collection ("All", "New", "Sale") is no kind of product."""

Groups = npt.NDArray[np.int32]


def groups_of(
    items: npt.NDArray[np.int64],
    types: Mapping[ProductId, str],
    collections: Mapping[CollectionId, frozenset[ProductId]],
) -> Groups | None:
    """A number for every item's kind, int32 [N], `UNKNOWN` where nothing is known; None when no two kinds are.

    Args:
        items: int64 [N], product ids.
        types: the product's type as the merchant wrote it; may be empty.
        collections: their products. A product counts for the smallest of its collections.
    """
    products = [ProductId(number) for number in items.tolist()]
    kinds = _by_type(products, types) or _by_collection(products, collections)
    names = {name: number for number, name in enumerate(sorted(set(kinds.values())))}
    if len(names) < 2:
        return None
    return np.array([names[kinds[one]] if one in kinds else UNKNOWN for one in products], dtype=np.int32)


def _by_type(products: list[ProductId], types: Mapping[ProductId, str]) -> dict[ProductId, str]:
    """The types in one spelling; none when they don't tell the store's products apart."""
    spelt = {product: " ".join(types.get(product, "").casefold().split()) for product in products}
    kinds = {product: kind for product, kind in spelt.items() if kind}
    sizes = Counter(kinds.values())
    if len(kinds) < LEAST_TYPED * len(products) or max(sizes.values(), default=0) > LARGEST_TYPE * len(kinds):
        return {}
    return kinds


def _by_collection(
    products: list[ProductId], collections: Mapping[CollectionId, frozenset[ProductId]]
) -> dict[ProductId, str]:
    ours = set(products)
    held = {number: members & ours for number, members in collections.items()}
    telling = {number: members for number, members in held.items() if len(members) <= LARGEST_COLLECTION * len(ours)}
    kinds: dict[ProductId, str] = {}
    for number in sorted(telling, key=lambda one: (len(telling[one]), one)):
        for product in telling[number]:
            kinds.setdefault(product, str(number))
    return kinds
