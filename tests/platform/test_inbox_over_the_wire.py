"""Webhooks as they really come: twice, late, swapped, to an app that was away, and with payloads that name people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from app.core.shops import Shop
from app.wiring.worker import Worker
from tests.devstore_fixture import DevStore


def deliveries(wiring: Worker, shop: Shop) -> list[Any]:
    with wiring.database.shop(shop.id) as session:
        query = "SELECT webhook_id, topic, state, attempts, error FROM deliveries ORDER BY received_at"
        return list(session.execute(text(query)))


def product_of(devstore: DevStore) -> int:
    return int(devstore.post("products", title="Lamp", price=1990)["id"])


@pytest.mark.parametrize("mode", ["twice", "late", "swap"])
def test_every_delivery_is_stored_and_worked_off_once(
    installed_shop: Shop, worker_wiring: Worker, devstore: DevStore, work: Callable[[], None], mode: str
) -> None:
    work()
    product = product_of(devstore)
    devstore.post("faults", webhooks={"mode": mode, "count": 2, "topics": ["products/update"], "delay_s": 0.2})
    for title in ("Lamp 1", "Lamp 2"):
        devstore.patch(f"products/{product}", title=title)
    devstore.flush()
    work()
    found = deliveries(worker_wiring, installed_shop)
    assert {row.webhook_id for row in found} == {entry["webhook_id"] for entry in devstore.get("webhooks")}
    assert {(row.state, row.attempts) for row in found} == {("done", 1)}, found
    with worker_wiring.database.shop(installed_shop.id) as session:
        title = session.execute(text("SELECT title FROM products WHERE id = :id"), {"id": product}).scalar_one()
    assert title == "Lamp 2"


@pytest.mark.parametrize("mode", ["late", "swap"])
def test_scopes_end_as_they_were_granted_last_whichever_webhook_comes_last(
    installed_shop: Shop, worker_wiring: Worker, devstore: DevStore, work: Callable[[], None], mode: str
) -> None:
    work()
    devstore.post("faults", webhooks={"mode": mode, "topics": ["app/scopes_update"], "delay_s": 0.5})
    for granted in (["read_products"], ["read_products", "read_orders"]):
        devstore.post("scopes", granted=granted)
    devstore.flush()
    with worker_wiring.database.shop(installed_shop.id) as session:
        order = "SELECT webhook_id FROM deliveries WHERE topic = 'app/scopes_update' ORDER BY"
        came = session.execute(text(f"{order} received_at")).scalars().all()
        assert came == session.execute(text(f"{order} triggered_at DESC")).scalars().all()
        assert len(came) == 2
    work()
    stored = worker_wiring.credentials.load(installed_shop.id)
    assert stored is not None
    assert set(stored.pair.scopes.split(",")) == {"read_products", "read_orders"}


def test_every_topic_that_the_app_subscribes_to_is_understood(
    installed_shop: Shop, worker_wiring: Worker, devstore: DevStore, work: Callable[[], None]
) -> None:
    work()
    product = product_of(devstore)
    devstore.patch(f"products/{product}", title="Lamp 2")
    customer = devstore.post("customers", email="eve@example.com", first_name="Eve")["id"]
    devstore.patch(f"customers/{customer}", tags=["x"])
    devstore.delete(f"products/{product}")
    devstore.delete(f"customers/{customer}")
    devstore.post("scopes", granted=["read_products"])
    devstore.flush()
    work()
    found = deliveries(worker_wiring, installed_shop)
    assert {row.topic for row in found} >= {"products/create", "products/delete", "customers/delete"}
    assert {row.state for row in found} == {"done"}, found
