"""Stock as a system beside Shopify counts it, and the merchant's rule which of the two wins.

The rule is kept by product and location, the most special one first. SQL of the catalogue reckons the same as
`quantity_of`; a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.core.ids import ProductId
from app.core.sources.contract import DAY, Contract, Field, Holds, Source
from app.core.sources.report import Reason, Refused
from app.core.sources.rows import Found, Given, Raw
from app.core.sources.values import moment, short, whole

VARIANT: Final = "variant:"
"""Before a variant's number, where an item is named by it instead of by its SKU."""
EVERYWHERE: Final = ""
"""The location of a count of all locations together."""
ANY_PRODUCT: Final = 0


STOCK: Final = Contract(
    Source.STOCK,
    "Outside stock",
    "What a stock system beside Shopify says is there, by product and location.",
    "signed POST /inventory, or CSV",
    (
        Field(
            "item",
            Holds.ID,
            "The variant's SKU",
            ("sku", "item", "article", "article number", "variant sku", "artikelnummer"),
            required=True,
            column="item",
            matches="variants",
        ),
        Field(
            "location",
            Holds.ID,
            "Shopify's number of the location; empty for all of them together",
            ("location", "location id", "warehouse", "lager", "standort"),
            column="location",
        ),
        Field(
            "available",
            Holds.WHOLE,
            "Units that can be sold",
            ("available", "quantity", "stock", "on hand", "qty", "bestand", "menge"),
            required=True,
            unit="units",
            column="available",
        ),
        Field(
            "time",
            Holds.MOMENT,
            "When that was so; the moment of delivery where it is not said",
            ("at", "updated at", "timestamp", "counted at"),
            column="at",
        ),
    ),
    key=("item", "location"),
    clock="the sender's; the newest count of an item wins",
    every=DAY,
)


class Winner(StrEnum):
    """Whose number counts where both systems have one."""

    LOWER = "lower"
    SHOPIFY = "shopify"
    OUTSIDE = "outside"


DEFAULT: Final = Winner.LOWER
"""Until the merchant decides: what either system calls sold out is not recommended."""


@dataclass(frozen=True, slots=True)
class StockRule:
    """Who wins for a product (`ANY_PRODUCT`: for every one) at a location (None: at every one)."""

    winner: Winner
    product: ProductId | int = ANY_PRODUCT
    location: str | None = None


def winner_of(rules: Iterable[StockRule], product: ProductId, location: str) -> Winner:
    """By the most special rule: of the product at the location, of the product, of the location, of all."""
    special = {(rule.product, rule.location): rule.winner for rule in rules}
    asked: tuple[tuple[int, str | None], ...] = (
        (product, location), (product, None), (ANY_PRODUCT, location), (ANY_PRODUCT, None),
    )  # fmt: skip
    return next((special[one] for one in asked if one in special), DEFAULT)


def quantity_of(
    quantity: int,
    levels: Mapping[str, int],
    outside: Mapping[str, int],
    winners: Mapping[str, Winner],
    *,
    tracked: bool = True,
) -> int | None:
    """Units of a variant that may be sold, or None where Shopify's own count stays as it is.

    A count of everywhere takes the place of Shopify's total. Otherwise each location that both know contributes what
    wins there; a location that Shopify does not know adds its units where the outside system wins.

    Args:
        quantity: Shopify's total over all locations.
        levels: Shopify's units by location.
        outside: the other system's units by location, `EVERYWHERE` for all together.
        winners: who wins at each location of `outside`.
        tracked: whether Shopify counts this variant; if not, the outside system is the only one that does.
    """
    heard = {at: units for at, units in outside.items() if winners[at] is not Winner.SHOPIFY}
    if not heard:
        return None
    if not tracked:
        return heard.get(EVERYWHERE, sum(units for at, units in heard.items() if at != EVERYWHERE))
    if EVERYWHERE in heard:
        units = heard[EVERYWHERE]
        return units if winners[EVERYWHERE] is Winner.OUTSIDE else min(units, quantity)
    total = quantity
    for at, units in heard.items():
        if winners[at] is Winner.OUTSIDE:
            total += units - levels.get(at, 0)
        elif at in levels:
            total += min(units - levels[at], 0)
    return total


def read(raw: Raw, given: Given) -> Found:
    """The record of one count; `raw` has the contract's fields as texts. Its moment is now where it names none.

    Raises:
        Refused: item or units are missing or absurd.
    """
    item = short(raw["item"])
    if item is None:
        raise Refused(Reason.MISSING, "the item is empty")
    available = whole(raw["available"], "the number of units", least=-1_000_000, most=1_000_000_000)
    said = raw.get("time", "")
    at = moment(said, given.clock, "the time of the count") if said else given.clock.now
    location = location_of(raw.get("location", ""))
    values = {"item": item, "location": location, "available": available, "at": at}
    return Found(f"{item}\x1f{location}", at, values, (item,))


def location_of(text: str) -> str:
    """Shopify's number out of its global id; another system's own name as it is."""
    found = re.fullmatch(r"(?:gid://shopify/Location/)?(\d+)", text.strip())
    return found[1] if found else short(text) or EVERYWHERE
