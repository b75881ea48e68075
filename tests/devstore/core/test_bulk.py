"""Bulk queries: which are accepted, what the lines say, and how the operation runs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.devstore.core.shop import Shop
from tests.patience import DELAYS_S

ORDERS = """{ orders { edges { node { __typename id name updatedAt test discountCodes customer { id tags }
  totalPriceSet { shopMoney { amount currencyCode } } shippingAddress { city countryCodeV2 }
  refunds { id totalRefundedSet { shopMoney { amount } } }
  lineItems { edges { node { id quantity currentQuantity product { id } variant { id }
    customAttributes { key value } discountAllocations { allocatedAmountSet { shopMoney { amount } }
      discountApplication { __typename index ... on DiscountCodeApplication { code } } } } } } } } } }"""
PRODUCTS = """query { products(query: "status:active", sortKey: TITLE) { nodes { id title status
  featuredMedia { __typename id ... on MediaImage { image { url } } }
  variants { nodes { ...V } } collections { edges { node { id handle } } } } } }
  fragment V on ProductVariant { id price inventoryItem { id tracked } }"""


def refusal(shop: Shop, query: str) -> str:
    result = shop.data(
        "mutation($q: String!) { bulkOperationRunQuery(query: $q, groupObjects: false) "
        "{ bulkOperation { id } userErrors { code message } } }",
        {"q": query},
    )["bulkOperationRunQuery"]
    assert result["bulkOperation"] is None
    assert result["userErrors"][0]["code"] == "INVALID"
    return str(result["userErrors"][0]["message"])


def flat(value: Any, parent: str | None = None) -> list[dict[str, Any]]:
    """graphql-core's answer as the lines that a bulk operation writes: connections taken out of their parents."""
    row = {k: v for k, v in value.items() if not (isinstance(v, dict) and {"nodes", "edges"} & set(v))}
    if parent:
        row["__parentId"] = parent
    rows = [row]
    for key, inner in value.items():
        if key not in row:
            nodes = inner["nodes"] if "nodes" in inner else [edge["node"] for edge in inner["edges"]]
            rows += [line for node in nodes for line in flat(node, value["id"])]
    return rows


def paged(query: str) -> str:
    """The same query as an ordinary request."""
    for name in ("orders {", "lineItems {", "variants {", "collections {"):
        query = query.replace(name, name.replace(" {", "(first: 50) {"))
    return query.replace('products(query: "status:active"', 'products(first: 50, query: "status:active"')


@pytest.mark.parametrize(("query", "root"), [(ORDERS, "orders"), (PRODUCTS, "products")])
def test_the_walker_writes_what_graphql_core_answers(shop: Shop, query: str, root: str) -> None:
    answer = shop.data(paged(query))[root]
    nodes = answer["nodes"] if "nodes" in answer else [edge["node"] for edge in answer["edges"]]
    expected = [line for node in nodes for line in flat(node)]
    operation = shop.bulk(query, group=True)
    assert [json.loads(line) for line in shop.lines(operation)] == expected
    assert int(operation["objectCount"]) == len(expected)
    assert int(operation["rootObjectCount"]) == len(nodes)


def test_children_come_anywhere_after_their_parent(shop: Shop) -> None:
    grouped = shop.lines(shop.bulk(ORDERS, group=True))
    shuffled = shop.lines(shop.bulk(ORDERS))
    assert sorted(grouped) == sorted(shuffled)
    assert grouped != shuffled
    seen: set[str] = set()
    adjacent = 0
    last = ""
    for line in map(json.loads, shuffled):
        seen.add(line["id"])
        assert line.get("__parentId", line["id"]) in seen
        adjacent += line.get("__parentId") == last
        last = line["id"]
    assert adjacent < 5


def test_two_levels_of_children_keep_their_order_of_birth(shop: Shop) -> None:
    query = "{ collections { edges { node { id products { edges { node { id title } } } } } } }"
    assert int(shop.bulk(query)["objectCount"]) == 2 + 7 + 2


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("{ shop { name } }", "at least one connection"),
        (
            "{ orders { edges { node { id refunds { id refundLineItems { edges { node { id } } } } } } } }",
            "within a list field",
        ),
        ("{ orders { edges { node { name lineItems { edges { node { id } } } } } } }", "'id' field"),
        ("{ orders { edges { node { id } } } products { edges { node { id } } } }", "exactly one top level field"),
        ('{ node(id: "gid://shopify/Product/1") { id } }', "node"),
        ("{ orders { edges { node { nonsense } } } }", "nonsense"),
        ("query($s: String) { orders(query: $s) { edges { node { id } } } }", "variables"),
        ("{ orders { edges {", "Syntax"),
        (
            "{ collections { nodes { id products { nodes { id variants { nodes { id } } } } } } }",
            "nesting depth",
        ),
    ],
)
def test_what_shopify_refuses_is_a_user_error(shop: Shop, query: str, reason: str) -> None:
    assert reason in refusal(shop, query)


def test_an_empty_result_has_no_url(shop: Shop) -> None:
    operation = shop.bulk('{ orders(query: "id:1") { edges { node { id } } } }')
    assert (operation["status"], operation["objectCount"], operation["url"]) == ("COMPLETED", "0", None)


def test_at_most_five_run_at_a_time(shop: Shop) -> None:
    shop.dev("POST", "faults", bulk={"mode": "slow", "count": 5, "delay_s": 60})
    start = """mutation { bulkOperationRunQuery(query: "{ orders { edges { node { id } } } }", groupObjects: false)
               { bulkOperation { id status } userErrors { code } } }"""
    started = [shop.data(start)["bulkOperationRunQuery"] for _ in range(6)]
    assert [s["userErrors"] for s in started] == [[]] * 5 + [[{"code": "LIMIT_REACHED"}]]
    running = shop.data('{ bulkOperations(first: 9, query: "operation_type:query status:created") { nodes { id } } }')
    assert len(running["bulkOperations"]["nodes"]) == 5


def test_a_running_operation_can_be_cancelled_once(shop: Shop) -> None:
    start = """mutation { bulkOperationRunQuery(query: "{ orders { edges { node { id } } } }", groupObjects: false)
               { bulkOperation { id } } }"""
    cancel = "mutation($id: ID!) { bulkOperationCancel(id: $id) { bulkOperation { status } userErrors { message } } }"
    for delay_s in DELAYS_S:
        shop.dev("POST", "faults", bulk={"mode": "slow", "delay_s": delay_s})
        gid = shop.data(start)["bulkOperationRunQuery"]["bulkOperation"]["id"]
        cancelled = shop.data(cancel, {"id": gid})["bulkOperationCancel"]
        if not cancelled["userErrors"]:
            break
    assert cancelled["bulkOperation"]["status"] == "CANCELING"
    assert shop.wait(gid)["status"] == "CANCELED"
    assert shop.data(cancel, {"id": gid})["bulkOperationCancel"]["userErrors"]
