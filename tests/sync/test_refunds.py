"""The lines of refunds come after the import, however many refunds an order has, and whatever interrupts them."""

from __future__ import annotations

from typing import Any

import pytest

from app import jobs
from app.errors import Permanent, Retryable
from app.services.fetch_refunds import ask_for_refunds, fetch_refunds
from tests.sync.store import Installed

MANY = 12


@pytest.fixture
def refunded(installed: Installed) -> tuple[Installed, int]:
    """Imported, with an order whose units came back one by one; only the amounts are known."""
    installed.dev("POST", "faults", webhooks={"mode": "lose", "count": 1000})
    sold = next(p for p in installed.store.products.values() if p.status == "ACTIVE").variants[0]
    installed.dev("POST", "inventory", variant_id=sold.id, quantity=MANY + 5)
    order: Any = installed.dev("POST", "orders", lines=[{"variant_id": sold.id, "quantity": MANY + 2}])
    for _ in range(MANY):
        line = order["line_items"][0]["id"]
        installed.dev("POST", "refunds", order_id=order["id"], lines=[{"line_id": line, "quantity": 1}])
    installed.sync()
    return installed, int(order["id"])


def due(shop: Installed) -> list[str]:
    return list(shop.wiring.due_work.waiting(shop.shop.id, jobs.REFUNDS_DUE))


def test_all_refunds_of_an_order_get_their_lines(refunded: tuple[Installed, int]) -> None:
    shop, order = refunded
    lines = f"refund_lines l JOIN refunds r ON r.id = l.refund_id WHERE r.order_id = {order}"
    assert shop.count(f"refunds WHERE order_id = {order}") == MANY
    assert shop.count(lines) == 0
    fetch_refunds(shop.shop, shop.wiring.refund_fetching)
    assert shop.count(lines) == MANY
    assert shop.one(f"SELECT sum(current_quantity) FROM order_lines WHERE order_id = {order}") == 2
    assert shop.count("refunds WHERE NOT lines_known") == 0


def test_what_could_not_be_fetched_stays_due_and_is_fetched_then(refunded: tuple[Installed, int]) -> None:
    shop, _ = refunded
    ask_for_refunds(shop.shop.id, shop.wiring.due_work, shop.wiring.jobs)
    shop.dev("POST", "faults", admin={"mode": "error", "count": 50, "status": 503})
    with pytest.raises(Retryable):
        fetch_refunds(shop.shop, shop.wiring.refund_fetching)
    assert due(shop) == [""]
    shop.dev("DELETE", "faults")
    fetch_refunds(shop.shop, shop.wiring.refund_fetching)
    assert shop.count("refunds WHERE NOT lines_known") == 0
    assert due(shop) == []


def test_without_a_token_the_lines_wait_for_an_hour(refunded: tuple[Installed, int]) -> None:
    shop, _ = refunded
    ask_for_refunds(shop.shop.id, shop.wiring.due_work, shop.wiring.jobs)
    shop.sql("DELETE FROM credentials")
    with pytest.raises(Permanent):
        fetch_refunds(shop.shop, shop.wiring.refund_fetching)
    waits_s = "SELECT extract(epoch FROM due_at - clock_timestamp()) FROM due_work WHERE kind = 'refunds'"
    assert shop.one(waits_s) > 3000
