"""Segments and their query language, tags, and customer metafields that both can see."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from devstore.store.segment_query import QueryError
from tests.devstore.core.shop import NOW, Shop, make

SCOPES = "write_customers,write_orders,read_all_orders,write_products"
CREATE = """mutation($n: String!, $q: String!) { segmentCreate(name: $n, query: $q) {
  segment { id name query creationDate } userErrors { field message } } }"""
UPDATE = """mutation($id: ID!, $n: String, $q: String) { segmentUpdate(id: $id, name: $n, query: $q) {
  segment { name query } userErrors { field message } } }"""
MEMBERS = """query($q: String, $s: ID) { customerSegmentMembers(first: 9, query: $q, segmentId: $s) {
  totalCount edges { node { id displayName numberOfOrders } } } }"""


@pytest.fixture
def shop() -> Shop:
    """Customers 1 to 3: 1 is subscribed, 2 unsubscribed and untagged, 3 has never ordered and has no address."""
    made = make(scopes=SCOPES).install()
    store = made.store
    store.customers[1].email_marketing = "SUBSCRIBED"
    store.customers[2].email_marketing, store.customers[2].tags = "UNSUBSCRIBED", ()
    store.customers[3].tags, store.customers[3].address = ("vip", "at risk"), None
    store.orders_of[3] = []
    return made


def members(shop: Shop, query: str) -> list[int]:
    return [customer.id for customer in shop.store.segment_members(query)]


def make_segment(shop: Shop, query: str, name: str = "Some") -> dict[str, Any]:
    result: dict[str, Any] = shop.data(CREATE, {"n": name, "q": query})["segmentCreate"]
    return result


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("number_of_orders > 0", [1, 2]),
        ("number_of_orders = 0", [3]),
        ("number_of_orders BETWEEN 1 AND 6", [2]),
        ("number_of_orders > 0 AND customer_tags CONTAINS 'VIP'", [1]),
        ("customer_tags CONTAINS 'at risk' OR email_subscription_status = 'SUBSCRIBED'", [1, 3]),
        ("customer_tags NOT CONTAINS 'vip'", [2]),
        ("customer_tags IS NULL", [2]),
        ("email_subscription_status != 'SUBSCRIBED'", [2, 3]),
        # AND binds before OR, and parentheses before both.
        ("number_of_orders = 0 OR number_of_orders > 0 AND customer_tags IS NULL", [2, 3]),
        ("(number_of_orders = 0 OR number_of_orders > 0) AND customer_tags IS NULL", [2]),
        ("last_order_date IS NULL", [3]),
        ("last_order_date IS NOT NULL", [1, 2]),
        ("last_order_date < 2026-10-25", [1, 2]),
        ("last_order_date >= -1d", []),
        ("last_order_date >= 12_months_ago", [1, 2]),
        ("last_order_date BETWEEN -2y AND today", [1, 2]),
        ("customer_added_date <= yesterday", [1, 2, 3]),
        ("customer_countries CONTAINS 'GB'", [1, 2]),
        ("customer_email_domain = 'example.com' and customer_language = 'en'", [1, 2, 3]),
        ("amount_spent > 0", [1, 2]),
        ("amount_spent >= 1000000.50", []),
    ],
)
def test_a_query_finds_its_customers(shop: Shop, query: str, expected: list[int]) -> None:
    assert members(shop, query) == expected


def test_relative_dates_move_with_the_shops_clock(shop: Shop) -> None:
    last = max(o.created_at for o in shop.store.orders_by(shop.store.customers[1]))
    days = (NOW - last).days
    query = f"last_order_date >= -{days}d"
    assert 1 in members(shop, query)
    shop.dev("POST", "clock", advance_s=timedelta(days=1).total_seconds())
    assert 1 not in members(shop, query)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("foo bar", "Line 1 Column 1: 'foo' filter cannot be found."),
        ("customer_tags = 'x'", "Line 1 Column 14: customer_tags does not support operator '='"),
        ("number_of_orders IS NULL", "number_of_orders does not support operator 'IS NULL'"),
        ("number_of_orders > 'five'", "'five' is not a valid value."),
        ("last_order_date > 2026-13-01", "'2026-13-01' is not a valid value."),
        ("email_subscription_status = 'MAYBE'", "'MAYBE' is not a valid value."),
        ("number_of_orders BETWEEN 1", "BETWEEN needs two values"),
        ("(number_of_orders > 1", "unexpected end"),
        ("number_of_orders > 1)", "unexpected ')'"),
        ("number_of_orders >", "unexpected end"),
        ("NOT number_of_orders > 1", "unexpected 'NOT'"),
        ("metafields.custom.nothing = 'x'", "filter cannot be found."),
        ("number_of_orders # 1", "unexpected '#'"),
    ],
)
def test_what_the_language_lacks_is_an_error_that_says_where(shop: Shop, query: str, problem: str) -> None:
    with pytest.raises(QueryError, match="Line 1 Column") as refused:
        shop.store.segment_query(query)
    assert problem in str(refused.value)
    error = make_segment(shop, query)["userErrors"][0]
    assert error["field"] == ["query"]
    assert error["message"] == f"Query {refused.value}"


def test_a_segment_filters_by_a_metafield_that_is_defined(shop: Shop) -> None:
    shop.data(
        """mutation { metafieldDefinitionCreate(definition: {ownerType: CUSTOMER, key: "churn", name: "Churn",
           type: "number_decimal"}) { userErrors { message } } }"""
    )
    value = {"ownerId": "gid://shopify/Customer/2", "key": "churn", "value": "0.83"}
    shop.data(
        "mutation($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) { userErrors { code } } }", {"m": [value]}
    )
    assert members(shop, "metafields.$app.churn > 0.8") == [2]
    assert members(shop, f"metafields.{shop.store.app_namespace}.churn IS NULL") == [1, 3]


def test_a_segment_is_made_changed_and_deleted(shop: Shop) -> None:
    made = make_segment(shop, "number_of_orders > 0", "Buyers")["segment"]
    changed = shop.data(UPDATE, {"id": made["id"], "n": "Others", "q": "number_of_orders = 0"})["segmentUpdate"]
    assert changed == {"segment": {"name": "Others", "query": "number_of_orders = 0"}, "userErrors": []}
    found = shop.data('{ segments(first: 5, query: "name:Others") { nodes { name } } segmentsCount { count } }')
    assert found == {"segments": {"nodes": [{"name": "Others"}]}, "segmentsCount": {"count": 1}}
    gone = "mutation($id: ID!) { segmentDelete(id: $id) { deletedSegmentId userErrors { message } } }"
    assert shop.data(gone, {"id": made["id"]})["segmentDelete"]["deletedSegmentId"] == made["id"]
    again = shop.data(gone, {"id": made["id"]})["segmentDelete"]["userErrors"]
    assert again == [{"message": "Segment does not exist"}]


def test_names_stay_unique(shop: Shop) -> None:
    assert [make_segment(shop, "number_of_orders > 0")["segment"]["name"] for _ in range(2)] == ["Some", "Some (2)"]


@pytest.mark.parametrize(("name", "message"), [("", "can't be blank"), ("n" * 256, "too long")])
def test_a_segment_needs_a_name_of_bearable_length(shop: Shop, name: str, message: str) -> None:
    assert message in make_segment(shop, "number_of_orders > 0", name)["userErrors"][0]["message"]


def test_members_come_by_segment_and_by_query(shop: Shop) -> None:
    segment = make_segment(shop, "customer_tags CONTAINS 'vip'")["segment"]["id"]
    found = shop.data(MEMBERS, {"s": segment})["customerSegmentMembers"]
    assert found["totalCount"] == 2
    assert [edge["node"]["id"] for edge in found["edges"]] == [
        "gid://shopify/CustomerSegmentMember/1",
        "gid://shopify/CustomerSegmentMember/3",
    ]
    by_query = shop.data(MEMBERS, {"q": "number_of_orders > 0"})["customerSegmentMembers"]
    assert [edge["node"]["displayName"] for edge in by_query["edges"]] == ["First1 Last1", "First2 Last2"]
    assert "errors" in shop.answer(MEMBERS, {})
    assert "errors" in shop.answer(MEMBERS, {"q": "foo = 1"})


def test_membership_is_answered_per_customer(shop: Shop) -> None:
    ids = [make_segment(shop, f"number_of_orders {op} 0")["segment"]["id"] for op in (">", "=")]
    found = shop.data(
        """query($c: ID!, $s: [ID!]!) { customerSegmentMembership(customerId: $c, segmentIds: $s) {
           memberships { segmentId isMember } } }""",
        {"c": "gid://shopify/Customer/3", "s": ids},
    )
    assert [m["isMember"] for m in found["customerSegmentMembership"]["memberships"]] == [False, True]


def test_segments_need_the_customers_scope() -> None:
    body = make(scopes="read_customers").install().answer(CREATE, {"n": "x", "q": "number_of_orders > 0"})
    assert body["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def tag(shop: Shop, how: str, gid: str, *tags: str) -> dict[str, Any]:
    text = f"""mutation($id: ID!, $t: [String!]!) {{ tags{how}(id: $id, tags: $t) {{
      node {{ id }} userErrors {{ field }} }} }}"""
    result: dict[str, Any] = shop.data(text, {"id": gid, "t": list(tags)})[f"tags{how}"]
    return result


@pytest.mark.parametrize("kind", ["Customer", "Product", "Order"])
def test_tags_are_added_and_removed_whatever_their_case(shop: Shop, kind: str) -> None:
    gid = f"gid://shopify/{kind}/{9001 if kind == 'Order' else 1}"
    read = f'{{ node(id: "{gid}") {{ ... on {kind} {{ tags updatedAt }} }} }}'
    shop.dev("POST", "clock", advance_s=60)
    before = shop.data(read)["node"]
    tag(shop, "Add", gid, "churn: high", "CHURN: HIGH", "a,b")
    after = shop.data(read)["node"]
    assert set(after["tags"]) - set(before["tags"]) == {"churn: high", "a", "b"}
    assert after["updatedAt"] > before["updatedAt"]
    tag(shop, "Remove", gid, "Churn: High", "a", "never there")
    assert set(shop.data(read)["node"]["tags"]) == {*before["tags"], "b"}


def test_tags_have_limits(shop: Shop) -> None:
    assert tag(shop, "Add", "gid://shopify/Order/9001", "x" * 41)["userErrors"]
    assert tag(shop, "Add", "gid://shopify/Customer/1", *[f"t{n}" for n in range(250)])["userErrors"]
    assert tag(shop, "Add", "gid://shopify/Customer/99", "x")["userErrors"] == [{"field": ["id"]}]
    assert json.dumps(sorted(shop.store.customers[1].tags)) == '["vip"]'
