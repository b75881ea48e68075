"""Making, reading and using code discounts, for the tests that are about them."""

from __future__ import annotations

from typing import Any

import pytest

from devstore.model import Order
from devstore.store import CodeRefused, NewLine
from tests.devstore.core.shop import Shop

DISCOUNT_SCOPES = "write_discounts,write_customers,read_orders,read_all_orders,read_products"
CREATE = """mutation($d: DiscountCodeBasicInput!) { discountCodeBasicCreate(basicCodeDiscount: $d) {
  codeDiscountNode { id } userErrors { field code message extraInfo } } }"""
UPDATE = """mutation($id: ID!, $d: DiscountCodeBasicInput!) { discountCodeBasicUpdate(id: $id, basicCodeDiscount: $d) {
  codeDiscountNode { id } userErrors { field code message } } }"""
READ = """query($id: ID!) { codeDiscountNode(id: $id) { codeDiscount { ... on DiscountCodeBasic {
  title status summary usageLimit appliesOncePerCustomer asyncUsageCount discountClasses endsAt
  codes(first: 9) { nodes { code asyncUsageCount } } codesCount { count }
  context { __typename ... on DiscountCustomers { customers { id } } }
  customerGets { value { __typename ... on DiscountPercentage { percentage } ... on DiscountAmount { amount { amount }
    appliesOnEachItem } } items { __typename ... on DiscountProducts { products(first: 9) { nodes { id } } }
    ... on DiscountCollections { collections(first: 9) { nodes { handle } } } } }
  minimumRequirement { ... on DiscountMinimumSubtotal { greaterThanOrEqualToSubtotal { amount } }
    ... on DiscountMinimumQuantity { greaterThanOrEqualToQuantity } }
  combinesWith { orderDiscounts productDiscounts } } } } }"""
PRODUCT = "gid://shopify/Product/{}".format


def basic(code: str = "TEN", **changes: Any) -> dict[str, Any]:
    return {
        "title": f"Offer {code[:9]}",
        "code": code,
        "startsAt": "2026-10-01T00:00:00Z",
        "context": {"all": "ALL"},
        "customerGets": {"value": {"percentage": 0.2}, "items": {"all": True}},
    } | changes


def gets(items: dict[str, Any] | None = None, **value: Any) -> dict[str, Any]:
    return {"value": value or {"percentage": 0.5}, "items": items or {"all": True}}


def add(shop: Shop, code: str = "TEN", **changes: Any) -> str:
    result = shop.data(CREATE, {"d": basic(code, **changes)})["discountCodeBasicCreate"]
    assert result["userErrors"] == [], result
    return str(result["codeDiscountNode"]["id"])


def read(shop: Shop, gid: str) -> dict[str, Any]:
    found: dict[str, Any] = shop.data(READ, {"id": gid})["codeDiscountNode"]["codeDiscount"]
    return found


def buy(shop: Shop, *codes: str, customer: int | None = 1, lines: dict[int, int] | None = None) -> Order:
    """Product n costs 10 + n; its variant is 1000 + n."""
    wanted = [NewLine(1000 + n, quantity) for n, quantity in (lines or {1: 1, 2: 1}).items()]
    return shop.store.place_order(wanted, customer_id=customer, discount_codes=codes)


def refused(shop: Shop, *codes: str, **how: Any) -> str:
    before = len(shop.store.orders)
    with pytest.raises(CodeRefused) as problem:
        buy(shop, *codes, **how)
    assert len(shop.store.orders) == before
    return str(problem.value)
