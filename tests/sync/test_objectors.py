"""An objection outlives the customer's row: whoever opted out and is then deleted in the store is not learnt from."""

from __future__ import annotations

import pytest

from app.services.apply_change import apply_change
from app.services.reconcile_store import reconcile_store
from tests.sync.store import Installed


@pytest.fixture
def synced(installed: Installed) -> Installed:
    installed.sync()
    installed.dev("POST", "clock", advance_s=3600)
    return installed


def buyer_who_objects(shop: Installed) -> int:
    """A customer with orders, opted out here as the last import would have it."""
    number = int(shop.one("SELECT customer_id FROM orders WHERE customer_id IS NOT NULL ORDER BY id LIMIT 1"))
    shop.sql("UPDATE customers SET opted_out = true WHERE id = %s", number)
    return number


def still_learnt_from(shop: Installed, customer: int) -> int:
    return int(shop.one("SELECT count(*) FROM orders WHERE customer_id = %s AND NOT erased", customer))


def test_a_deletion_by_webhook_keeps_the_objection(synced: Installed) -> None:
    customer = buyer_who_objects(synced)
    assert still_learnt_from(synced, customer) > 0
    now = synced.wiring.clock.now()
    apply_change(
        synced.shop.id, "customers/delete", {"id": customer}, triggered_at=now, store=synced.wiring.store_records
    )
    assert synced.count(f"customers WHERE id = {customer}") == 0
    assert still_learnt_from(synced, customer) == 0


def test_a_deletion_found_at_night_keeps_the_objection(synced: Installed) -> None:
    customer = buyer_who_objects(synced)
    del synced.store.customers[customer]  # As after a merge in Shopify: the store's own door refuses buyers.
    synced.dev("POST", "clock", advance_s=3600)
    assert reconcile_store(synced.shop, synced.wiring.syncing).failed == ()
    assert synced.count(f"customers WHERE id = {customer}") == 0
    assert still_learnt_from(synced, customer) == 0
