"""Shops and their profile rows: how a domain becomes a shop, and what Shopify says about it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Row, text

from app.adapters.db.engine import Database
from app.core.ids import ShopDomain, ShopId
from app.core.shops import Shop, ShopState

COLUMNS = "id, domain, state"


class DbShops:
    """The ``shops`` table, which is not under row-level security."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_domain(self, domain: ShopDomain) -> Shop | None:
        return self._one("domain = :value", domain)

    def by_id(self, shop: ShopId) -> Shop | None:
        return self._one("id = :value", shop)

    def installed(self) -> Sequence[Shop]:
        with self._database.open() as connection:
            rows = connection.execute(text(f"SELECT {COLUMNS} FROM shops WHERE state = 'installed' ORDER BY id"))
            return [_shop(row) for row in rows]

    def all(self) -> Sequence[Shop]:
        """Every shop that was ever here, also those that have left."""
        with self._database.open() as connection:
            return [_shop(row) for row in connection.execute(text(f"SELECT {COLUMNS} FROM shops ORDER BY id"))]

    def put(self, domain: ShopDomain, state: ShopState) -> Shop:
        """Create the shop or change its state; returns it."""
        with self._database.open() as connection:
            return put_shop(connection, domain, state)

    def _one(self, condition: str, value: str | int) -> Shop | None:
        with self._database.open() as connection:
            row = connection.execute(text(f"SELECT {COLUMNS} FROM shops WHERE {condition}"), {"value": value}).first()
            return _shop(row) if row else None


def put_shop(connection: Connection, domain: ShopDomain, state: ShopState) -> Shop:
    """Create the shop or change its state inside the caller's transaction."""
    row = connection.execute(
        text(
            f"INSERT INTO shops (domain, state) VALUES (:domain, :state) "
            f"ON CONFLICT (domain) DO UPDATE SET state = excluded.state RETURNING {COLUMNS}"
        ),
        {"domain": domain, "state": state},
    ).one()
    return _shop(row)


def _shop(row: Row[tuple[int, str, str]]) -> Shop:
    return Shop(ShopId(row.id), ShopDomain(row.domain), ShopState(row.state))
