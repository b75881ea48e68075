"""Webhooks: signed, retried, subscribed, shaped like Shopify's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.devstore.core.receiver import Receiver, receiving
from tests.devstore.core.shop import SECRET, make


@pytest.fixture
def app() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def order(app: Receiver, **more: object) -> dict[str, object]:
    lines = [{"variant_id": 1001, "quantity": 2, "properties": {"_attune": "abc:1"}}]
    response = app.shop.dev("POST", "orders", customer_id=1, lines=lines, **more)
    assert response.status_code == 201, response.get_json()
    placed: dict[str, object] = response.get_json()
    return placed


def test_a_webhook_is_signed_over_its_raw_body_and_names_itself(app: Receiver) -> None:
    app.shop.dev("PATCH", "products/1", title="Renamed")
    app.flush()
    (webhook,) = app.received
    assert webhook.path == "/webhooks"
    assert webhook.signed_with(SECRET)
    assert webhook.topic == "products/update"
    assert webhook.headers["X-Shopify-Shop-Domain"] == "tiny.myshopify.com"
    assert webhook.headers["X-Shopify-Api-Version"] == "2026-10"
    assert {"X-Shopify-Event-Id", "X-Shopify-Triggered-At", "X-Shopify-Webhook-Id"} <= set(webhook.headers)
    assert webhook.body["title"] == "Renamed"
    assert webhook.body["variants"][0]["price"] == "11.00"


def test_an_order_tells_of_itself_its_stock_and_its_customer(app: Receiver) -> None:
    placed = order(app, discount_code="WELCOME10")
    app.flush()
    assert sorted(app.topics()) == ["customers/update", "inventory_levels/update", "orders/create", "products/update"]
    body = app.of("orders/create")[0].body
    assert body["id"] == placed["id"]
    assert body["admin_graphql_api_id"] == f"gid://shopify/Order/{placed['id']}"
    assert (body["total_price"], body["total_discounts"]) == ("19.80", "2.20")
    assert body["line_items"][0]["properties"] == [{"name": "_attune", "value": "abc:1"}]
    assert body["discount_codes"][0]["code"] == "WELCOME10"
    assert body["customer"]["id"] == 1
    assert app.of("inventory_levels/update")[0].body["available"] == 8
    assert app.of("customers/update")[0].body["id"] == 1


def test_a_customers_webhook_says_only_what_shopify_has_said_since_2025(app: Receiver) -> None:
    app.shop.dev("PATCH", "customers/1", tags=["a"], email_marketing="SUBSCRIBED", data_sale_opt_out=True)
    app.flush()
    body = app.of("customers/update")[0].body
    gone = {"tags", "email_marketing_consent", "orders_count", "total_spent", "last_order_id", "data_sale_opt_out"}
    assert not gone & set(body)
    assert {"id", "updated_at", "email", "default_address", "addresses", "tax_exemptions"} <= set(body)


def test_a_products_webhook_names_every_variant_and_not_whether_it_is_tracked(app: Receiver) -> None:
    app.shop.dev("PATCH", "products/1", title="Renamed")
    app.flush()
    body = app.of("products/update")[0].body
    gids = [entry["admin_graphql_api_id"] for entry in body["variant_gids"]]
    assert gids == ["gid://shopify/ProductVariant/1001"]
    assert "inventory_management" not in body["variants"][0]
    assert "gift_card" not in body


def test_a_deleted_order_is_told_by_its_id(app: Receiver) -> None:
    app.shop.dev("POST", "orders/9001/cancel")
    app.shop.dev("DELETE", "orders/9001")
    app.flush()
    assert app.of("orders/delete")[0].body == {"id": 9001}


def test_without_the_scope_of_a_topic_it_is_not_sent(app: Receiver) -> None:
    app.shop.dev("POST", "scopes", granted=["write_products"])
    app.shop.dev("PATCH", "products/1", title="Renamed")
    app.shop.dev("PATCH", "customers/1", first_name="Zora")
    app.shop.dev("POST", "inventory", variant_id=1002, quantity=0)
    app.flush()
    assert app.topics() == ["app/scopes_update", "products/update", "products/update"]


def test_the_compliance_topics_need_no_scope(app: Receiver) -> None:
    app.shop.dev("POST", "scopes", granted=["read_products"])
    app.shop.dev("POST", "compliance", topic="customers/redact", customer_id=1)
    app.flush()
    assert "customers/redact" in app.topics()


def test_an_edited_order_tells_of_the_line_that_was_added(app: Receiver) -> None:
    placed = order(app, webhooks=False)
    stock = app.shop.dev("POST", "inventory", variant_id=1001, quantity=9).get_json()["available"]
    app.shop.dev("POST", f"orders/{placed['id']}/edit", lines=[{"variant_id": 1001, "quantity": 2}])
    app.flush()
    (told,) = app.of("orders/updated")
    assert [line["quantity"] for line in told.body["line_items"]][-1] == 2
    assert len(told.body["line_items"]) == len(placed["line_items"]) + 1  # type: ignore[arg-type]
    assert app.of("inventory_levels/update")[-1].body["available"] == stock - 2


def test_refund_and_cancellation_tell_their_own_topics(app: Receiver) -> None:
    placed = order(app, webhooks=False)
    line = placed["line_items"][0]["id"]  # type: ignore[index]
    app.shop.dev("POST", "refunds", order_id=placed["id"], lines=[{"line_id": line, "quantity": 1}])
    app.shop.dev("POST", f"orders/{placed['id']}/cancel")
    app.flush()
    first, second = app.of("refunds/create")
    assert first.body["refund_line_items"][0]["subtotal_set"]["shop_money"]["amount"] == "11.00"
    assert second.body["refund_line_items"][0]["quantity"] == 1
    assert app.of("orders/cancelled")[0].body["current_total_price"] == "0.00"
    assert app.of("orders/updated")[0].body["line_items"][0]["current_quantity"] == 1


def test_products_and_collections_come_and_go(app: Receiver) -> None:
    made = app.shop.dev("POST", "products", title="New thing", price=500, quantity=3).get_json()
    app.shop.dev("DELETE", f"products/{made['id']}")
    app.shop.dev("PATCH", "collections/502", title="Fewer")
    app.flush()
    assert app.topics() == ["products/create", "products/delete", "collections/update"]
    assert app.received[1].body == {"id": made["id"]}


def test_a_refused_webhook_is_tried_again_with_the_same_id_and_body(app: Receiver) -> None:
    app.answers = [500, 503]
    app.shop.dev("PATCH", "products/1", title="Renamed")
    assert app.flush()["sent"] == 1
    assert len({(w.webhook_id, w.raw) for w in app.received}) == 1
    assert len(app.received) == 3


def test_after_the_last_retry_it_is_given_up(app: Receiver) -> None:
    app.answers = [500] * 10
    app.shop.dev("PATCH", "products/1", title="Renamed")
    assert app.flush()["failed"] == 1
    (entry,) = app.shop.dev("GET", "webhooks").get_json()
    assert (entry["status"], entry["attempts"], entry["last_answer"]) == ("failed", 3, 500)


def test_only_subscribed_topics_are_sent() -> None:
    with receiving() as app:
        app.shop.dev("PATCH", "customers/1", email_marketing="SUBSCRIBED")
        app.flush()
        assert app.topics() == ["customers/update"]


def test_nothing_is_sent_before_the_app_is_installed() -> None:
    shop = make()
    shop.dev("PATCH", "products/1", title="Renamed")
    assert shop.dev("GET", "webhooks").get_json() == []


def test_a_finished_bulk_operation_is_announced_in_lower_case(app: Receiver) -> None:
    operation = app.shop.bulk("{ orders { edges { node { id } } } }")
    app.flush()
    (webhook,) = app.of("bulk_operations/finish")
    assert webhook.body["admin_graphql_api_id"] == operation["id"]
    assert (webhook.body["status"], webhook.body["type"], webhook.body["error_code"]) == ("completed", "query", None)


def test_the_token_is_dead_before_the_app_is_told_of_its_removal(app: Receiver) -> None:
    app.shop.dev("POST", "uninstall")
    assert app.shop.post("{ shop { id } }").status_code == 401
    app.shop.dev("PATCH", "products/1", title="Renamed")
    app.flush()
    assert app.topics() == ["app/uninstalled"]
    assert app.received[0].body["myshopify_domain"] == "tiny.myshopify.com"


def test_changed_scopes_are_told_with_before_and_after(app: Receiver) -> None:
    app.shop.dev("POST", "scopes", granted=["read_products"])
    app.flush()
    assert app.of("app/scopes_update")[0].body["current"] == ["read_products"]


def test_the_compliance_topics_go_to_their_own_address(app: Receiver) -> None:
    app.shop.dev("POST", "compliance", topic="customers/data_request", customer_id=1)
    app.shop.dev("POST", "compliance", topic="customers/redact", customer_id=1)
    app.shop.dev("POST", "uninstall")
    app.shop.dev("POST", "compliance", topic="shop/redact")
    app.flush()
    assert {w.path for w in app.received if w.topic != "app/uninstalled"} == {"/webhooks/compliance"}
    assert app.of("customers/data_request")[0].body["orders_requested"]
    assert app.of("customers/redact")[0].body["customer"] == {
        "id": 1,
        "email": "c1@example.com",
        "phone": "+44113000001",
    }
    assert app.of("shop/redact")[0].body == {"shop_id": 77, "shop_domain": "tiny.myshopify.com"}


def test_without_level_2_bodies_carry_no_contact_data() -> None:
    with receiving(level2=False) as app:
        order(app)
        app.flush()
        body = app.of("orders/create")[0].body
        assert (body["email"], body["shipping_address"], body["customer"]["first_name"]) == (None, None, None)


def test_times_carry_the_shops_offset(app: Receiver) -> None:
    app.shop.store.world.shop.timezone = "Europe/London"
    app.shop.dev("PATCH", "products/1", title="Renamed")
    app.flush()
    assert app.received[0].body["updated_at"].endswith("+00:00")
