"""Writing and reading metafields: the app's namespace, limits, types, atomicity."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.devstore.core.shop import Shop

SET = """mutation($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) {
  metafields { id namespace key value compareDigest } userErrors { code field message elementIndex } } }"""
READ = """{ product(id: "gid://shopify/Product/1") { metafield(key: "recs") { namespace type value jsonValue
  references(first: 9) { nodes { ... on Product { handle } } } } } }"""


def recs(product: int = 1, *, to: list[int] | None = None, **changes: Any) -> dict[str, Any]:
    value = json.dumps([f"gid://shopify/Product/{n}" for n in to or [2, 3]])
    return {"ownerId": f"gid://shopify/Product/{product}", "key": "recs", "value": value, **changes}


def put(shop: Shop, *inputs: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = shop.data(SET, {"m": list(inputs)})["metafieldsSet"]
    return result


def code(shop: Shop, **changes: Any) -> str:
    return str(put(shop, recs(**changes))["userErrors"][0]["code"])


def test_without_a_namespace_a_metafield_is_the_apps_own_and_typed_by_the_toml(shop: Shop) -> None:
    assert not put(shop, recs())["userErrors"]
    found = shop.data(READ)["product"]["metafield"]
    assert found["namespace"] == shop.store.app_namespace
    assert found["type"] == "list.product_reference"
    assert found["jsonValue"] == ["gid://shopify/Product/2", "gid://shopify/Product/3"]
    assert [p["handle"] for p in found["references"]["nodes"]] == ["thing-2", "thing-3"]


def test_dollar_app_is_the_same_namespace(shop: Shop) -> None:
    put(shop, recs(namespace="$app"))
    put(shop, recs(to=[4]))
    assert len(shop.store.metafields("gid://shopify/Product/1")) == 1


def test_more_than_25_are_refused_as_a_whole(shop: Shop) -> None:
    result = put(shop, *[recs(1 + n % 7) for n in range(26)])
    assert result["userErrors"][0]["code"] == "LESS_THAN_OR_EQUAL_TO"
    assert not shop.store.metafields("gid://shopify/Product/1")


def test_one_bad_input_keeps_the_others_out_too(shop: Shop) -> None:
    result = put(shop, recs(1), recs(2, value="not json"))
    assert result["userErrors"][0]["elementIndex"] == 1
    assert not shop.store.metafields("gid://shopify/Product/1")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"to": [99]}, "INVALID_VALUE"),
        ({"value": json.dumps(["gid://shopify/Product/2"] * 129)}, "INVALID_VALUE"),
        ({"value": json.dumps(["gid://shopify/Collection/501"])}, "INVALID_VALUE"),
        ({"type": "json"}, "INVALID_TYPE"),
        ({"type": "no_such_type", "key": "other"}, "INVALID_TYPE"),
        ({"key": "other"}, "BLANK"),
        ({"product": 99}, "INVALID_VALUE"),
        ({"namespace": "shopify--discovery--product_recommendation"}, "APP_NOT_AUTHORIZED"),
        ({"compareDigest": "stale"}, "STALE_OBJECT"),
        ({"namespace": "a b"}, "INVALID"),
        ({"namespace": "ab"}, "INVALID"),
        ({"key": "nn", "type": "single_line_text_field", "value": "two\rlines"}, "INVALID_VALUE"),
        ({"key": "nn", "type": "single_line_text_field", "value": "two\nlines"}, "INVALID_VALUE"),
        ({"key": "nn", "type": "single_line_text_field", "value": ""}, "INVALID_VALUE"),
        ({"key": "nn", "type": "json", "value": "NaN"}, "INVALID_VALUE"),
        ({"key": "nn", "type": "json", "value": json.dumps("x" * 128 * 1024)}, "INVALID_VALUE"),
        ({"key": "nn", "type": "number_decimal", "value": "1e5"}, "INVALID_VALUE"),
        ({"key": "nn", "type": "number_decimal", "value": "Infinity"}, "INVALID_VALUE"),
        ({"key": "nn", "type": "number_integer", "value": "9007199254740992"}, "INVALID_VALUE"),
        ({"key": "nn", "type": "date", "value": "20261101"}, "INVALID_VALUE"),
        ({"key": "nn", "type": "list.json", "value": "[]"}, "INVALID_TYPE"),
    ],
)
def test_bad_input_is_a_user_error(shop: Shop, changes: dict[str, Any], expected: str) -> None:
    assert code(shop, **changes) == expected


def test_compare_digest_replaces_only_what_was_seen(shop: Shop) -> None:
    seen = put(shop, recs(compareDigest=None))["metafields"][0]["compareDigest"]
    assert not put(shop, recs(to=[5], compareDigest=seen))["userErrors"]
    assert put(shop, recs(to=[6], compareDigest=seen))["userErrors"]


def test_the_app_keeps_data_on_its_installation(shop: Shop) -> None:
    owner = shop.data("{ currentAppInstallation { id } }")["currentAppInstallation"]["id"]
    put(shop, {"ownerId": owner, "namespace": "state", "key": "status", "type": "json", "value": '{"live": true}'})
    found = shop.data('{ currentAppInstallation { metafield(namespace: "state", key: "status") { jsonValue } } }')
    assert found["currentAppInstallation"]["metafield"] == {"jsonValue": {"live": True}}
    assert shop.dev("GET", f"metafields?owner={owner}").get_json()[0]["key"] == "status"


def test_deleting_says_what_was_there(shop: Shop) -> None:
    put(shop, recs())
    gone = shop.data(
        """mutation { metafieldsDelete(metafields: [
           {ownerId: "gid://shopify/Product/1", namespace: "$app", key: "recs"},
           {ownerId: "gid://shopify/Product/2", namespace: "$app", key: "recs"}]) { deletedMetafields { key } } }"""
    )
    assert gone["metafieldsDelete"]["deletedMetafields"] == [{"key": "recs"}, None]


def test_a_type_that_only_the_devstore_lacks_is_501(shop: Shop) -> None:
    given = recs(key="stars", type="rating", value='{"value": "4", "scale_min": "1", "scale_max": "5"}')
    answer = shop.post(SET, {"m": [given]})
    assert answer.status_code == 501


def test_a_metafield_keeps_the_time_of_its_creation(shop: Shop) -> None:
    put(shop, recs())
    shop.dev("POST", "clock", advance_s=3600)
    put(shop, recs(to=[4]))
    found = shop.data('{ product(id: "gid://shopify/Product/1") { metafield(key: "recs") { createdAt updatedAt } } }')
    assert found["product"]["metafield"]["createdAt"] < found["product"]["metafield"]["updatedAt"]
