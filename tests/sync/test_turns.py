"""Webhooks of one sale, worked off at the same time by several workers, neither block each other nor lose anything."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from app.core.records import StockRecord
from tests.sync.store import Installed
from tests.sync.test_webhooks import first_product, place_order


def test_webhooks_applied_at_the_same_time_end_as_one_after_the_other(installed: Installed) -> None:
    installed.sync()
    installed.webhooks()
    product = first_product(installed)
    orders = [place_order(installed) for _ in range(1)]
    line = orders[0]["line_items"][0]["id"]
    installed.dev("POST", "refunds", order_id=orders[0]["id"], lines=[{"line_id": line, "quantity": 1}])
    for number in range(6):
        installed.dev("PATCH", f"products/{product.id}", title=f"Title {number}")
        installed.dev("POST", "inventory", variant_id=product.variants[0].id, quantity=20 + number)
    webhooks = installed.webhooks()
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda webhook: installed.apply([webhook]), webhooks))
    assert installed.one("SELECT title FROM products WHERE id = %s", product.id) == "Title 5"
    assert installed.one("SELECT quantity FROM variants WHERE id = %s", product.variants[0].id) == 25
    assert installed.one("SELECT current_quantity FROM order_lines WHERE id = %s", line) == 1


def test_records_of_several_kinds_are_written_together(installed: Installed) -> None:
    installed.sync()
    items = [v.inventory_item_id for v in installed.store.variants.values()][:3]
    records = [StockRecord(item, 77, 5, None) for item in items]
    installed.wiring.store_records.apply(installed.shop.id, records, triggered_at=None)
    assert installed.count("inventory_levels WHERE location_id = 77 AND available = 5") == 3
