"""The control routes that no other test goes through, and the ID token they hand out."""

from __future__ import annotations

from datetime import datetime

import jwt
import pytest

from tests.devstore.core.shop import NOW, SECRET, Shop


def test_the_state_counts_what_is_there(shop: Shop) -> None:
    state = shop.dev("GET", "state").get_json()
    assert state["counts"] == {"products": 7, "collections": 2, "customers": 3, "orders": 20}
    assert state["shop"] == "tiny.myshopify.com"


def test_the_clock_is_read_and_advanced(shop: Shop) -> None:
    before = datetime.fromisoformat(shop.dev("GET", "clock").get_json()["now"])
    after = datetime.fromisoformat(shop.dev("POST", "clock", advance_s=86_400).get_json()["now"])
    assert before >= NOW
    assert (after - before).days == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "orders", {"lines": [{"variant_id": 1001, "quantity": 99}]}, 422),
        ("POST", "orders", {"lines": [{"variant_id": 1, "quantity": 1}]}, 404),
        ("POST", "orders", {"lines": []}, 422),
        ("POST", "orders/1/cancel", {}, 404),
        ("POST", "orders/1/edit", {"lines": [{"variant_id": 1001}]}, 404),
        ("POST", "orders/9001/edit", {"lines": [{"variant_id": 1001, "quantity": 99}]}, 422),
        ("PATCH", "products/1", {"colour": "red"}, 422),
        ("PATCH", "products/99", {"title": "x"}, 404),
        ("POST", "products", {"price": 5}, 422),
        ("DELETE", "customers/1", {}, 422),
        ("POST", "compliance", {"topic": "orders/create"}, 422),
        ("POST", "clock", {"advance_s": -5}, 422),
        ("POST", "faults", {"weather": {"mode": "rain"}}, 422),
    ],
)
def test_what_cannot_be_done_is_said(shop: Shop, method: str, path: str, body: dict[str, object], status: int) -> None:
    assert shop.dev(method, path, **body).status_code == status


def test_stock_and_customers_are_changed(shop: Shop) -> None:
    assert shop.dev("POST", "inventory", variant_id=1002, quantity=0).get_json()["available"] == 0
    changed = shop.dev("PATCH", "customers/1", tags=["a", "b"], data_sale_opt_out=True).get_json()
    assert changed["id"] == 1
    found = shop.data('{ customer(id: "gid://shopify/Customer/1") { tags dataSaleOptOut } }')["customer"]
    assert found == {"tags": ["a", "b"], "dataSaleOptOut": True}


def test_only_a_cancelled_order_can_be_deleted(shop: Shop) -> None:
    assert shop.dev("DELETE", "orders/9001").status_code == 422
    shop.dev("POST", "orders/9001/cancel")
    assert shop.dev("DELETE", "orders/9001").get_json() == {"deleted": 9001}
    assert shop.data('{ order(id: "gid://shopify/Order/9001") { id } }')["order"] is None


def test_the_id_token_reads_as_shopifys_to_another_library(shop: Shop) -> None:
    token = shop.dev("GET", "id-token?user=5").get_json()["id_token"]
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience="key")
    assert claims["dest"] == "https://tiny.myshopify.com"
    assert claims["iss"] == "https://tiny.myshopify.com/admin"
    assert claims["sub"] == "5"
    assert claims["exp"] - claims["iat"] == 60
    assert {"jti", "sid", "nbf"} <= set(claims)
