"""Arranging a collection by hand, and giving its own order back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.devstore.core.shop import Shop
from tests.patience import eventually

ALL = "gid://shopify/Collection/501"
REORDER = """mutation($id: ID!, $m: [MoveInput!]!) { collectionReorderProducts(id: $id, moves: $m) {
  job { id done } userErrors { code field } } }"""
UPDATE = """mutation($c: CollectionUpdateInput!) { collectionUpdate(collection: $c) {
  collection { sortOrder title } userErrors { field message } } }"""


def sort(shop: Shop, order: str) -> None:
    result = shop.data(UPDATE, {"c": {"id": ALL, "sortOrder": order}})["collectionUpdate"]
    assert (result["collection"]["sortOrder"], result["userErrors"]) == (order, [])


def order_of(shop: Shop) -> list[int]:
    found = shop.data(f'{{ collection(id: "{ALL}") {{ products(first: 9) {{ nodes {{ legacyResourceId }} }} }} }}')
    return [int(node["legacyResourceId"]) for node in found["collection"]["products"]["nodes"]]


def move(shop: Shop, *moves: tuple[int, int]) -> dict[str, Any]:
    given = [{"id": f"gid://shopify/Product/{n}", "newPosition": str(place)} for n, place in moves]
    result: dict[str, Any] = shop.data(REORDER, {"id": ALL, "m": given})["collectionReorderProducts"]
    return result


def test_moves_follow_each_other_in_a_job(shop: Shop) -> None:
    sort(shop, "MANUAL")
    job = move(shop, (7, 0), (6, 0), (1, 6))["job"]["id"]
    asked = "query($id: ID!) { job(id: $id) { done } }"
    eventually(lambda: shop.data(asked, {"id": job})["job"]["done"], "the products are moved")
    assert order_of(shop) == [6, 7, 2, 3, 4, 5, 1]


def test_leaving_the_manual_order_brings_the_old_one_back(shop: Shop) -> None:
    sort(shop, "MANUAL")
    move(shop, (7, 0))
    eventually(lambda: order_of(shop)[0] == 7, "the product is moved")
    sort(shop, "MOST_RELEVANT")
    assert order_of(shop) == [1, 2, 3, 4, 5, 6, 7]


def test_only_a_manual_collection_can_be_arranged(shop: Shop) -> None:
    assert move(shop, (7, 0)) == {"job": None, "userErrors": [{"code": "MANUALLY_SORTED_COLLECTION", "field": ["id"]}]}


@pytest.mark.parametrize("wrong", [(99, 0)])
def test_a_product_from_elsewhere_cannot_be_moved(shop: Shop, wrong: tuple[int, int]) -> None:
    sort(shop, "MANUAL")
    assert move(shop, wrong)["userErrors"][0]["code"] == "INVALID_MOVE"


def test_more_than_250_moves_fail_the_request(shop: Shop) -> None:
    given = [{"id": "gid://shopify/Product/1", "newPosition": "0"}] * 251
    body = shop.answer(REORDER, {"id": ALL, "m": given})
    assert body["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"


def test_an_unsimulated_order_is_501(shop: Shop) -> None:
    assert shop.post(UPDATE, {"c": {"id": ALL, "sortOrder": "PRICE_ASC"}}).status_code == 501
