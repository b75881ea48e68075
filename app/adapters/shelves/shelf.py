"""One shop in memory: which products may be bought, how their cards read, and the model that ranks them.

One thread changes a shelf's catalogue, another one what is known of how products do; many read it without a lock: a
product's row is complete before its index is known, and every change is one assignment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import nan
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import orjson

from app.adapters.shelves.pulse import UNREAD, Pulse
from app.core.experiments.assign import UNREAD_EXPERIMENTS, Experiments
from app.core.ids import ModelVersion, ProductId
from app.core.recommend.canary import Canary
from app.core.recommend.served import ServedModel
from app.core.recommend.steering import days_of_cover
from app.ports import Card

Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
SPARE = 64
"""Rows kept free for products that come later, so that most of them need no copy of the bitmap."""


class CatalogShelf:
    """Implements `app.ports.Shelf` over the cards given, which `apply` adds to and replaces."""

    def __init__(self, cards: Iterable[Card], model: ServedModel | None = None) -> None:
        self.model = model
        self.experiments: Experiments = UNREAD_EXPERIMENTS
        self.canary: Canary | None = None
        self.pinned: Mapping[ModelVersion, ServedModel] = {}
        """Older versions that running experiments name."""
        self.pulse: Pulse = UNREAD
        self.titles: dict[ProductId, str] = {}
        self.handles: dict[ProductId, str] = {}
        self._row: dict[ProductId, int] = {}
        self._buyable: npt.NDArray[np.bool_] = np.zeros(SPARE, dtype=np.bool_)
        self._json: list[bytes] = []
        self._stock: list[int | None] = []
        self._created: dict[ProductId, datetime] = {}
        self._rows_of: dict[int, tuple[Ids, npt.NDArray[np.intp]]] = {}
        """The rows of a model's items, -1 where there is none, by the identity of the array of items; that is held, so
        that no other array gets its identity."""
        self._among: dict[int, Mask] = {}
        self.apply(cards)

    def __len__(self) -> int:
        return len(self._row)

    def is_buyable(self, product: ProductId) -> bool:
        """Law 5, as of the last read; unknown products may not be recommended."""
        row = self._row.get(product)
        return row is not None and bool(self._buyable[row])

    def buyable_among(self, items: Ids) -> Mask:
        """`is_buyable` of a whole catalogue, bool [N]; worked out once until the shelf changes."""
        # What is worked out while the shelf changes lands in the old ones, and is forgotten.
        known, known_rows = self._among, self._rows_of
        mask = known.get(id(items))
        if mask is None:
            rows = known_rows.get(id(items), (items, None))[1]
            if rows is None:
                found = (self._row.get(ProductId(item), -1) for item in items.tolist())
                rows = np.fromiter(found, dtype=np.intp, count=len(items))
                known_rows[id(items)] = (items, rows)
            mask = known[id(items)] = (rows >= 0) & self._buyable[rows]
        return mask

    def cannot_be_bought(self, product: ProductId) -> bool:
        """Known, and not to be bought now. Of a product that is not here yet nothing is claimed."""
        row = self._row.get(product)
        return row is not None and not self._buyable[row]

    def card_json(self, product: ProductId) -> bytes:
        return self._json[self._row[product]]

    @property
    def new_products(self) -> Mapping[ProductId, int]:
        """The impressions owed to each product that is new; nothing while no slider asks."""
        return self.pulse.owed

    def cover(self, product: ProductId) -> float:
        """For how many days the stock lasts: by the stock of this moment, and what was sold in a day lately."""
        row, sold = self._row.get(product), self.pulse.sold_per_day
        if row is None or sold is None:
            return nan
        return days_of_cover(self._stock[row], sold.get(product, 0.0))

    def created_since(self, moment: datetime) -> Sequence[ProductId]:
        """The products that the store has made since then, the oldest first."""
        # A copy in one step: the thread that reads the catalogue may add to it meanwhile.
        young = [(at, product) for product, at in self._created.copy().items() if at >= moment]
        return [product for _, product in sorted(young)]

    def apply(self, cards: Iterable[Card]) -> None:
        """Take over new and changed cards. Called by one thread only."""
        before = len(self._row)
        for card in cards:
            row = self._row.get(card.product_id)
            if row is None:
                row = len(self._json)
                self._grow(row)
                self._json.append(_json(card))
                self._stock.append(card.stock)
            else:
                self._json[row], self._stock[row] = _json(card), card.stock
            self._buyable[row] = card.buyable
            self.titles[card.product_id], self.handles[card.product_id] = card.title, card.handle
            if card.created_at is not None:
                self._created[card.product_id] = card.created_at
            self._row[card.product_id] = row
        if len(self._row) > before:
            self._rows_of = {}
        self._among = {}

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
