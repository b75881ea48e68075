"""Rows of a catalogue, written as a worker would: the commit first, then the counter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg

from app.adapters.db.engine import Database
from app.adapters.redis import keys
from app.core.ids import ShopId
from app.core.recommend.scoring import ItemModel
from app.ports import ModelRecord
from app.wiring.web import Web


@contextmanager
def rows_of(database: Database, shop: ShopId) -> Iterator[psycopg.Connection]:
    """A connection that is the shop's over as many transactions as a test wants."""
    with psycopg.connect(database.url) as connection:
        connection.execute("SELECT set_config('app.shop', %s, false)", [str(shop)])
        connection.commit()
        yield connection


PRODUCT = {
    "vendor": "",
    "product_type": "",
    "status": "ACTIVE",
    "published": True,
    "is_gift_card": False,
    "deleted_at": None,
    "image_url": "https://cdn.example.com/1.jpg",
}
VARIANT = {"title": "", "sku": "", "price": 1000, "quantity": 5, "tracked": True, "oversell": False, "position": 1}


def add_product(
    connection: psycopg.Connection,
    shop: ShopId,
    product: int,
    variants: list[dict[str, Any]] | None = None,
    **facts: Any,
) -> None:
    """A product with two buyable variants unless told otherwise; variant ids are product * 100 + position."""
    row = {"title": f"Product {product}", "handle": f"product-{product}", **PRODUCT, **facts}
    _insert(connection, "products", {"shop_id": shop, "id": product, **row})
    for place, variant in enumerate([{}, {}] if variants is None else variants, start=1):
        values = {**VARIANT, "position": place, **variant}
        _insert(connection, "variants", {"shop_id": shop, "id": product * 100 + place, "product_id": product, **values})


def set_stock(connection: psycopg.Connection, product: int, quantity: int) -> None:
    """What the worker does for an inventory webhook, short of telling the web."""
    connection.execute("UPDATE variants SET quantity = %s WHERE product_id = %s", [quantity, product])
    connection.execute("UPDATE products SET changed_at = now() WHERE id = %s", [product])
    connection.commit()


def publish(wiring: Web, shop: ShopId, model: ItemModel) -> None:
    """Write the artefact, move the pointer, tell the web."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    wiring.artefacts.write(shop, model.version, model.arrays(), model.meta())
    wiring.models.record(shop, ModelRecord(model.version, "training", model.strategy, at, 100, 10, {}, ""))
    wiring.models.publish(shop, model.version, at=at)
    wiring.redis.incr(keys.model(shop))


def _insert(connection: psycopg.Connection, table: str, values: dict[str, Any]) -> None:
    names = ", ".join(values)
    places = ", ".join(["%s"] * len(values))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(values.values()))
