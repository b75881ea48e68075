"""A secret of which a shop has one: sealed, shown to the merchant, and made anew when they want it to end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import text

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.core.ids import ShopId


class ShopSecrets:
    """The secrets of one kind.

    Args:
        table: has the columns shop_id, secret and made_at, and is known to `app.adapters.db.resealing`.
        make: a new secret for a shop.
    """

    def __init__(self, database: Database, sealer: Sealer, *, table: str, make: Callable[[ShopId], str]) -> None:
        self._database, self._sealer, self._make = database, sealer, make
        self._column = f"{table}.secret"
        self._read = text(f"SELECT secret, made_at FROM {table}")
        self._put = text(f"""
            INSERT INTO {table} (shop_id, secret, made_at) VALUES (:shop, :secret, :at)
            ON CONFLICT (shop_id) DO UPDATE SET secret = excluded.secret, made_at = excluded.made_at
        """)

    def secret(self, shop: ShopId) -> bytes | None:
        """None where none was made."""
        with self._database.shop(shop) as session:
            row = session.execute(self._read).first()
        return self._sealer.open(shop, self._column, row.secret) if row and row.secret else None

    def made_at(self, shop: ShopId) -> datetime | None:
        with self._database.shop(shop) as session:
            row = session.execute(self._read).first()
        return row.made_at if row else None

    def renew(self, shop: ShopId, *, at: datetime) -> str:
        """Make a new one; the old one ends at once."""
        made = self._make(shop)
        with self._database.shop(shop) as session:
            box = self._sealer.seal(shop, self._column, made.encode())
            session.execute(self._put, {"shop": shop, "secret": box, "at": at})
        return made
