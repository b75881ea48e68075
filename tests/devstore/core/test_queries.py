"""What the records look like through GraphQL, and how they are searched, sorted and paged."""

from __future__ import annotations

import base64

import pytest

from devstore.admin_api.errors import BadInput
from devstore.admin_api.paging import Page
from tests.devstore.core.shop import Shop


def ids(shop: Shop, arguments: str, root: str = "orders") -> list[int]:
    nodes = shop.data(f"{{ {root}(first: 250, {arguments}) {{ nodes {{ id }} }} }}")[root]["nodes"]
    return [int(node["id"].rpartition("/")[2]) for node in nodes]


def test_pages_follow_each_other_without_gap_or_repetition(shop: Shop) -> None:
    query = "query($c: String) { orders(first: 7, after: $c) { nodes { id } pageInfo { hasNextPage endCursor } } }"
    seen: list[str] = []
    cursor, more = None, True
    while more:
        page = shop.data(query, {"c": cursor})["orders"]
        seen += [node["id"] for node in page["nodes"]]
        cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert len(seen) == len(set(seen)) == 20


def test_last_and_before_page_backwards(shop: Shop) -> None:
    query = """query($c: String) { products(last: 3, before: $c) {
               nodes { id } pageInfo { hasPreviousPage startCursor } } }"""
    page = shop.data(query)["products"]
    assert [node["id"][-1] for node in page["nodes"]] == ["5", "6", "7"]
    page = shop.data(query, {"c": page["pageInfo"]["startCursor"]})["products"]
    assert [node["id"][-1] for node in page["nodes"]] == ["2", "3", "4"]
    assert page["pageInfo"]["hasPreviousPage"]


def test_a_cursor_survives_a_deletion_before_it(shop: Shop) -> None:
    query = "query($c: String) { products(first: 3, after: $c) { edges { cursor node { id } } } }"
    cursor = shop.data(query)["products"]["edges"][-1]["cursor"]
    shop.store.delete_product(1)
    assert shop.data(query, {"c": cursor})["products"]["edges"][0]["node"]["id"].endswith("/4")


@pytest.mark.parametrize("arguments", ["", "(first: 251)"])
def test_a_page_needs_a_size_of_at_most_250(shop: Shop, arguments: str) -> None:
    assert shop.answer(f"{{ products{arguments} {{ nodes {{ id }} }} }}")["errors"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("updated_at:>='2026-10-02T00:00:00Z'", [9017, 9018, 9019]),
        ("updated_at:>=2026-10-02 updated_at:<2026-10-13", [9017, 9018]),
        ("id:9003", [9003]),
        ("id:>9017 AND id:<=9019", [9018, 9019]),
        ("id:9001 OR id:9003", [9001, 9003]),
        ("(id:9001 OR id:9003) -id:9001", [9003]),
        ("status:cancelled", [9005]),
        ("financial_status:partially_refunded", [9004]),
        ("discount_code:SUMMER", [9006]),
        ("NOT email:c* ", [9007]),
    ],
)
def test_orders_are_searched_as_shopify_does(shop: Shop, query: str, expected: list[int]) -> None:
    assert ids(shop, f'query: "{query}"') == expected


def test_sort_key_and_reverse(shop: Shop) -> None:
    shop.store.update_product(2, title="Aardvark")
    assert ids(shop, "sortKey: TITLE", "products")[0] == 2
    assert ids(shop, "sortKey: UPDATED_AT, reverse: true", "products")[0] == 2
    assert ids(shop, "reverse: true", "products")[0] == 7


def test_an_order_has_the_money_it_should(shop: Shop) -> None:
    order = shop.data(
        """{ order(id: "gid://shopify/Order/9004") {
          totalPriceSet { shopMoney { amount currencyCode } } currentTotalPriceSet { shopMoney { amount } }
          totalRefundedSet { presentmentMoney { amount } } totalDiscountsSet { shopMoney { amount } }
          refunds { id createdAt totalRefundedSet { shopMoney { amount } }
            refundLineItems(first: 5) { nodes { quantity subtotalSet { shopMoney { amount } } lineItem { id } } } }
          lineItems(first: 5) { nodes { quantity currentQuantity originalUnitPriceSet { shopMoney { amount } }
            discountedTotalSet { shopMoney { amount } } } } } }"""
    )["order"]
    # Two lines of 2 units (product 5 at 15.00, product 7 at 17.00), 0.50 off each, 4.00 shipping, 9.00 refunded.
    assert order["totalPriceSet"]["shopMoney"] == {"amount": "67.00", "currencyCode": "GBP"}
    assert order["currentTotalPriceSet"]["shopMoney"]["amount"] == "58.00"
    assert order["totalRefundedSet"]["presentmentMoney"]["amount"] == "9.00"
    assert order["totalDiscountsSet"]["shopMoney"]["amount"] == "1.00"
    assert order["refunds"][0]["refundLineItems"]["nodes"][0]["subtotalSet"]["shopMoney"]["amount"] == "9.00"
    first = order["lineItems"]["nodes"][0]
    assert (first["quantity"], first["currentQuantity"]) == (2, 1)
    assert first["discountedTotalSet"]["shopMoney"]["amount"] == "29.50"


def test_a_deleted_product_reads_as_null_on_its_order_lines(shop: Shop) -> None:
    shop.store.delete_product(1)
    query = '{ order(id: "gid://shopify/Order/9000") { lineItems(first: 5) { nodes { title product { id } } } } }'
    assert shop.data(query)["order"]["lineItems"]["nodes"][0] == {"title": "Thing 1", "product": None}


def test_a_customer_with_contact_consent_and_history(shop: Shop) -> None:
    customer = shop.data(
        """{ customer(id: "gid://shopify/Customer/1") { defaultEmailAddress { emailAddress marketingState }
           defaultPhoneNumber { phoneNumber } defaultAddress { city countryCodeV2 country }
           emailMarketingConsent { marketingState } dataSaleOptOut numberOfOrders amountSpent { amount } updatedAt
           orders(first: 2, sortKey: PROCESSED_AT, reverse: true) { nodes { id } } lastOrder { id } } }"""
    )["customer"]
    assert customer["defaultEmailAddress"] == {"emailAddress": "c1@example.com", "marketingState": "NOT_SUBSCRIBED"}
    assert customer["defaultAddress"] == {"city": "Leeds", "countryCodeV2": "GB", "country": "United Kingdom"}
    assert customer["numberOfOrders"] == "7"
    assert customer["orders"]["nodes"][0] == customer["lastOrder"]


def test_a_collection_lists_its_products_in_order(shop: Shop) -> None:
    shop.store.update_collection(502, product_ids=[4, 2])
    found = shop.data('{ collection(id: "gid://shopify/Collection/502") { products(first: 9) { nodes { handle } } } }')
    assert [p["handle"] for p in found["collection"]["products"]["nodes"]] == ["thing-4", "thing-2"]


def test_products_are_found_by_id_handle_and_node(shop: Shop) -> None:
    data = shop.data(
        """{ a: productByIdentifier(identifier: {handle: "thing-3"}) { id }
             b: product(id: "gid://shopify/Product/3") { collections(first: 5) { nodes { handle } } }
             c: nodes(ids: ["gid://shopify/Product/3", "gid://shopify/Product/99"]) { id ... on Product { title } } }"""
    )
    assert data["a"] == {"id": "gid://shopify/Product/3"}
    assert data["b"]["collections"]["nodes"] == [{"handle": "all"}]
    assert data["c"] == [{"id": "gid://shopify/Product/3", "title": "Thing 3"}, None]


def test_a_gid_of_the_wrong_kind_is_refused(shop: Shop) -> None:
    errors = shop.answer('{ product(id: "gid://shopify/Order/9000") { id } }')["errors"]
    assert "Invalid global id" in errors[0]["message"]


def test_stock_is_seen_by_item_level_and_location() -> None:
    from tests.devstore.core.shop import make

    shop = make(scopes="read_products,read_inventory,read_locations").install()
    shop.store.set_inventory(1003, 4)
    data = shop.data(
        """{ inventoryItems(first: 9, query: "id:2003") { nodes { sku tracked inventoryLevels(first: 3) { nodes {
             location { id name } quantities(names: ["available"]) { name quantity } } } } }
             locations(first: 5) { nodes { id } } }"""
    )
    level = data["inventoryItems"]["nodes"][0]["inventoryLevels"]["nodes"][0]
    assert level["quantities"] == [{"name": "available", "quantity": 4}]
    assert level["location"]["id"] == data["locations"]["nodes"][0]["id"]


def test_counts_are_exact(shop: Shop) -> None:
    data = shop.data('{ ordersCount { count precision } productsCount(query: "status:draft") { count } }')
    assert data == {"ordersCount": {"count": 20, "precision": "EXACT"}, "productsCount": {"count": 0}}


def test_first_and_last_together_are_refused(shop: Shop) -> None:
    assert "not supported" in shop.answer("{ orders(first: 1, last: 1) { nodes { id } } }")["errors"][0]["message"]


def test_pages_end_after_25000_records() -> None:
    last = base64.b64encode(b"24998:").decode()
    assert Page(range(30_000), {"first": 1, "after": last}).field("nodes") == range(24_999, 25_000)
    deep = base64.b64encode(b"24999:").decode()
    with pytest.raises(BadInput, match="25000"):
        Page(range(30_000), {"first": 1, "after": deep})


@pytest.mark.parametrize(("status", "count"), [("open", 19), ("not_closed", 19), ("cancelled", 1), ("any", 20)])
def test_orders_are_found_by_status(shop: Shop, status: str, count: int) -> None:
    assert len(ids(shop, f'query: "status:{status}"')) == count


def test_an_unknown_name_of_a_quantity_is_refused(shop: Shop) -> None:
    text = """{ inventoryLevel(id: "gid://shopify/InventoryLevel/2001?inventory_item_id=2001") {
      quantities(names: ["avaliable"]) { quantity } } }"""
    assert "avaliable" in shop.answer(text)["errors"][0]["message"]


def test_variables_must_be_an_object(shop: Shop) -> None:
    headers = {"X-Shopify-Access-Token": shop.token}
    body = {"query": "{ shop { id } }", "variables": [1]}
    assert shop.client.post("/admin/api/2026-10/graphql.json", json=body, headers=headers).status_code == 400


def test_another_apps_installation_is_not_seen(shop: Shop) -> None:
    assert shop.data('{ appInstallation(id: "gid://shopify/AppInstallation/1") { id } }')["appInstallation"] is None
