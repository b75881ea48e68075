"""Erasures that are killed, that name a guest, or that something older arrives after."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from app.core.ids import CustomerId
from app.core.shops import Shop
from app.ports import Delivery
from app.services.apply_change import apply_change
from app.services.erase_customer import erase_customer
from app.services.erase_shop import erase_shop
from app.services.process_webhook import Message, Outcome, process_webhook
from app.wiring.worker import Worker
from tests.platform.people import ADA, AT, BOB, EMAILS, GUEST_ORDER, Killed, rows


@pytest.mark.parametrize("kill_at", ["uninstalled", "database.deliveries", "database.variants"])
def test_a_shop_erasure_killed_after_any_step_is_finished_by_the_next_try(
    wiring: Worker, installed_shop: Shop, kill_at: str
) -> None:
    shop, process = installed_shop.id, wiring.webhook_processing

    def die(reached: str) -> None:
        if reached == kill_at:
            raise Killed

    def dying(message: Message) -> None:
        erase_shop(message.shop, request_id=message.webhook_id, ports=wiring.erasing_shop, checkpoint=die)

    wiring.installations.uninstall(shop, at=AT)
    wiring.inbox.receive(shop, Delivery("w-1", "shop/redact", "", AT, b"{}"), at=AT)
    with pytest.raises(Killed):
        process_webhook(shop, "w-1", replace(process, handlers={"shop/redact": dying}), claim_s=0)
    assert wiring.due_work.waits(shop, "webhook")
    assert process_webhook(shop, "w-1", process) is Outcome.DONE
    assert rows(wiring.database, installed_shop, "SELECT 1 FROM customers UNION ALL SELECT 1 FROM orders") == []
    assert rows(wiring.database, installed_shop, "SELECT finished_at IS NOT NULL FROM receipts") == [(True,)]


def redact(wiring: Worker, shop: Shop, customer: dict[str, Any], **more: Any) -> None:
    """Work off a ``customers/redact`` as Shopify words it."""
    payload = orjson.dumps({"shop_domain": shop.domain, "customer": customer, **more})
    wiring.inbox.receive(shop.id, Delivery("w-1", "customers/redact", "", AT, payload), at=wiring.clock.now())
    assert process_webhook(shop.id, "w-1", wiring.webhook_processing) is Outcome.DONE


@pytest.mark.parametrize("customer", [0, 77])
def test_a_guest_and_a_customer_who_is_deleted_already_are_found_by_their_email(
    wiring: Worker, installed_shop: Shop, customer: int
) -> None:
    redact(wiring, installed_shop, {"id": customer, "email": "ADA@example.com", "phone": None}, orders_to_redact=[])
    left = rows(wiring.database, installed_shop, "SELECT id FROM orders WHERE contact IS NOT NULL")
    assert left == [(BOB * 100,)]
    assert EMAILS[ADA] not in str(rows(wiring.database, installed_shop, "SELECT * FROM receipts"))


def test_a_late_webhook_or_export_of_an_erased_guests_order_brings_no_contact_back(
    wiring: Worker, installed_shop: Shop
) -> None:
    redact(wiring, installed_shop, {"id": None, "email": None, "phone": None}, orders_to_redact=[GUEST_ORDER])
    late = {
        **{"id": GUEST_ORDER, "name": "#1", "email": EMAILS[ADA], "currency": "EUR", "total_price": "5.00"},
        **{"total_discounts": "0.00", "created_at": "2026-10-01T12:00:00Z", "updated_at": "2026-10-02T12:00:00Z"},
        **{"customer": {"id": ADA}, "line_items": []},
    }
    apply_change(installed_shop.id, "orders/updated", late, triggered_at=None, store=wiring.store_records)
    found = "SELECT name, customer_id, contact, email_hash FROM orders WHERE id = 9000"
    assert rows(wiring.database, installed_shop, found) == [("#1", None, None, None)]


def test_what_waited_in_the_inbox_during_an_erasure_is_not_kept(wiring: Worker, installed_shop: Shop) -> None:
    shop, now = installed_shop.id, wiring.clock.now()
    for webhook_id in ("before", "after"):
        if webhook_id == "after":
            erase_customer(shop, CustomerId(ADA), request_id="w-1", ports=wiring.erasing_customer)
        at = now if webhook_id == "before" else wiring.clock.now() + timedelta(seconds=1)
        wiring.inbox.receive(shop, Delivery(webhook_id, "themes/publish", "", AT, b"{}"), at=at)
    for webhook_id in ("before", "after"):
        process_webhook(shop, webhook_id, wiring.webhook_processing)
    kept = rows(wiring.database, installed_shop, "SELECT webhook_id FROM deliveries WHERE payload IS NOT NULL")
    assert kept == [("after",)]
