"""What discount codes take off the lines of a cart: pure arithmetic over records, in minor units.

Who may use a code, and whether it is still valid, is decided in `discounts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from devstore.model import Collection, Discount, Variant


@dataclass(frozen=True, slots=True)
class PricedLine:
    variant: Variant
    quantity: int

    @property
    def gross(self) -> int:
        return self.variant.price * self.quantity


def entitled(discount: Discount, lines: Sequence[PricedLine], collections: Iterable[Collection]) -> list[int]:
    """Places of the lines that the discount is for."""
    if not discount.entitled_only:
        return list(range(len(lines)))
    products = set(discount.product_ids)
    for collection in collections:
        if collection.id in discount.collection_ids:
            products.update(collection.product_ids)
    variants = set(discount.variant_ids)
    return [i for i, line in enumerate(lines) if line.variant.product_id in products or line.variant.id in variants]


def meets_minimum(discount: Discount, lines: Sequence[PricedLine], places: Sequence[int]) -> bool:
    """Whether enough is bought of what the discount is for."""
    quantity = sum(lines[i].quantity for i in places)
    subtotal = sum(lines[i].gross for i in places)
    return quantity >= (discount.minimum_quantity or 0) and subtotal >= (discount.minimum_subtotal or 0)


def allocate(discount: Discount, lines: Sequence[PricedLine], places: Sequence[int], left: Sequence[int]) -> list[int]:
    """What the discount takes off each line; `left` is what earlier discounts have left of the lines' prices."""
    parts = [0] * len(lines)
    if discount.percentage is not None:
        for i in places:
            parts[i] = round(left[i] * discount.percentage)
    elif discount.each:
        for i in places:
            parts[i] = min(left[i], discount.amount * lines[i].quantity)
    else:
        weights = [left[i] for i in places]
        for i, part in zip(places, _spread(min(discount.amount, sum(weights)), weights), strict=True):
            parts[i] = part
    return parts


def _spread(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` in proportion to the weights, in whole units that add up to it; the largest remainders round up."""
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
    for i in order[: amount - sum(parts)]:
        parts[i] += 1
    return parts
