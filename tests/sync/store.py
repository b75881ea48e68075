"""One installation as the tests of the store's data see it: the app, the store, and the webhooks between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

import httpx
import orjson

from app.core.ids import ShopDomain
from app.core.shops import Shop
from app.core.syncs import Reason, Resource
from app.services.apply_change import TOPICS, apply_change
from app.services.sync_store import Outcome, sync_store
from app.wiring.worker import Worker
from devstore.store import Store

ROOT = Path(__file__).resolve().parents[2]
SHOP_DOMAIN = ShopDomain("hearth-and-fern.myshopify.com")
TABLES = {
    "products": "id, handle, title, vendor, product_type, tags, status, published, is_gift_card, image_url, deleted_at",
    "variants": "id, product_id, title, sku, price, inventory_item_id, quantity, tracked, oversell, position",
    "collections": "id, handle, title, updated_at",
    "collection_products": "collection_id, product_id",
    "inventory_levels": "inventory_item_id, location_id, available",
    "customers": "id, email_hash, orders_count, amount_spent, email_marketing, opted_out, tags, updated_at",
    "orders": "id, name, customer_id, email_hash, currency, total, discounts, refunded, discount_codes, source_name, "
    "test, created_at, updated_at, cancelled_at",
    "order_lines": "id, order_id, product_id, variant_id, quantity, current_quantity, unit_price, discount, "
    "request_id, position",
    "refunds": "id, order_id, amount, created_at",
}
"""What an import must leave behind, whatever happened on the way; dates of our own and boxes aside."""


@dataclass(frozen=True)
class Webhook:
    topic: str
    payload: dict[str, Any]
    triggered_at: datetime


class Sink:
    """Takes webhooks in and keeps them in the order of their arrival."""

    def __init__(self) -> None:
        self.received: list[Webhook] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                at = datetime.fromisoformat(self.headers["X-Shopify-Triggered-At"])
                received.append(Webhook(self.headers["X-Shopify-Topic"], orjson.loads(body), at))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Installed:
    wiring: Worker
    shop: Shop
    store: Store
    origin: str
    env: dict[str, str]
    sink: Sink

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Run SQL as the app, inside the shop."""
        with self.wiring.database.copy(self.shop.id) as connection:
            found = connection.execute(statement, values)
            rows = found.fetchall() if found.description else []
            connection.commit()
            return rows

    def one(self, statement: str, *values: Any) -> Any:
        """The only value of the only row; None without a row."""
        rows = self.sql(statement, *values)
        return rows[0][0] if rows else None

    def count(self, table: str) -> int:
        return int(self.one(f"SELECT count(*) FROM {table}"))

    def state(self) -> dict[str, list[Any]]:
        """The whole content of the shop's data tables."""
        return {table: self.sql(f"SELECT {columns} FROM {table} ORDER BY 1, 2") for table, columns in TABLES.items()}

    def problems(self) -> list[tuple[str, int, str]]:
        return self.sql(
            "SELECT r.resource, p.line, p.reason FROM sync_problems p JOIN sync_runs r ON r.id = p.run_id ORDER BY 1, 2"
        )

    def sync(self, *resources: Resource) -> Outcome:
        """Import everything, or just these resources."""
        if resources:
            self.wiring.sync_runs.request(self.shop.id, resources, Reason.COMMAND, at=self.wiring.clock.now())
        return sync_store(self.shop, self.wiring.syncing)

    def dev(self, method: str, path: str, **body: Any) -> Any:
        """Change the store as its owner or a shopper would."""
        answer = httpx.request(method, f"{self.origin}/_dev/{path}", json=body or None)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def webhooks(self) -> list[Webhook]:
        """What has come since the last call, once everything that is on its way has arrived."""
        self.dev("POST", "webhooks/flush")
        taken = list(self.sink.received)
        del self.sink.received[: len(taken)]
        return taken

    def apply(self, webhooks: list[Webhook] | None = None) -> None:
        """Apply these webhooks, or those that have come."""
        for webhook in self.webhooks() if webhooks is None else webhooks:
            if webhook.topic in TOPICS:
                apply_change(
                    self.shop.id,
                    webhook.topic,
                    webhook.payload,
                    triggered_at=webhook.triggered_at,
                    store=self.wiring.store_records,
                )

    def expire_claims(self) -> None:
        """What time does to the claims of a killed worker."""
        self.sql("UPDATE claims SET until = clock_timestamp() - interval '1 second'")
