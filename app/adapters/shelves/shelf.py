"""One shop in memory: which products may be bought, how their cards read, and the model that ranks them.

One thread changes a shelf, many read it without a lock: a product's row is complete before its index is known, and
every change is one assignment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import orjson

from app.core.experiments.assign import UNREAD_EXPERIMENTS, Experiments
from app.core.ids import ModelVersion, ProductId
from app.core.recommend.served import ServedModel
from app.ports import Card

SPARE = 64
"""Rows kept free for products that come later, so that most of them need no copy of the bitmap."""


class CatalogShelf:
    """Implements `app.ports.Shelf` over the cards given, which `apply` adds to and replaces."""

    def __init__(self, cards: Iterable[Card], model: ServedModel | None = None) -> None:
        self.model = model
        self.experiments: Experiments = UNREAD_EXPERIMENTS
        self.pinned: Mapping[ModelVersion, ServedModel] = {}
        """Older versions that running experiments name."""
        self.titles: dict[ProductId, str] = {}
        self.handles: dict[ProductId, str] = {}
        self._row: dict[ProductId, int] = {}
        self._buyable: npt.NDArray[np.bool_] = np.zeros(SPARE, dtype=np.bool_)
        self._json: list[bytes] = []
        self.apply(cards)

    def __len__(self) -> int:
        return len(self._row)

    def is_buyable(self, product: ProductId) -> bool:
        """Law 5, as of the last read; unknown products may not be recommended."""
        row = self._row.get(product)
        return row is not None and bool(self._buyable[row])

    def cannot_be_bought(self, product: ProductId) -> bool:
        """Known, and not to be bought now. Of a product that is not here yet nothing is claimed."""
        row = self._row.get(product)
        return row is not None and not self._buyable[row]

    def card_json(self, product: ProductId) -> bytes:
        return self._json[self._row[product]]

    def apply(self, cards: Iterable[Card]) -> None:
        """Take over new and changed cards. Called by one thread only."""
        for card in cards:
            row = self._row.get(card.product_id)
            if row is None:
                row = len(self._json)
                self._grow(row)
                self._json.append(_json(card))
            else:
                self._json[row] = _json(card)
            self._buyable[row] = card.buyable
            self.titles[card.product_id], self.handles[card.product_id] = card.title, card.handle
            self._row[card.product_id] = row

    def _grow(self, row: int) -> None:
        if row >= len(self._buyable):
            grown = np.zeros(2 * len(self._buyable), dtype=np.bool_)
            grown[: len(self._buyable)] = self._buyable
            self._buyable = grown


def _json(card: Card) -> bytes:
    members = {
        "product_id": str(card.product_id),
        "variant_id": str(card.variant_id),
        "handle": card.handle,
        "title": card.title,
        "url": f"/products/{quote(card.handle, safe='')}",
        "image": card.image,
    }
    return orjson.dumps(members)[1:-1]
