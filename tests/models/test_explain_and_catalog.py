"""Reasons in words, and law 5."""

from __future__ import annotations

import pytest

from app.core.catalog import ProductFacts, VariantFacts, may_be_recommended
from app.core.ids import ProductId
from app.core.recommend.explain import reason_text
from app.core.recommend.types import Reason, ReasonCode

CUP, SAUCER, SPOON = ProductId(1), ProductId(2), ProductId(3)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (Reason(ReasonCode.TRENDING), "Popular in this store"),
        (Reason(ReasonCode.BOUGHT_TOGETHER, (CUP,)), "Often bought together with Cup"),
        (Reason(ReasonCode.BOUGHT_TOGETHER, (CUP, SAUCER, SPOON)), "Often bought together with Cup and Saucer"),
        (Reason(ReasonCode.BOUGHT_TOGETHER, (ProductId(9),)), "Often bought together"),
    ],
)
def test_a_reason_names_at_most_two_products_and_only_known_ones(reason: Reason, text: str) -> None:
    assert reason_text(reason, {CUP: "Cup", SAUCER: "Saucer", SPOON: "Spoon"}) == text


SELLABLE = ProductFacts(status="ACTIVE", published=True, is_gift_card=False, deleted=False)
IN_STOCK = VariantFacts(price=100, quantity=1, tracked=True, oversell=False)


@pytest.mark.parametrize(
    ("product", "variant", "allowed"),
    [
        (SELLABLE, IN_STOCK, True),
        (SELLABLE, VariantFacts(100, 0, tracked=True, oversell=False), False),
        (SELLABLE, VariantFacts(100, -3, tracked=True, oversell=True), True),
        (SELLABLE, VariantFacts(100, 0, tracked=False, oversell=False), True),
        (SELLABLE, VariantFacts(0, 5, tracked=True, oversell=False), False),
        (ProductFacts("DRAFT", True, False, False), IN_STOCK, False),
        (ProductFacts("ACTIVE", False, False, False), IN_STOCK, False),
        (ProductFacts("ACTIVE", True, True, False), IN_STOCK, False),
        (ProductFacts("ACTIVE", True, False, True), IN_STOCK, False),
        (ProductFacts("ACTIVE", True, False, False, excluded=True), IN_STOCK, False),
    ],
)
def test_what_cannot_be_bought_is_not_recommended(product: ProductFacts, variant: VariantFacts, allowed: bool) -> None:
    assert may_be_recommended(product, [variant]) is allowed


def test_one_variant_that_can_be_bought_is_enough() -> None:
    assert may_be_recommended(SELLABLE, [VariantFacts(100, 0, tracked=True, oversell=False), IN_STOCK])
    assert not may_be_recommended(SELLABLE, [])
