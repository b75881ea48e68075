"""Products, variants, collections and price changes as records, written from the drawn catalogue.

The price of a product belongs to its middle variant; larger and smaller ones cost in proportion. The first price of
each variant is the first of its price changes, so that the whole history of prices can be read from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from devstore.model import Collection, PriceChange, Product, Variant
from devstore.worlds import ids
from devstore.worlds.generated.arrays import Ints
from devstore.worlds.generated.catalogue import Catalogue, price_point
from devstore.worlds.generated.kinds import Kind
from devstore.worlds.generated.parameters import Parameters
from devstore.worlds.generated.prices import Prices
from devstore.worlds.generated.words import CHOICES, COLLECTIONS, OPENINGS, PROMISES, RANGES
from devstore.worlds.ids import Ids
from devstore.worlds.text import Handles, slug

_SHOP = "Everloom"
_GIFT_CARD_VALUES = (2500, 5000, 10000)
_RANGE_NAMES = tuple(RANGES)
_LONGEST_CHOICE = 4
"""Colours and scents are offered in up to so many versions."""


@dataclass(frozen=True, slots=True)
class Shelves:
    products: list[Product]
    collections: list[Collection]
    price_changes: list[PriceChange]
    variant_prices: list[Ints]
    """For each product, (weeks, variants) prices in minor units."""


def fill_shelves(
    params: Parameters, goods: Catalogue, prices: Prices, counters: Ids, random: np.random.Generator
) -> Shelves:
    writer = _Writer(params, goods, prices, counters, random)
    for number in range(len(goods.kind)):
        writer.add(number)
    changes = sorted(writer.changes, key=lambda change: (change.at, change.variant_id))
    return Shelves(writer.products, _collections(params, goods, writer.products), changes, writer.variant_prices)


def _collections(params: Parameters, goods: Catalogue, products: list[Product]) -> list[Collection]:
    rows = enumerate(COLLECTIONS.items())
    return [
        Collection(
            ids.COLLECTION + number + 1,
            slug(title),
            title,
            text,
            [products[place].id for place in np.flatnonzero(goods.collection == number).tolist()],
            params.start,
        )
        for number, (title, (text, _, _)) in rows
    ]


class _Writer:
    """Writes one product after the other."""

    def __init__(
        self, params: Parameters, goods: Catalogue, prices: Prices, counters: Ids, random: np.random.Generator
    ) -> None:
        self._params, self._goods, self._prices, self._counters, self._random = params, goods, prices, counters, random
        self._handles = Handles()
        self.products: list[Product] = []
        self.changes: list[PriceChange] = []
        self.variant_prices: list[Ints] = []

    def add(self, number: int) -> None:
        goods, kind = self._goods, self._goods.kinds[self._goods.kind[number]]
        choices = self._choices(number, kind)
        prices = self._price_table(number, [factor for _, factor in choices])
        created, updated = self._created(number), self._updated(number, prices)
        product_id = ids.PRODUCT + number + 1
        title, vendor = self._title(number, kind)
        handle = self._handles.give(title)
        draft = bool(goods.drafts[number])
        self.products.append(Product(
            id=product_id,
            handle=handle,
            title=title,
            description=self._description(number, kind, vendor),
            vendor=vendor,
            product_type="Gift Card" if number == goods.gift_card else kind.noun,
            tags=self._tags(number, kind),
            status="DRAFT" if draft else "ARCHIVED" if goods.archived[number] else "ACTIVE",
            created_at=created,
            updated_at=updated,
            published_at=None if draft else created,
            variants=self._variants(product_id, handle, choices, prices, updated, number),
            image_text=title,
            is_gift_card=number == goods.gift_card,
        ))  # fmt: skip
        self.variant_prices.append(prices)
        self._note_changes(number, prices, created)

    def _choices(self, number: int, kind: Kind) -> list[tuple[str, float]]:
        """Sizes and packs come complete, colours and scents in a random few, and some products have no choice."""
        if number == self._goods.gift_card:
            return [(f"€{value // 100}", value / _GIFT_CARD_VALUES[1]) for value in _GIFT_CARD_VALUES]
        everything = CHOICES[kind.choice]
        if number == self._goods.sample or len(everything) == 1 or self._random.random() < 0.4:
            return list(CHOICES[""])
        if kind.choice not in ("colour", "scent"):
            return list(everything)
        count = int(self._random.integers(2, min(len(everything), _LONGEST_CHOICE) + 1))
        return [everything[place] for place in sorted(self._random.choice(len(everything), count, replace=False))]

    def _price_table(self, number: int, factors: list[float]) -> Ints:
        product = self._prices.price[:, number]
        table = product[:, None] * np.array(factors)
        if number in (self._goods.gift_card, self._goods.sample):
            return np.asarray(table, np.int64)
        return np.where(np.array(factors) == 1.0, product[:, None], price_point(table))

    def _title(self, number: int, kind: Kind) -> tuple[str, str]:
        if number == self._goods.gift_card:
            return f"{_SHOP} Gift Card", _SHOP
        if number == self._goods.sample:
            return "Soap Sample", _SHOP
        range_ = _RANGE_NAMES[self._goods.range[number]]
        return f"{range_} {kind.materials[self._goods.material[number]]} {kind.noun}", RANGES[range_]

    def _description(self, number: int, kind: Kind, vendor: str) -> str:
        if number == self._goods.gift_card:
            return "For those who would rather choose."
        if number == self._goods.sample:
            return "A free slice of this month's soap; one per household."
        opening = OPENINGS[int(self._random.integers(len(OPENINGS)))]
        words = {"noun": kind.noun.lower(), "range": _RANGE_NAMES[self._goods.range[number]], "vendor": vendor}
        first = opening.format(material=kind.materials[self._goods.material[number]], **words)
        promises = self._random.choice(len(PROMISES), 2, replace=False)
        lasts = f" Lasts about {kind.interval} days." if kind.interval else ""
        return f"{first} {PROMISES[promises[0]]} {PROMISES[promises[1]]}{lasts}"

    def _tags(self, number: int, kind: Kind) -> tuple[str, ...]:
        tags = {slug(kind.materials[self._goods.material[number]]), slug(tuple(COLLECTIONS)[kind.collection])}
        if self._goods.interval[number]:
            tags.add("refill")
        if number == self._goods.sample:
            tags.add("sample")
        return tuple(sorted(tags))

    def _created(self, number: int) -> datetime:
        """Products that were there from the start were added over the year before; drafts are new."""
        if self._goods.drafts[number]:
            return self._params.start + timedelta(days=self._params.days - 1 - number % 20)
        week = int(self._goods.first_week[number])
        if week:
            return self._params.start + timedelta(weeks=week, hours=3)
        return self._params.start - timedelta(days=30 + number % 330, hours=number % 9)

    def _updated(self, number: int, prices: Ints) -> datetime:
        """When the price last changed, or when the product was added."""
        changed = np.flatnonzero((np.diff(prices, axis=0) != 0).any(axis=1)) + 1
        at = self._params.start + timedelta(weeks=int(changed[-1])) if len(changed) else self._params.start
        return max(at, self._created(number))

    def _variants(
        self, product_id: int, handle: str, choices: list[tuple[str, float]], prices: Ints, at: datetime, number: int
    ) -> list[Variant]:
        usual = float(self._prices.regular[-1, number] / max(self._prices.price[-1, number], 1))
        letters = "".join(word[:3] for word in handle.split("-")[:3]).upper()
        return [
            Variant(
                id=next(self._counters.variants),
                product_id=product_id,
                title=title,
                sku=f"{letters}-{number + 1:04d}-{position}",
                price=price,
                compare_at_price=_more(price, usual),
                inventory_item_id=next(self._counters.inventory_items),
                quantity=quantity,
                tracked=number != self._goods.gift_card,
                oversell=oversell,
                position=position,
                updated_at=at,
            )
            for position, ((title, _), price) in enumerate(zip(choices, prices[-1].tolist(), strict=True), start=1)
            for quantity, oversell in [self._stock(number)]
        ]

    def _stock(self, number: int) -> tuple[int, bool]:
        """Pieces in stock, and whether it is sold on at zero."""
        if number == self._goods.gift_card:
            return 0, False
        if self._random.random() < self._params.out_of_stock:
            return 0, bool(self._random.random() < self._params.oversold)
        return 1 + int(self._random.gamma(1.6, 30)), False

    def _note_changes(self, number: int, prices: Ints, created: datetime) -> None:
        start = int(min(self._goods.first_week[number], len(prices) - 1))
        for column, variant in enumerate(self.products[-1].variants):
            path = prices[start:, column].tolist()
            self.changes.append(PriceChange(variant.id, created, path[0]))
            for week, (before, after) in enumerate(pairwise(path), start=start + 1):
                if before != after:
                    at = self._params.start + timedelta(weeks=week)
                    self.changes.append(PriceChange(variant.id, at, after))


def _more(price: int, usual: float) -> int | None:
    """The usual price where it is higher than `price`, which is then a sale's."""
    before = int(price_point(np.array([price * usual]))[0])
    return before if usual > 1 and before > price else None
