"""Whose browsers nothing may be learnt from: those that stand behind orders of customers who opted out."""

from __future__ import annotations

from sqlalchemy import text

from app.adapters.db.browsers import browsers_behind
from app.adapters.db.engine import Database
from app.core.ids import ShopId

BROWSERS = text(
    browsers_behind("IN (SELECT o.id FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.opted_out)")
)


class DbObjectors:
    def __init__(self, database: Database) -> None:
        self._database = database

    def browsers(self, shop: ShopId) -> frozenset[str]:
        """Visitor and client ids, as far as they are known to belong to customers who opted out."""
        with self._database.shop(shop) as session:
            return frozenset(id for row in session.execute(BROWSERS) for id in row if id)
