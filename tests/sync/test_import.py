"""Importing a store: what stands in the tables afterwards is what stands in the store."""

from __future__ import annotations

import orjson
import pytest

from app.core.errors import Busy
from app.core.syncs import Resource
from app.services.sync_store import request_sync, sync_store
from tests.sync.store import Installed


def test_everything_in_the_store_is_imported(installed: Installed) -> None:
    outcome = installed.sync()
    store = installed.store
    assert (outcome.failed, outcome.problems) == ((), 0)
    assert installed.count("products") == len(store.products)
    assert installed.count("variants") == len(store.variants)
    assert installed.count("collections") == len(store.collections)
    assert installed.count("customers") == len(store.customers)
    assert installed.count("orders") == len(store.orders)
    assert installed.count("order_lines") == sum(len(order.lines) for order in store.orders.values())
    assert installed.count("inventory_levels") == len(store.variants)
    assert installed.count("collection_products") == sum(len(c.product_ids) for c in store.collections.values())


def test_an_order_keeps_its_lines_prices_refunds_and_codes(installed: Installed) -> None:
    installed.sync()
    order = next(o for o in installed.store.orders.values() if o.refunds and o.refunds[0].lines)
    rows = installed.sql(
        "SELECT id, product_id, variant_id, quantity, current_quantity, unit_price, discount FROM order_lines "
        "WHERE order_id = %s ORDER BY id",
        order.id,
    )
    assert rows == [
        (
            n.id,
            n.product_id,
            n.variant_id,
            n.quantity,
            0 if order.cancelled_at else n.quantity - n.refunded_quantity,
            n.unit_price,
            n.discount,
        )
        for n in sorted(order.lines, key=lambda n: n.id)
    ]
    refunded, codes = installed.sql("SELECT refunded, discount_codes FROM orders WHERE id = %s", order.id)[0]
    assert refunded == sum(refund.amount for refund in order.refunds)
    assert tuple(codes) == order.discount_codes


def test_a_product_keeps_what_rails_and_rules_need(installed: Installed) -> None:
    installed.sync()
    product = next(iter(installed.store.products.values()))
    variant = product.variants[0]
    assert installed.sql(
        "SELECT handle, title, status, published, is_gift_card FROM products WHERE id = %s", product.id
    ) == [(product.handle, product.title, product.status, product.published_at is not None, product.is_gift_card)]
    assert installed.sql(
        "SELECT price, quantity, tracked, oversell, inventory_item_id FROM variants WHERE id = %s", variant.id
    ) == [(variant.price, variant.quantity, variant.tracked, variant.oversell, variant.inventory_item_id)]


def test_personal_fields_are_sealed_and_found_by_the_hash_of_the_email(installed: Installed) -> None:
    installed.sync()
    customer = next(c for c in installed.store.customers.values() if c.email)
    assert customer.email is not None
    sealer = installed.wiring.sealer
    box = installed.one(
        "SELECT contact FROM customers WHERE email_hash = %s", sealer.email_hash(installed.shop.id, customer.email)
    )
    assert customer.email.encode() not in bytes(box)
    opened = orjson.loads(sealer.open(installed.shop.id, "customers.contact", bytes(box)))
    assert opened["email"] == customer.email
    assert opened["name"] == f"{customer.first_name} {customer.last_name}".strip()


@pytest.mark.parametrize("level2", [False])
def test_without_level_2_access_everything_but_personal_fields_is_imported(installed: Installed) -> None:
    assert installed.sync().failed == ()
    assert installed.count("orders") == len(installed.store.orders)
    assert installed.count("customers WHERE contact IS NOT NULL OR email_hash IS NOT NULL") == 0
    documents = dict(installed.sql("SELECT resource, document FROM sync_runs"))
    assert (documents["orders"], documents["customers"]) == ("orders", "customers")


def test_a_resource_whose_scope_is_missing_fails_alone(installed: Installed) -> None:
    installed.dev("POST", "scopes", granted=["read_products", "read_orders", "read_all_orders", "read_customers"])
    assert installed.sync().failed == (Resource.INVENTORY,)
    assert installed.count("orders") == len(installed.store.orders)
    assert "access" in installed.one("SELECT error FROM sync_runs WHERE state = 'failed'").lower()


def test_the_register_tells_how_far_each_resource_is(installed: Installed) -> None:
    installed.sync()
    runs = installed.sql("SELECT resource, state, objects, lines, reason FROM sync_runs ORDER BY id")
    assert [run[0] for run in runs] == ["products", "inventory", "collections", "customers", "orders"]
    assert all(state == "done" and objects == lines > 0 for _, state, objects, lines, _ in runs)
    assert {run[4] for run in runs} == {"backfill"}


def test_web_processes_are_told_to_read_the_catalogue_again(installed: Installed) -> None:
    installed.sync()
    assert int(installed.wiring.redis.get(f"attune:{installed.shop.id}:catalog_epoch") or 0) >= 1


def test_the_first_import_happens_once_however_often_it_is_asked_for(installed: Installed) -> None:
    installed.sync()
    installed.sync()
    assert installed.count("sync_runs") == 5


def test_an_import_on_command_brings_the_store_again(installed: Installed) -> None:
    installed.sync()
    before = installed.state()
    request_sync(installed.shop, installed.wiring.syncing)
    installed.sync()
    assert installed.count("sync_runs") == 10
    assert installed.state() == before


def test_two_workers_do_not_import_at_the_same_time(installed: Installed) -> None:
    with installed.wiring.claims.hold(installed.shop.id, "sync", seconds=60) as taken:
        assert taken
        with pytest.raises(Busy):
            sync_store(installed.shop, installed.wiring.syncing)


def test_the_customer_who_was_erased_does_not_come_back(installed: Installed) -> None:
    order = next(o for o in installed.store.orders.values() if o.customer_id)
    installed.sql(
        "INSERT INTO tombstones (shop_id, customer_id, at) VALUES (%s, %s, now())", installed.shop.id, order.customer_id
    )
    installed.sync()
    assert installed.count(f"customers WHERE id = {order.customer_id}") == 0
    assert installed.sql("SELECT customer_id, contact, email_hash FROM orders WHERE id = %s", order.id) == [
        (None, None, None)
    ]


def test_an_empty_store_is_imported_as_an_empty_store(installed: Installed) -> None:
    for records in (installed.store.orders, installed.store.customers, installed.store.collections):
        records.clear()
    installed.store.products.clear()
    installed.store.variants.clear()
    outcome = installed.sync()
    assert (outcome.lines, outcome.failed) == (0, ())
    assert installed.count("sync_runs WHERE state = 'done'") == 5
