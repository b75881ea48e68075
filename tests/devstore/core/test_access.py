"""Scopes, the 60-day limit and protected customer data."""

from __future__ import annotations

from datetime import timedelta

from tests.devstore.core.shop import NOW, Shop, make

ORDERS = "{ orders(first: 250) { nodes { id createdAt } } }"


def test_a_missing_scope_makes_the_field_null_and_says_access_denied() -> None:
    shop = make(scopes="read_products").install()
    body = shop.answer('{ customer(id: "gid://shopify/Customer/1") { id } shop { name } }')
    assert body["data"] == {"customer": None, "shop": {"name": "Tiny"}}
    error = body["errors"][0]
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert "read_customers" in error["message"]


def test_a_denied_connection_nulls_the_whole_answer_as_it_may_not_be_null() -> None:
    body = make(scopes="read_products").install().answer(ORDERS)
    assert body["data"] is None


def test_write_scopes_include_reading() -> None:
    assert make(scopes="write_products").install().data("{ products(first: 1) { nodes { id } } }")


def test_node_is_held_to_the_scope_of_what_it_finds() -> None:
    shop = make(scopes="read_products").install()
    body = shop.answer('{ node(id: "gid://shopify/Customer/1") { ... on Customer { tags } } }')
    assert body["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_a_scope_granted_later_counts_at_once() -> None:
    shop = make(scopes="read_products").install()
    shop.dev("POST", "scopes", granted=["read_products", "read_customers"])
    assert shop.data("{ customers(first: 5) { nodes { id } } }")


def test_without_read_all_orders_only_60_days_are_seen() -> None:
    recent = make(scopes="read_orders").install().data(ORDERS)["orders"]["nodes"]
    everything = make(scopes="read_orders,read_all_orders").install().data(ORDERS)["orders"]["nodes"]
    assert len(everything) == 20
    assert 0 < len(recent) < 20
    assert min(o["createdAt"] for o in recent) >= (NOW - timedelta(days=60)).strftime("%Y-%m-%d")


def test_an_old_order_is_not_found_by_id_either() -> None:
    shop = make(scopes="read_orders").install()
    assert shop.data('{ order(id: "gid://shopify/Order/9000") { id } }') == {"order": None}


def test_bulk_sees_the_same_60_days() -> None:
    operation = make(scopes="read_orders").install().bulk("{ orders { edges { node { id } } } }")
    assert 0 < int(operation["objectCount"]) < 20


def test_without_level_2_protected_fields_are_denied_and_others_are_not() -> None:
    shop = make(level2=False).install()
    body = shop.answer('{ customer(id: "gid://shopify/Customer/1") { id tags firstName defaultAddress { city zip } } }')
    assert body["data"]["customer"] == {
        "id": "gid://shopify/Customer/1",
        "tags": ["vip"],
        "firstName": None,
        "defaultAddress": {"city": "Leeds", "zip": None},
    }
    assert {e["extensions"]["code"] for e in body["errors"]} == {"ACCESS_DENIED"}


def test_a_bulk_query_over_a_denied_field_fails() -> None:
    operation = make(level2=False).install().bulk("{ customers { edges { node { id firstName } } } }")
    assert (operation["status"], operation["errorCode"]) == ("FAILED", "ACCESS_DENIED")


def test_writing_a_metafield_needs_the_write_scope_of_its_owner() -> None:
    shop = make(scopes="read_products").install()
    body = shop.answer(
        """mutation { metafieldsSet(metafields: [{ownerId: "gid://shopify/Product/1", key: "recs",
           value: "[]"}]) { userErrors { message } } }"""
    )
    assert body["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_the_app_sees_its_scopes(shop: Shop) -> None:
    scopes = shop.data("{ currentAppInstallation { accessScopes { handle } } }")["currentAppInstallation"]
    assert {"handle": "read_all_orders"} in scopes["accessScopes"]
