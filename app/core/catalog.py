"""What may be recommended: law 5 as code, the only place where it is decided in Python.

Readers of the catalogue (SQL in the adapters) must agree with these functions; a test compares the two row by row.
What is in the cart is left to the cascade, because it depends on the request.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

ACTIVE = "ACTIVE"
"""Shopify's `ProductStatus` of a product that is neither a draft nor archived."""


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What the rule needs to know of a product; `excluded` is the merchant's own decision."""

    status: str
    published: bool
    is_gift_card: bool
    deleted: bool
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """What the rule needs to know of a variant: price in minor units, quantity available over all locations."""

    price: int
    quantity: int
    tracked: bool
    oversell: bool


def may_be_shown(product: ProductFacts) -> bool:
    """Whether the product as such may stand in a rail, whatever its stock is."""
    return (
        product.status.upper() == ACTIVE
        and product.published
        and not product.is_gift_card
        and not product.deleted
        and not product.excluded
    )


def is_buyable(variant: VariantFacts) -> bool:
    """Whether the variant can go into the cart now: it has a price, and stock or leave to be oversold."""
    return variant.price > 0 and (not variant.tracked or variant.oversell or variant.quantity > 0)


def as_counted(variant: VariantFacts, units: int | None) -> VariantFacts:
    """The variant by the count of a stock system beside Shopify; as it is where that one does not count.

    What Shopify has sold out its checkout refuses, whatever another system says and whoever wins.

    Args:
        units: what `app.core.sources.outside_stock.quantity_of` says.
    """
    if units is None:
        return variant
    if variant.tracked and variant.quantity <= 0:
        units = min(units, variant.quantity)
    return replace(variant, quantity=units, tracked=True)


def may_be_recommended(product: ProductFacts, variants: Iterable[VariantFacts]) -> bool:
    """Law 5 without the cart: the product may be shown and at least one of its variants can be bought now."""
    return may_be_shown(product) and any(is_buyable(variant) for variant in variants)
