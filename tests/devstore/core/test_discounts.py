"""Code discounts: what Shopify refuses, who may use them, and what they do to an order."""

from __future__ import annotations

from typing import Any

import pytest

from devstore.store import CodeRefused, NewLine
from tests.devstore.core.offers import CREATE, DISCOUNT_SCOPES, PRODUCT, add, basic, buy, gets, read, refused
from tests.devstore.core.shop import Shop, make


@pytest.fixture
def shop() -> Shop:
    return make(scopes=DISCOUNT_SCOPES).install()


def test_a_discount_reads_back_as_it_was_made(shop: Shop) -> None:
    gid = add(
        shop,
        customerGets=gets({"products": {"productsToAdd": [PRODUCT(1)]}}, discountAmount={"amount": "5.50"}),
        context={"customers": {"add": ["gid://shopify/Customer/2"]}},
        minimumRequirement={"subtotal": {"greaterThanOrEqualToSubtotal": "20"}},
        usageLimit=3,
        appliesOncePerCustomer=True,
        combinesWith={"orderDiscounts": True},
    )
    assert read(shop, gid) == {
        "title": "Offer TEN", "status": "ACTIVE", "summary": "5.50 GBP off 1 product", "usageLimit": 3,
        "appliesOncePerCustomer": True, "asyncUsageCount": 0, "discountClasses": ["PRODUCT"], "endsAt": None,
        "codes": {"nodes": [{"code": "TEN", "asyncUsageCount": 0}]}, "codesCount": {"count": 1},
        "context": {"__typename": "DiscountCustomers", "customers": [{"id": "gid://shopify/Customer/2"}]},
        "customerGets": {
            "value": {"__typename": "DiscountAmount", "amount": {"amount": "5.50"}, "appliesOnEachItem": False},
            "items": {"__typename": "DiscountProducts", "products": {"nodes": [{"id": PRODUCT(1)}]}},
        },
        "minimumRequirement": {"greaterThanOrEqualToSubtotal": {"amount": "20.00"}},
        "combinesWith": {"orderDiscounts": True, "productDiscounts": False},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"title": " "}, "title", "BLANK"),
        ({"title": "t" * 256}, "title", "TOO_LONG"),
        ({"code": ""}, "code", "BLANK"),
        ({"code": "c" * 256}, "code", "TOO_LONG"),
        ({"code": "two\nlines"}, "code", "INVALID"),
        ({"code": "welcome10"}, "code", "TAKEN"),
        ({"startsAt": None}, "startsAt", "BLANK"),
        ({"endsAt": "2026-09-01T00:00:00Z"}, "endsAt", "END_DATE_BEFORE_START_DATE"),
        ({"context": None}, "context", "BLANK"),
        ({"customerSelection": {"all": True}}, "context", "CONFLICT"),
        ({"context": {"customers": {"add": ["gid://shopify/Customer/9"]}}}, "context.customers.add", "INVALID"),
        ({"usageLimit": 0}, "usageLimit", "GREATER_THAN"),
        ({"customerGets": gets(percentage=1.5)}, "customerGets.value.percentage", "VALUE_OUTSIDE_RANGE"),
        ({"customerGets": {"items": {"all": True}}}, "customerGets.value", "BLANK"),
        ({"customerGets": gets({"all": False})}, "customerGets.items", "APPLIES_ON_NOTHING"),
        (
            {"customerGets": gets({"products": {"productsToAdd": [PRODUCT(99)]}})},
            "customerGets.items.products.productsToAdd",
            "INVALID",
        ),
        (
            {"minimumRequirement": {"quantity": {"greaterThanOrEqualToQuantity": "2"},
                                    "subtotal": {"greaterThanOrEqualToSubtotal": "2"}}},
            "minimumRequirement",
            "MINIMUM_SUBTOTAL_AND_QUANTITY_RANGE_BOTH_PRESENT",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_a_user_error_and_makes_nothing(shop: Shop, changes: dict[str, Any], path: str, code: str) -> None:
    before = len(shop.store.discounts)
    result = shop.data(CREATE, {"d": basic(**changes)})["discountCodeBasicCreate"]
    assert (result["userErrors"][0]["field"], result["userErrors"][0]["code"]) == (
        ["basicCodeDiscount", *path.split(".")],
        code,
    )
    assert len(shop.store.discounts) == before


def test_what_the_devstore_does_not_simulate_is_501(shop: Shop) -> None:
    given = basic(context={"markets": {"add": ["gid://shopify/Market/1"]}})
    assert shop.post(CREATE, {"d": given}).status_code == 501


def test_discounts_need_their_scope() -> None:
    body = make(scopes="read_discounts").install().answer(CREATE, {"d": basic()})
    assert body["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_a_percentage_is_taken_off_every_line(shop: Shop) -> None:
    add(shop)
    assert [line.discount for line in buy(shop, "ten").lines] == [220, 240]


def test_an_amount_is_spread_in_proportion_and_adds_up(shop: Shop) -> None:
    add(shop, customerGets=gets(discountAmount={"amount": 5}))
    order = buy(shop, "TEN", lines={1: 1, 2: 1, 3: 1})
    assert [line.discount for line in order.lines] == [153, 167, 180]


def test_an_amount_for_each_item_counts_units_and_never_exceeds_the_price(shop: Shop) -> None:
    add(shop, customerGets=gets(discountAmount={"amount": "11.50", "appliesOnEachItem": True}))
    assert [line.discount for line in buy(shop, "TEN", lines={1: 2, 5: 2}).lines] == [2200, 2300]


def test_only_entitled_products_are_reduced(shop: Shop) -> None:
    add(shop, "FEW", customerGets=gets({"collections": {"add": ["gid://shopify/Collection/502"]}}))
    assert [line.discount for line in buy(shop, "FEW").lines] == [0, 600]
    assert "none of these products" in refused(shop, "FEW", lines={1: 1})


def test_a_code_for_named_customers_is_for_nobody_else(shop: Shop) -> None:
    add(shop, context={"customers": {"add": ["gid://shopify/Customer/2"]}})
    assert buy(shop, "TEN", customer=2).discount_codes == ("TEN",)
    assert "not for this customer" in refused(shop, "TEN", customer=1)
    assert "not for this customer" in refused(shop, "TEN", customer=None)


def test_a_code_for_a_segment_follows_its_members(shop: Shop) -> None:
    segment = shop.data(
        """mutation { segmentCreate(name: "At risk", query: "customer_tags CONTAINS 'at-risk'") { segment { id } } }"""
    )["segmentCreate"]["segment"]["id"]
    add(shop, context={"customerSegments": {"add": [segment]}})
    refused(shop, "TEN")
    shop.store.update_customer(1, tags=["at-risk"])
    assert buy(shop, "TEN").discount_codes == ("TEN",)


def test_a_known_guest_is_recognised_by_the_address(shop: Shop) -> None:
    add(shop, context={"customers": {"add": ["gid://shopify/Customer/2"]}})
    lines = [NewLine(1001, 1)]
    assert shop.store.place_order(lines, email="C2@example.com", discount_code="TEN").customer_id == 2
    known = len(shop.store.customers)
    with pytest.raises(CodeRefused):
        shop.store.place_order(lines, email="stranger@example.com", discount_code="TEN")
    assert len(shop.store.customers) == known


@pytest.mark.parametrize(
    "minimum",
    [
        {"quantity": {"greaterThanOrEqualToQuantity": "3"}},
        {"subtotal": {"greaterThanOrEqualToSubtotal": "33.00"}},
    ],
)
def test_a_minimum_must_be_met(shop: Shop, minimum: dict[str, Any]) -> None:
    add(shop, minimumRequirement=minimum)
    assert "too small" in refused(shop, "TEN", lines={1: 2})
    buy(shop, "TEN", lines={1: 3})


def test_use_is_counted_and_limited(shop: Shop) -> None:
    gid = add(shop, usageLimit=2)
    buy(shop, "TEN")
    buy(shop, "TEN", customer=2)
    assert "usage limit" in refused(shop, "TEN", customer=3)
    assert read(shop, gid)["codes"]["nodes"] == [{"code": "TEN", "asyncUsageCount": 2}]


def test_once_per_customer_means_once(shop: Shop) -> None:
    add(shop, appliesOncePerCustomer=True)
    buy(shop, "TEN")
    assert "before" in refused(shop, "TEN")
    buy(shop, "TEN", customer=2)


def test_a_code_is_valid_between_its_dates(shop: Shop) -> None:
    add(shop, "SOON", startsAt="2026-11-02T00:00:00Z", endsAt="2026-11-03T00:00:00Z")
    assert "not active" in refused(shop, "SOON")
    shop.dev("POST", "clock", advance_s=86_400)
    buy(shop, "SOON")
    shop.dev("POST", "clock", advance_s=86_400)
    assert "not active" in refused(shop, "SOON")


def test_codes_stand_together_only_where_both_allow_it(shop: Shop) -> None:
    both = {"orderDiscounts": True, "productDiscounts": True}
    add(shop, "ONE", customerGets=gets({"products": {"productsToAdd": [PRODUCT(1)]}}), combinesWith=both)
    add(shop, "ALL", combinesWith=both)
    add(shop, "ALONE")
    assert "cannot be combined" in refused(shop, "ONE", "ALONE")
    assert "cannot be combined" in refused(shop, "ALL", "ALL ", "ONE", "ALONE")
    order = buy(shop, "ALL", "ONE")
    assert order.discount_codes == ("ONE", "ALL")
    # Half off the first product, then a fifth off what is left of everything.
    assert [line.discount for line in order.lines] == [550 + 110, 240]


def test_the_orders_graphql_agrees_with_what_was_taken_off(shop: Shop) -> None:
    both = {"orderDiscounts": True, "productDiscounts": True}
    add(shop, "ONE", customerGets=gets({"products": {"productsToAdd": [PRODUCT(1)]}}), combinesWith=both)
    add(shop, "ALL", customerGets=gets(discountAmount={"amount": 4}), combinesWith=both)
    order = buy(shop, "ALL", "ONE")
    found = shop.data(
        """query($id: ID!) { order(id: $id) { discountCodes totalDiscountsSet { shopMoney { amount } }
           discountApplications(first: 5) { nodes { ... on DiscountCodeApplication { code index allocationMethod
             targetSelection value { ... on PricingPercentageValue { percentage } ... on MoneyV2 { amount } } } } }
           lineItems(first: 5) { nodes { totalDiscountSet { shopMoney { amount } } discountAllocations {
             allocatedAmountSet { shopMoney { amount } } discountApplication { index } } } } } }""",
        {"id": f"gid://shopify/Order/{order.id}"},
    )["order"]
    assert found["discountCodes"] == ["ONE", "ALL"]
    assert found["discountApplications"]["nodes"] == [
        {"code": "ONE", "index": 0, "allocationMethod": "EACH", "targetSelection": "ENTITLED",
         "value": {"percentage": 50}},
        {"code": "ALL", "index": 1, "allocationMethod": "ACROSS", "targetSelection": "ALL",
         "value": {"amount": "4.00"}},
    ]  # fmt: skip
    assert [[_part(a) for a in line["discountAllocations"]] for line in found["lineItems"]["nodes"]] == [
        [(0, "5.50"), (1, "1.26")],
        [(1, "2.74")],
    ]
    assert found["totalDiscountsSet"]["shopMoney"]["amount"] == "9.50"


def _part(allocation: dict[str, Any]) -> tuple[int, str]:
    return allocation["discountApplication"]["index"], allocation["allocatedAmountSet"]["shopMoney"]["amount"]


def test_the_webhook_agrees_too(shop: Shop) -> None:
    add(shop, customerGets=gets(discountAmount={"amount": 4}))
    body = shop.dev("POST", "orders", lines=[{"variant_id": 1001}], discount_codes=["TEN"]).get_json()
    assert body["discount_codes"] == [{"code": "TEN", "amount": "4.00", "type": "fixed_amount"}]
    assert body["discount_applications"][0]["value_type"] == "fixed_amount"
    assert body["line_items"][0]["discount_allocations"] == [{"amount": "4.00", "discount_application_index": 0}]
