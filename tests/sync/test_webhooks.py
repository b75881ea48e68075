"""Webhooks of a real devstore applied to rows: on time, twice, stale, swapped, and before what they are about."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.errors import Permanent
from app.services.apply_change import apply_change
from tests.sync.store import TABLES, Installed


@pytest.fixture
def synced(installed: Installed) -> Installed:
    """Imported, and nothing on its way."""
    installed.sync()
    installed.webhooks()
    return installed


def first_product(shop: Installed) -> Any:
    return next(p for p in shop.store.products.values() if p.status == "ACTIVE" and p.variants[0].quantity > 2)


def place_order(shop: Installed, **more: Any) -> dict[str, Any]:
    variant = first_product(shop).variants[0]
    placed: dict[str, Any] = shop.dev("POST", "orders", lines=[{"variant_id": variant.id, "quantity": 2, **more}])
    return placed


def fresh_import(shop: Installed) -> dict[str, list[Any]]:
    """What an import of the store as it is now leaves in empty tables."""
    for table in TABLES:
        shop.sql(f"DELETE FROM {table}")
    shop.sql("DELETE FROM sync_runs")
    shop.sync()
    return shop.state()


def test_an_order_webhook_brings_the_order_its_lines_and_the_click(synced: Installed) -> None:
    order = place_order(synced, properties={"_attune": "req_0123456789ab:3"})
    synced.apply()
    line = "SELECT quantity, current_quantity, request_id, position FROM order_lines WHERE order_id = %s"
    assert synced.sql(line, order["id"]) == [(2, 2, "req_0123456789ab", 3)]


def test_a_days_changes_by_webhook_end_as_an_import_would(synced: Installed) -> None:
    shop = synced
    products = [p for p in shop.store.products.values() if p.status == "ACTIVE"]
    customer = next(c for c in shop.store.customers.values() if c.email)
    order = place_order(shop)
    shop.dev("POST", "refunds", order_id=order["id"], lines=[{"line_id": order["line_items"][0]["id"], "quantity": 1}])
    cancelled = place_order(shop)
    shop.dev("POST", f"orders/{cancelled['id']}/cancel")
    shop.dev("PATCH", f"products/{products[0].id}", title="New name", price=4321)
    shop.dev("POST", "inventory", variant_id=products[1].variants[0].id, quantity=0)
    shop.dev("PATCH", f"customers/{customer.id}", first_name="Zora")
    shop.dev("DELETE", f"collections/{next(iter(shop.store.collections))}")
    shop.apply()
    by_webhook = shop.state()
    by_import = fresh_import(shop)
    for table in TABLES:
        assert by_webhook[table] == by_import[table], table


def test_the_same_webhooks_twice_change_nothing(synced: Installed) -> None:
    order = place_order(synced)
    synced.dev(
        "POST", "refunds", order_id=order["id"], lines=[{"line_id": order["line_items"][0]["id"], "quantity": 1}]
    )
    synced.dev("PATCH", f"products/{first_product(synced).id}", title="Twice")
    webhooks = synced.webhooks()
    synced.apply(webhooks)
    once = synced.state()
    synced.apply(webhooks)
    assert synced.state() == once


def test_webhooks_in_reverse_order_end_as_in_order(synced: Installed) -> None:
    product = first_product(synced)
    order = place_order(synced)
    synced.dev(
        "POST", "refunds", order_id=order["id"], lines=[{"line_id": order["line_items"][0]["id"], "quantity": 1}]
    )
    for title in ("one", "two", "three"):
        synced.dev("PATCH", f"products/{product.id}", title=title)
    for quantity in (9, 5, 7):
        synced.dev("POST", "inventory", variant_id=product.variants[0].id, quantity=quantity)
    webhooks = synced.webhooks()
    synced.apply(webhooks[::-1])
    assert synced.one("SELECT title FROM products WHERE id = %s", product.id) == "three"
    assert synced.one("SELECT quantity FROM variants WHERE id = %s", product.variants[0].id) == 7
    reversed_state = synced.state()
    synced.apply(webhooks)
    assert synced.state() == reversed_state


@pytest.mark.parametrize("mode", ["stale", "twice", "swap", "late"])
def test_faulty_deliveries_end_as_faultless_ones(synced: Installed, mode: str) -> None:
    product = first_product(synced)
    synced.dev("POST", "faults", webhooks={"mode": mode, "count": 3, "delay_s": 0.3})
    for title in ("one", "two", "three"):
        synced.dev("PATCH", f"products/{product.id}", title=title)
    order = place_order(synced)
    synced.apply()
    assert synced.one("SELECT title FROM products WHERE id = %s", product.id) == "three"
    assert synced.count(f"orders WHERE id = {order['id']}") == 1


def test_a_refund_may_come_before_its_order(synced: Installed) -> None:
    order = place_order(synced)
    created = synced.webhooks()
    line = order["line_items"][0]["id"]
    synced.dev("POST", "refunds", order_id=order["id"], lines=[{"line_id": line, "quantity": 1}])
    refund = [webhook for webhook in synced.webhooks() if webhook.topic == "refunds/create"]
    synced.apply(refund)
    synced.apply(created)
    assert synced.one("SELECT current_quantity FROM order_lines WHERE id = %s", line) == 1
    assert synced.one("SELECT refunded > 0 FROM orders WHERE id = %s", order["id"]) is True


def test_a_deleted_product_is_kept_as_deleted_and_not_brought_back_by_an_older_update(synced: Installed) -> None:
    product = first_product(synced)
    synced.dev("PATCH", f"products/{product.id}", title="Last words")
    updates = synced.webhooks()
    synced.dev("DELETE", f"products/{product.id}")
    synced.apply()
    synced.apply(updates)
    assert synced.one("SELECT deleted_at IS NOT NULL FROM products WHERE id = %s", product.id) is True
    assert [c.buyable for c in synced.wiring.catalog.cards_of(synced.shop.id, [product.id])] == [False]


def test_a_deletion_may_overtake_the_creation(synced: Installed) -> None:
    made = synced.dev("POST", "products", title="Brief", price=100)
    creation = synced.webhooks()
    synced.dev("DELETE", f"products/{made['id']}")
    synced.apply()
    synced.apply(creation)
    assert synced.one("SELECT deleted_at IS NOT NULL FROM products WHERE id = %s", made["id"]) is True


def test_deleted_orders_and_customers_are_not_brought_back_by_older_webhooks(synced: Installed) -> None:
    shop, store, records = synced.shop.id, synced.wiring.store_records, synced
    customer = next(c for c in synced.store.customers.values() if c.email)
    synced.dev("PATCH", f"customers/{customer.id}", first_name="Late")
    order = place_order(synced)
    webhooks = synced.webhooks()
    later = synced.wiring.clock.now().replace(microsecond=0)
    for topic, number in (("customers/delete", customer.id), ("orders/delete", order["id"])):
        apply_change(shop, topic, {"id": number}, triggered_at=later.replace(year=later.year + 1), store=store)
    synced.apply(webhooks)
    assert records.count(f"customers WHERE id = {customer.id}") == 0
    assert records.count(f"orders WHERE id = {order['id']}") == 0
    assert records.count(f"order_lines WHERE order_id = {order['id']}") == 0


def test_an_erased_customer_stays_erased(synced: Installed) -> None:
    customer = next(c for c in synced.store.customers.values() if c.email)
    synced.sql("INSERT INTO tombstones (shop_id, customer_id, at) VALUES (%s, %s, now())", synced.shop.id, customer.id)
    synced.sql("DELETE FROM customers WHERE id = %s", customer.id)
    synced.dev("PATCH", f"customers/{customer.id}", first_name="Zora")
    variant = first_product(synced).variants[0]
    order = synced.dev("POST", "orders", customer_id=customer.id, lines=[{"variant_id": variant.id, "quantity": 1}])
    synced.apply()
    assert synced.count(f"customers WHERE id = {customer.id}") == 0
    assert synced.sql("SELECT customer_id, contact, email_hash FROM orders WHERE id = %s", order["id"]) == [
        (None, None, None)
    ]


def test_stock_changes_move_the_products_change_date_and_the_signal(synced: Installed) -> None:
    product = first_product(synced)
    key = f"attune:{synced.shop.id}:catalog"
    before = synced.one("SELECT changed_at FROM products WHERE id = %s", product.id)
    signalled = int(synced.wiring.redis.get(key) or 0)
    synced.dev("POST", "inventory", variant_id=product.variants[0].id, quantity=0)
    synced.apply([webhook for webhook in synced.webhooks() if webhook.topic == "inventory_levels/update"])
    assert synced.one("SELECT changed_at FROM products WHERE id = %s", product.id) > before
    assert int(synced.wiring.redis.get(key) or 0) > signalled
    assert synced.one("SELECT quantity FROM variants WHERE id = %s", product.variants[0].id) == 0


def test_variants_that_a_big_products_webhook_leaves_out_stay(synced: Installed) -> None:
    product = next(p for p in synced.store.products.values() if len(p.variants) > 1)
    synced.dev("PATCH", f"products/{product.id}", title="Big")
    (webhook,) = [w for w in synced.webhooks() if w.topic == "products/update"]
    webhook.payload["variant_gids"] = [{"admin_graphql_api_id": str(v["id"])} for v in webhook.payload["variants"]]
    del webhook.payload["variants"][1:]
    synced.apply([webhook])
    assert synced.count(f"variants WHERE product_id = {product.id}") == len(product.variants)
    assert synced.one("SELECT title FROM products WHERE id = %s", product.id) == "Big"


def test_personal_fields_of_webhooks_are_sealed(synced: Installed) -> None:
    customer = next(c for c in synced.store.customers.values() if c.email)
    synced.dev("PATCH", f"customers/{customer.id}", first_name="Zora")
    synced.apply()
    box = bytes(synced.one("SELECT contact FROM customers WHERE id = %s", customer.id))
    assert b"Zora" not in box
    assert "Zora" in orjson.loads(synced.wiring.sealer.open(synced.shop.id, "customers.contact", box))["name"]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("products/update", {}),
        ("products/update", {"id": "x", "variants": []}),
        ("orders/create", {"id": 1, "currency": "EUR", "line_items": 5}),
        ("customers/update", {"id": True, "updated_at": "yesterday"}),
        ("inventory_levels/update", {"available": 1, "inventory_item_id": None, "location_id": 1}),
        ("orders/delete", {"id": -1}),
        ("refunds/create", {"id": 1, "order_id": 1, "transactions": [{"kind": "refund", "amount": "?"}]}),
    ],
)
def test_a_payload_that_does_not_fit_its_topic_is_refused_without_a_trace(
    synced: Installed, topic: str, payload: dict[str, Any]
) -> None:
    before = synced.state()
    with pytest.raises(Permanent):
        apply_change(synced.shop.id, topic, payload, triggered_at=None, store=synced.wiring.store_records)
    assert synced.state() == before
