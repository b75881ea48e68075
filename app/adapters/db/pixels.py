"""The web pixel that Shopify was last told to load in a shop, as one of the shop's settings."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.ports import ConnectedPixel

NAME: Final = "pixel"
READ = text("SELECT value FROM settings WHERE name = :name")
PUT = text("""
    INSERT INTO settings (shop_id, name, value, updated_at)
    VALUES (:shop, :name, cast(:value AS jsonb), clock_timestamp())
    ON CONFLICT (shop_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
""")
DELETE = text("DELETE FROM settings WHERE name = :name")


class DbPixels:
    """Implements `app.ports.Pixels`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def connected(self, shop: ShopId) -> ConnectedPixel | None:
        with self._database.shop(shop) as session:
            row = session.execute(READ, {"name": NAME}).first()
        if row is None:
            return None
        at = row.value["installed_at"]
        return ConnectedPixel(row.value["id"], row.value["settings"], datetime.fromisoformat(at) if at else None)

    def record(self, shop: ShopId, pixel: ConnectedPixel) -> None:
        value = {"id": pixel.id, "settings": dict(pixel.settings), "installed_at": pixel.installed_at}
        with self._database.shop(shop) as session:
            session.execute(PUT, {"shop": shop, "name": NAME, "value": orjson.dumps(value).decode()})

    def forget(self, shop: ShopId) -> None:
        with self._database.shop(shop) as session:
            session.execute(DELETE, {"name": NAME})
