"""The cost of queries and the bucket it is paid from."""

from __future__ import annotations

from devstore.admin_api.cost import Bucket
from tests.devstore.core.shop import Shop

PAGE = "{ orders(first: 50) { nodes { id lineItems(first: 20) { nodes { id } } } } }"


def test_every_answer_tells_its_cost(shop: Shop) -> None:
    cost = shop.answer(PAGE)["extensions"]["cost"]
    assert cost["requestedQueryCost"] >= cost["actualQueryCost"] > 0
    assert set(cost["throttleStatus"]) == {"maximumAvailable", "currentlyAvailable", "restoreRate"}


def test_an_empty_bucket_throttles_with_status_200(shop: Shop) -> None:
    shop.dev("POST", "throttle", maximum=100, restore_rate=0.001, factor=50)
    response = shop.post(PAGE)
    assert response.status_code == 200
    body = response.get_json()
    assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "data" not in body
    assert body["extensions"]["cost"]["throttleStatus"]["maximumAvailable"] == 100


def test_a_single_query_may_not_cost_more_than_1000(shop: Shop) -> None:
    inner = "lineItems(first: 250) { nodes { id product { id variants(first: 250) { nodes { id product { id "
    inner += "collections(first: 250) { nodes { id products(first: 250) { nodes { id } } } } } } } } } }"
    body = shop.answer(f"{{ orders(first: 250) {{ nodes {{ id {inner} }} }} }}")
    assert body["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"


def test_the_bucket_refills_with_time_and_never_above_its_size() -> None:
    clock = [0.0]
    bucket = Bucket(100, 10, now=lambda: clock[0])
    assert bucket.take(100)
    assert not bucket.take(1)
    clock[0] = 5
    assert bucket.status()["currentlyAvailable"] == 50
    clock[0] = 500
    assert bucket.status()["currentlyAvailable"] == 100
