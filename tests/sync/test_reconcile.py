"""The nightly reconciliation finds and repairs what webhooks lost, and counts it."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from app.core.records import Kind
from app.services.fetch_refunds import fetch_refunds
from app.services.reconcile_store import reconcile_store
from tests.sync.store import TABLES, Installed
from tests.sync.test_webhooks import first_product, fresh_import, place_order


@pytest.fixture
def synced(installed: Installed) -> Installed:
    installed.sync()
    installed.dev("POST", "clock", advance_s=3600)
    installed.dev("POST", "faults", webhooks={"mode": "lose", "count": 1000})
    return installed


def test_what_webhooks_lost_is_repaired_and_counted(synced: Installed) -> None:
    shop = synced
    products = [p for p in shop.store.products.values() if p.status == "ACTIVE"]
    customer = next(iter(shop.store.customers.values()))
    deleted_product, deleted_collection = products[-1].id, next(iter(shop.store.collections))
    order = place_order(shop)
    shop.dev("POST", "refunds", order_id=order["id"], lines=[{"line_id": order["line_items"][0]["id"], "quantity": 1}])
    shop.dev("PATCH", f"products/{products[0].id}", title="New name")
    shop.dev("PATCH", f"customers/{customer.id}", first_name="Zora")
    shop.dev("DELETE", f"products/{deleted_product}")
    shop.dev("DELETE", f"collections/{deleted_collection}")
    shop.dev("POST", "products", title="Brand new", price=1500)
    shop.dev("POST", "clock", advance_s=3600)
    outcome = reconcile_store(shop.shop, shop.wiring.syncing)
    assert outcome.failed == ()
    assert outcome.repaired >= 7
    assert outcome.repaired == shop.one("SELECT sum(repaired) FROM sync_runs")
    assert shop.one("SELECT deleted_at IS NOT NULL FROM products WHERE id = %s", deleted_product) is True
    fetch_refunds(shop.shop, shop.wiring.refund_fetching)
    shop.sql("DELETE FROM products WHERE deleted_at IS NOT NULL")
    shop.sql("DELETE FROM variants WHERE product_id = %s", deleted_product)
    shop.sql("DELETE FROM inventory_levels WHERE inventory_item_id = %s", products[-1].variants[0].inventory_item_id)
    # We still know what was bought; Shopify has forgotten it with the product.
    shop.sql("UPDATE order_lines SET product_id = NULL, variant_id = NULL WHERE product_id = %s", deleted_product)
    repaired = shop.state()
    imported = fresh_import(shop)
    for table in TABLES:
        assert repaired[table] == imported[table], table


def test_where_nothing_was_lost_nothing_is_repaired(synced: Installed) -> None:
    before = synced.state()
    assert reconcile_store(synced.shop, synced.wiring.syncing).repaired == 0
    assert synced.state() == before


def test_a_record_that_was_never_imported_is_found_by_its_id_and_fetched(synced: Installed) -> None:
    lost = synced.sql("SELECT id FROM orders ORDER BY id LIMIT 3")
    for (order,) in lost:
        synced.sql("DELETE FROM order_lines WHERE order_id = %s", order)
        synced.sql("DELETE FROM orders WHERE id = %s", order)
    outcome = reconcile_store(synced.shop, synced.wiring.syncing)
    assert outcome.repaired == 3
    assert synced.count("orders") == len(synced.store.orders)
    assert synced.count("order_lines") == sum(len(order.lines) for order in synced.store.orders.values())


def test_orders_that_the_app_may_no_longer_see_are_not_taken_for_deleted(synced: Installed) -> None:
    scopes = ["read_products", "read_inventory", "read_orders", "read_customers"]
    synced.dev("POST", "scopes", granted=scopes)
    reconcile_store(synced.shop, synced.wiring.syncing)
    assert synced.count("orders") == len(synced.store.orders)


def test_what_is_changed_while_the_reconciliation_runs_is_left_alone(synced: Installed) -> None:
    product = first_product(synced)
    synced.dev("DELETE", "faults")
    synced.dev("PATCH", f"products/{product.id}", title="While it runs")
    synced.apply()
    reconcile_store(synced.shop, synced.wiring.syncing)
    assert synced.one("SELECT title FROM products WHERE id = %s", product.id) == "While it runs"


def test_the_lines_of_refunds_come_in_pages_after_the_import(synced: Installed) -> None:
    refunds = [(o, r) for o in synced.store.orders.values() for r in o.refunds]
    assert synced.count("refunds") == len(refunds)
    assert synced.count("refund_lines") == 0
    assert fetch_refunds(synced.shop, synced.wiring.refund_fetching) == len(refunds)
    assert synced.sql("SELECT refund_id, order_line_id, quantity, subtotal FROM refund_lines ORDER BY id") == sorted(
        ((r.id, part.line_id, part.quantity, part.subtotal) for _, r in refunds for part in r.lines),
        key=lambda row: next(p.id for _, r in refunds for p in r.lines if (r.id, p.line_id) == row[:2]),
    )
    assert fetch_refunds(synced.shop, synced.wiring.refund_fetching) == 0


def test_what_was_wrongly_taken_for_deleted_comes_back_with_the_next_reconciliation(synced: Installed) -> None:
    shop, store = synced.shop.id, synced.store
    before = synced.state()
    an_hour_ago = synced.wiring.clock.now() - timedelta(hours=1)
    gone = {
        Kind.PRODUCT: next(iter(store.products)),
        Kind.COLLECTION: next(iter(store.collections)),
        Kind.CUSTOMER: next(iter(store.customers)),
        Kind.ORDER: next(order.id for order in store.orders.values() if order.refunds),
    }
    for kind, number in gone.items():
        synced.wiring.store_records.remove(shop, kind, number, at=an_hour_ago)
    assert reconcile_store(synced.shop, synced.wiring.syncing).repaired >= len(gone)
    assert synced.state() == before


def test_what_an_export_of_the_last_minutes_lacks_is_not_taken_for_deleted(synced: Installed) -> None:
    synced.dev("DELETE", "faults")
    order = place_order(synced)
    synced.apply()
    synced.dev("POST", "clock", advance_s=60)
    time.sleep(1.1)  # The app asks what time it is once a second.
    del synced.store.orders[order["id"]]
    reconcile_store(synced.shop, synced.wiring.syncing)
    assert synced.count(f"orders WHERE id = {order['id']}") == 1


def test_an_opt_out_of_which_no_webhook_tells_comes_with_the_night(synced: Installed) -> None:
    customer = next(c for c in synced.store.customers.values() if c.email and not c.data_sale_opt_out)
    synced.dev("DELETE", "faults")
    synced.dev("PATCH", f"customers/{customer.id}", first_name="Zora", data_sale_opt_out=True)
    synced.apply()
    reconcile_store(synced.shop, synced.wiring.syncing)
    assert synced.one("SELECT opted_out FROM customers WHERE id = %s", customer.id) is True
