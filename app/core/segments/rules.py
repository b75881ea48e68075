"""What a segment's rule is made of: conditions about figures of a profile, joined by all, any and not.

A condition compares one measure (a figure, of certain products, in a certain time) with bounds. Measures are whole
numbers or nothing, so that every engine and Python itself come to the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Figure(StrEnum):
    """What can be known of a profile."""

    ORDERS = "orders"
    """How many orders; of chosen products, orders that hold one of them which was not sent back."""
    SPENT = "spent"
    """Minor units: what was paid less refunds; of chosen products, what their lines came to."""
    LAST_ORDER = "last_order"
    """When the last order was placed, in seconds since 1970; bounds are days before now."""
    VIEWS = "views"
    CARTS = "carts"
    """How often a product was put into the cart."""
    CLICKS = "clicks"
    """On recommended products."""
    SEARCHES = "searches"
    CHECKOUTS = "checkouts"
    """How often a checkout was begun."""
    MAILS = "mails"
    """E-mails received."""
    OPENS = "opens"
    MAIL_CLICKS = "mail_clicks"
    STAGE = "stage"
    """`lifecycle.Stage`, by its number."""
    RECENCY = "recency"
    FREQUENCY = "frequency"
    MONETARY = "monetary"
    """The three are scores from 1 to 5, see `rfm`."""
    AFFINITY = "affinity"
    """Per cent of the profile's attention, see `affinity`."""
    PRICE_LEVEL = "price_level"
    """1 to 3: the lower, middle or upper third of the prices of what was bought, among products of the same kind."""
    DISCOUNT_SHARE = "discount_share"
    """Per cent of the orders that had a discount."""
    TAG = "tag"
    """1 where the customer has the tag, else 0."""
    ACCEPTS_EMAIL = "accepts_email"
    """1 or 0."""


class Kind(StrEnum):
    """By what products, or customers, are chosen."""

    COLLECTION = "collection"
    TYPE = "type"
    VENDOR = "vendor"
    PRODUCT = "product"
    TAG = "tag"
    """A tag of the customer's."""


@dataclass(frozen=True, slots=True, order=True)
class Selection:
    """`key` is Shopify's number of a collection or product, or the text of a type, vendor or tag."""

    kind: Kind
    key: str


TODAY: Final = 0
"""As a number of days: since the beginning of the shop's day."""
MOST_DAYS: Final = 3650
PRODUCTS: Final = frozenset({Kind.COLLECTION, Kind.TYPE, Kind.VENDOR, Kind.PRODUCT})
NOTHING: Final[frozenset[Kind]] = frozenset()


@dataclass(frozen=True, slots=True)
class Trait:
    """What a figure's conditions may say. `lowest` and `highest` bound their numbers; `unit` is for words."""

    title: str
    unit: str = "times"
    about: frozenset[Kind] = NOTHING
    needs_about: bool = False
    takes_days: bool = False
    lowest: int = 0
    highest: int = 1_000_000
    is_behaviour: bool = False
    """It is read from what browsers or mails report."""


def _behaviour(title: str, about: frozenset[Kind] = NOTHING) -> Trait:
    return Trait(title, about=about, takes_days=True, is_behaviour=True)


TRAITS: Final = {
    Figure.ORDERS: Trait("Orders", about=PRODUCTS, takes_days=True),
    Figure.SPENT: Trait("Money spent", "money", about=PRODUCTS, takes_days=True, highest=10**13),
    Figure.LAST_ORDER: Trait("Days since the last order", "days", highest=MOST_DAYS),
    Figure.VIEWS: _behaviour("Products viewed", PRODUCTS),
    Figure.CARTS: _behaviour("Products put into the cart", PRODUCTS),
    Figure.CLICKS: _behaviour("Recommendations clicked", PRODUCTS),
    Figure.SEARCHES: _behaviour("Searches"),
    Figure.CHECKOUTS: _behaviour("Checkouts begun"),
    Figure.MAILS: _behaviour("E-mails received"),
    Figure.OPENS: _behaviour("E-mails opened"),
    Figure.MAIL_CLICKS: _behaviour("E-mails clicked"),
    Figure.STAGE: Trait("Stage of life", "stage", lowest=1, highest=6),
    Figure.RECENCY: Trait("Recency score", "score", lowest=1, highest=5),
    Figure.FREQUENCY: Trait("Frequency score", "score", lowest=1, highest=5),
    Figure.MONETARY: Trait("Spending score", "score", lowest=1, highest=5),
    Figure.AFFINITY: Trait("Share of attention", "%", about=PRODUCTS, needs_about=True, highest=100),
    Figure.PRICE_LEVEL: Trait("Price range", "level", lowest=1, highest=3),
    Figure.DISCOUNT_SHARE: Trait("Share of orders with a discount", "%", highest=100),
    Figure.TAG: Trait("Customer tag", "flag", about=frozenset({Kind.TAG}), needs_about=True, highest=1),
    Figure.ACCEPTS_EMAIL: Trait("Accepts e-mail marketing", "flag", highest=1),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of chosen products in the last `days`; None: ever."""

    figure: Figure
    about: Selection | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """The measure is at least `least` and at most `most`; one of them is there. What is unknown fulfils neither."""

    measure: Measure
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Rule


Rule = Condition | All | Any | Not


def conditions(rule: Rule) -> Iterator[Condition]:
    """All conditions of the rule in the order in which they stand."""
    match rule:
        case Condition():
            yield rule
        case Not(part):
            yield from conditions(part)
        case All(parts) | Any(parts):
            for part in parts:
                yield from conditions(part)


def measures(rule: Rule) -> tuple[Measure, ...]:
    """The rule's measures, each once, in the order in which they stand."""
    return tuple(dict.fromkeys(condition.measure for condition in conditions(rule)))


def is_live(rule: Rule) -> bool:
    """Whether something that a shopper does today can bring them into the segment at once."""
    return any(one.days == TODAY and TRAITS[one.figure].is_behaviour for one in measures(rule))
