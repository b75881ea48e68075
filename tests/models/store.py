"""A real devstore with a shop installed from it, and a history written by SQL: what the services of models run on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from app.adapters.redis.customers import orders_of
from app.core.ids import ShopDomain, gid
from app.core.recommend.past_orders import PastOrder, products_of
from app.core.shops import Shop
from app.ports import ConsentRecord
from app.wiring.worker import Worker
from devstore.store import Store

ROOT = Path(__file__).resolve().parents[2]
SHOP_DOMAIN = ShopDomain("hearth-and-fern.myshopify.com")


@dataclass
class Installed:
    """The app's side and the store's side of one installation. Orders are invented, the catalogue is the store's."""

    wiring: Worker
    shop: Shop
    store: Store
    env: dict[str, str]

    @property
    def products(self) -> list[int]:
        """The products that can be bought."""
        return [card.product_id for card in self.wiring.catalog.cards(self.shop.id) if card.buyable]

    def consent(self, *, granted: bool = True) -> None:
        decision = ConsentRecord(granted, "the owner", "2026-11", self.wiring.clock.now())
        self.wiring.consents.record(self.shop.id, decision)

    def execute(self, statement: str, rows: list[tuple[Any, ...]] | None = None) -> list[Any]:
        """Run SQL as the app, inside the shop."""
        with self.wiring.database.copy(self.shop.id) as connection:
            with connection.cursor() as cursor:
                if rows is None:
                    found = cursor.execute(statement)
                    answer = found.fetchall() if found.description else []
                else:
                    cursor.executemany(statement, rows)
                    answer = []
            connection.commit()
            return answer

    def sync_catalogue(self) -> None:
        """Copy the store's catalogue, as an import would."""
        shop = self.shop.id
        products = [
            (shop, p.id, p.handle, p.title, p.status, p.published_at is not None, p.is_gift_card)
            for p in self.store.products.values()
        ]
        self.execute(
            "INSERT INTO products (shop_id, id, handle, title, vendor, product_type, status, published, is_gift_card, "
            "image_url) VALUES (%s, %s, %s, %s, '', '', %s, %s, %s, '')",
            products,
        )
        variants = [
            (shop, v.id, v.product_id, v.price, v.quantity, v.tracked, v.oversell, v.position)
            for p in self.store.products.values()
            for v in p.variants
        ]
        self.execute(
            "INSERT INTO variants (shop_id, id, product_id, title, sku, price, quantity, tracked, oversell, position) "
            "VALUES (%s, %s, %s, '', '', %s, %s, %s, %s, %s)",
            variants,
        )

    def order(self, number: int, products: list[int], *, days_ago: float = 1.0, **columns: Any) -> None:
        """One order with one unit of each product; `columns` are the order's own, e.g. test=True."""
        self.orders([(number, products, days_ago)])
        for name, value in columns.items():
            self.execute(f"UPDATE orders SET {name} = %s WHERE id = %s", [(value, number)])

    def orders(self, rows: list[tuple[int, list[int], float]]) -> None:
        """Many orders: number, products, age in days."""
        shop, now = self.shop.id, self.wiring.clock.now()
        times = {number: now - timedelta(days=age) for number, _, age in rows}
        self.execute(
            "INSERT INTO orders (shop_id, id, name, currency, total, discounts, refunded, source_name, test, "
            "created_at, updated_at) VALUES (%s, %s, '', 'EUR', 0, 0, 0, 'web', false, %s, %s)",
            [(shop, number, times[number], times[number]) for number, _, _ in rows],
        )
        self.execute(
            "INSERT INTO order_lines (shop_id, id, order_id, product_id, quantity, current_quantity, unit_price, "
            "discount) VALUES (%s, %s, %s, %s, 1, 1, 100, 0)",
            [(shop, n * 100 + i, n, p) for n, products, _ in rows for i, p in enumerate(products)],
        )

    def planted_orders(self, *, orders: int = 1500, seed: int = 5) -> None:
        """Orders over 100 days in which neighbours in the catalogue are bought in pairs, more often than not."""
        generator = np.random.default_rng(seed)
        products = self.products
        rows = []
        for number in range(orders):
            first = int(generator.integers(len(products)))
            partner = min(first ^ 1, len(products) - 1)
            other = partner if generator.random() < 0.7 else int(generator.integers(len(products)))
            rows.append((number + 1, [products[i] for i in sorted({first, other})], 100 - 100 * number / orders))
        self.orders(rows)

    def expire_claims(self) -> None:
        """What time does to the claims of a killed worker."""
        self.execute("UPDATE claims SET until = clock_timestamp() - interval '1 second'")

    def metafields(self, product: int) -> dict[str, str]:
        """What of ours stands in the store at a product."""
        held = self.store.metafields(gid("Product", product))
        return {field.key: field.value for field in held.values() if field.namespace == self.store.app_namespace}

    def home(self) -> dict[str, Any] | None:
        """The home page's list in the store."""
        held = self.wiring.admin_apis.of(self.shop).run("home_list", {"namespace": "attune", "key": "home"})
        field = held["currentAppInstallation"]["metafield"]
        return None if field is None else dict(orjson.loads(field["value"]))

    def kept_customers(self) -> dict[int, list[int]]:
        """What the keyed store holds of each customer: the different products, those of the newest order first."""
        return {customer: [int(p) for p in products_of(own)] for customer, own in self.kept_orders().items()}

    def kept_orders(self) -> dict[int, tuple[PastOrder, ...]]:
        """What the keyed store holds of each customer, order by order."""
        redis = self.wiring.redis
        names = sorted(name.decode() for name in redis.scan_iter(f"attune:{self.shop.id}:customer:*"))
        kept = {name: orders_of(list(map(_bytes, redis.lrange(name, 0, -1)))) for name in names}
        return {int(name.rpartition(":")[2]): orders for name, orders in kept.items()}

    def tasteful_orders(self, *, people: int = 500, days: int = 200, seed: int = 6) -> None:
        """Customers with one of two tastes, who mostly order what is of their taste and new to them."""
        generator = np.random.default_rng(seed)
        products = self.products
        rows: list[tuple[int, list[int], float]] = []
        buyers: list[tuple[Any, ...]] = []
        for person in range(people):
            taste = generator.permutation([one for place, one in enumerate(products) if place % 2 == person % 2])
            for turn, age in enumerate(sorted(generator.uniform(0.1, days, size=4), reverse=True)):
                rows.append((len(rows) + 1, taste[2 * turn : 2 * turn + 2].tolist(), float(age)))
                buyers.append((9_000_000_000 + person, len(rows)))
        self.orders(rows)
        self.execute("UPDATE orders SET customer_id = %s WHERE id = %s", buyers)

    def state(self) -> dict[str, Any]:
        """All that a training, a publishing or a forgetting leaves behind, times aside."""
        cached = self.wiring.redis.hgetall(f"attune:{self.shop.id}:lists")
        return {
            "pointer": self.execute("SELECT version, previous FROM model_pointers"),
            "runs": self.execute(
                "SELECT version, state, strategy, orders, products, metrics, note FROM model_runs ORDER BY version"
            ),
            "artefacts": list(self.wiring.artefacts.versions(self.shop.id)),
            "published": self.execute("SELECT product_id, digest, error FROM published_lists ORDER BY product_id"),
            "cached": dict(sorted(cached.items())),
            "metafields": {product: self.metafields(product) for product in self.store.products},
            "home": self.home(),
            "customers": self.kept_customers(),
            "due": self.execute("SELECT kind, id FROM due_work WHERE kind IN ('publish_lists', 'forget_models')"),
            "claims": self.execute("SELECT name FROM claims"),
        }


def _bytes(element: bytes | str) -> bytes:
    return element if isinstance(element, bytes) else element.encode()


def days_since_epoch(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() // 86400)
