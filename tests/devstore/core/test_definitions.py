"""Metafield definitions, and the rules that they put on values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devstore.options import read_toml
from devstore.server import create
from devstore.storefront.drops.metafields import MetafieldsDrop
from tests.devstore.core.shop import Shop, make, options, toml, world

SCOPES = "write_products,write_customers"
CREATE = """mutation($d: MetafieldDefinitionInput!) { metafieldDefinitionCreate(definition: $d) {
  createdDefinition { id namespace type { name category } validations { name value } access { admin storefront } }
  userErrors { code field message } } }"""
UPDATE = """mutation($d: MetafieldDefinitionUpdateInput!) { metafieldDefinitionUpdate(definition: $d) {
  updatedDefinition { name validationStatus } userErrors { code } } }"""
DELETE = """mutation($i: MetafieldDefinitionIdentifierInput, $all: Boolean!) {
  metafieldDefinitionDelete(identifier: $i, deleteAllAssociatedMetafields: $all) {
    deletedDefinition { key ownerType } deletedDefinitionId userErrors { code } } }"""
SET = """mutation($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) {
  metafields { id } userErrors { code field message } } }"""


@pytest.fixture
def shop() -> Shop:
    return make(scopes=SCOPES).install()


def definition(**changes: Any) -> dict[str, Any]:
    return {"ownerType": "CUSTOMER", "key": "score", "name": "Score", "type": "number_decimal"} | changes


def define(shop: Shop, **changes: Any) -> dict[str, Any]:
    result: dict[str, Any] = shop.data(CREATE, {"d": definition(**changes)})["metafieldDefinitionCreate"]
    return result


def put(shop: Shop, value: str, owner: str = "gid://shopify/Customer/1", **changes: Any) -> list[dict[str, Any]]:
    given = {"ownerId": owner, "key": "score", "value": value, **changes}
    errors: list[dict[str, Any]] = shop.data(SET, {"m": [given]})["metafieldsSet"]["userErrors"]
    return errors


def rule(name: str, value: str) -> dict[str, Any]:
    return {"validations": [{"name": name, "value": value}]}


def test_what_the_toml_declares_is_a_definition_that_only_a_deploy_changes(shop: Shop) -> None:
    found = shop.data(
        """{ metafieldDefinitions(first: 9, ownerType: PRODUCT, namespace: "$app") { nodes { key name
           type { name } access { storefront } } } }"""
    )["metafieldDefinitions"]["nodes"]
    assert found == [
        {"key": "recs", "name": "Recommendations", "type": {"name": "list.product_reference"},
         "access": {"storefront": "PUBLIC_READ"}},
    ]  # fmt: skip
    update = {"ownerType": "PRODUCT", "key": "recs", "name": "Mine"}
    assert shop.data(UPDATE, {"d": update})["metafieldDefinitionUpdate"]["userErrors"] == [
        {"code": "APP_CONFIG_MANAGED"}
    ]
    named = {"ownerType": "PRODUCT", "key": "recs"}
    result = shop.data(DELETE, {"i": named, "all": True})["metafieldDefinitionDelete"]
    assert result["userErrors"] == [{"code": "APP_CONFIG_MANAGED"}]


def test_rules_in_the_toml_bind_the_app(shop: Shop) -> None:
    text = toml(SCOPES) + '\n[customer.metafields.app.score]\ntype = "number_decimal"\nvalidations = { max = 1 }\n'
    given = options(app_toml=read_toml(text, "http://127.0.0.1:9"))
    bound = Shop(create(world(), given), given).install()
    assert put(bound, "0.5") == []
    assert put(bound, "1.5")[0]["code"] == "INVALID_VALUE"


def test_an_app_defines_metafields_and_values_must_fit(shop: Shop) -> None:
    made = define(shop, **rule("max", "1"))
    assert made["userErrors"] == []
    assert made["createdDefinition"]["namespace"] == shop.store.app_namespace
    assert made["createdDefinition"]["type"] == {"name": "number_decimal", "category": "NUMBER"}
    assert put(shop, "0.75") == []
    assert put(shop, "7") == [
        {"code": "INVALID_VALUE", "field": ["metafields", "0", "value"], "message": "Value has a maximum of 1."}
    ]
    assert put(shop, "0.75", type="json")[0]["code"] == "INVALID_TYPE"
    held = shop.data('{ customer(id: "gid://shopify/Customer/1") { metafield(key: "score") { definition { name } } } }')
    assert held["customer"]["metafield"] == {"definition": {"name": "Score"}}


@pytest.mark.parametrize(
    ("kind", "name", "bound", "good", "bad"),
    [
        ("number_integer", "min", "5", "5", "4"),
        ("number_decimal", "max_precision", "2", "1.25", "1.255"),
        ("single_line_text_field", "min", "3", "abc", "ab"),
        ("single_line_text_field", "max", "3", "abc", "abcd"),
        ("single_line_text_field", "regex", "^[a-z]+$", "abc", "ABC"),
        ("single_line_text_field", "choices", '["low", "high"]', "low", "medium"),
        ("date", "min", "2026-01-01", "2026-01-01", "2025-12-31"),
        ("date_time", "max", "2026-01-01T00:00:00+00:00", "2025-12-31T23:00:00+00:00", "2026-01-01T01:00:00+00:00"),
        ("url", "allowed_domains", '["example.com"]', "https://example.com/a", "https://other.example/"),
        ("list.single_line_text_field", "list.max", "2", '["a", "b"]', '["a", "b", "c"]'),
        ("list.single_line_text_field", "list.min", "1", '["a"]', "[]"),
        ("list.number_integer", "max", "9", "[1, 9]", "[1, 10]"),
    ],
)
def test_each_rule_holds(shop: Shop, kind: str, name: str, bound: str, good: str, bad: str) -> None:
    assert define(shop, type=kind, **rule(name, bound))["userErrors"] == []
    assert put(shop, good) == []
    assert [error["code"] for error in put(shop, bad)] == ["INVALID_VALUE"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "BLANK"),
        ({"name": "n" * 256}, "TOO_LONG"),
        ({"type": "nonsense"}, "INCLUSION"),
        ({"key": "a b"}, "INVALID_CHARACTER"),
        ({"namespace": "shopify"}, "RESERVED_NAMESPACE_KEY"),
        ({"ownerType": "PRODUCT", "key": "recs", "type": "list.product_reference"}, "TAKEN"),
        (rule("colour", "red"), "INVALID_OPTION"),
        (rule("choices", '["a"]'), "INVALID_OPTION"),
        (rule("min", "low"), "INVALID_OPTION"),
        ({"validations": [{"name": "min", "value": "1"}] * 2}, "DUPLICATE_OPTION"),
        ({"namespace": "custom", "access": {"admin": "MERCHANT_READ"}}, "ADMIN_ACCESS_INPUT_NOT_ALLOWED"),
    ],
)
def test_bad_definitions_are_user_errors(shop: Shop, changes: dict[str, Any], code: str) -> None:
    before = len(shop.store.definitions)
    assert define(shop, **changes)["userErrors"][0]["code"] == code
    assert len(shop.store.definitions) == before


def test_values_of_another_type_stand_in_the_way_of_a_definition(shop: Shop) -> None:
    put(shop, "high", type="single_line_text_field")
    assert define(shop)["userErrors"][0]["code"] == "UNSTRUCTURED_ALREADY_EXISTS"


def test_a_stricter_rule_shows_which_values_break_it(shop: Shop) -> None:
    define(shop)
    put(shop, "7")
    given = {"ownerType": "CUSTOMER", "key": "score", "name": "Risk", **rule("max", "1")}
    changed = shop.data(UPDATE, {"d": given})["metafieldDefinitionUpdate"]
    assert changed == {"updatedDefinition": {"name": "Risk", "validationStatus": "SOME_INVALID"}, "userErrors": []}
    missing = {"ownerType": "CUSTOMER", "key": "nothing", "name": "x"}
    assert shop.data(UPDATE, {"d": missing})["metafieldDefinitionUpdate"]["userErrors"] == [{"code": "NOT_FOUND"}]


def test_deleting_the_apps_own_definition_takes_its_values_along(shop: Shop) -> None:
    define(shop)
    put(shop, "1")
    named = {"ownerType": "CUSTOMER", "key": "score"}
    kept = shop.data(DELETE, {"i": named, "all": False})["metafieldDefinitionDelete"]
    assert kept["userErrors"] == [{"code": "RESERVED_NAMESPACE_ORPHANED_METAFIELDS"}]
    gone = shop.data(DELETE, {"i": named, "all": True})["metafieldDefinitionDelete"]
    assert gone["deletedDefinition"] == {"key": "score", "ownerType": "CUSTOMER"}
    assert shop.data('{ customer(id: "gid://shopify/Customer/1") { metafield(key: "score") { id } } }') == {
        "customer": {"metafield": None}
    }


def test_definitions_need_the_scope_of_their_owner() -> None:
    body = make(scopes="write_products").install().answer(CREATE, {"d": definition()})
    assert body["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


@pytest.mark.parametrize("owner", ["Product/1", "Collection/501", "Customer/1", "Shop/77", "AppInstallation/710000001"])
def test_each_owner_keeps_metafields(shop: Shop, owner: str) -> None:
    gid = f"gid://shopify/{owner}"
    assert put(shop, '{"a": 1}', gid, type="json") == []
    found = shop.data(
        f'{{ node(id: "{gid}") {{ ... on HasMetafields {{ metafield(key: "score") {{ jsonValue }} }} }} }}'
    )
    assert found == {"node": {"metafield": {"jsonValue": {"a": 1}}}}


def test_the_home_rails_metafield_is_set_by_the_app_and_read_by_the_storefronts_app_drop(shop: Shop) -> None:
    home = {"reason": "trending", "handles": ["thing-2", "thing-1"]}
    owner = shop.data("{ currentAppInstallation { id } }")["currentAppInstallation"]["id"]
    assert put(shop, json.dumps(home), owner, namespace="attune", key="home", type="json") == []
    held = shop.store.metafields(owner)
    drop = MetafieldsDrop(held, shop.store.app_namespace, lambda gid: gid)
    assert drop["attune"]["home"].value == home


def test_a_catalogue_of_metafields_is_written_25_at_a_time(shop: Shop) -> None:
    given = [
        {"ownerId": f"gid://shopify/Customer/{1 + n % 3}", "key": f"key{n}", "type": "json", "value": "1"}
        for n in range(26)
    ]
    assert shop.data(SET, {"m": given})["metafieldsSet"]["userErrors"][0]["code"] == "LESS_THAN_OR_EQUAL_TO"
    assert shop.data(SET, {"m": given[:25]})["metafieldsSet"]["userErrors"] == []
