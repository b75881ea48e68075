"""Whose browsers nothing may be learnt from: those that stand behind orders of customers who opted out."""

from __future__ import annotations

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.ids import ShopId

BROWSERS = text("""
    WITH direct AS (
        SELECT v.visitor, v.client FROM customers c JOIN orders o ON o.customer_id = c.id
        JOIN visitor_orders v ON v.order_id = o.id WHERE c.opted_out
    ), known AS (
        SELECT visitor, client FROM direct
        UNION
        SELECT p.visitor, p.client FROM direct d
        JOIN visitor_clients p ON p.visitor = d.visitor OR p.client = d.client
    )
    SELECT visitor FROM known WHERE visitor <> '' UNION SELECT client FROM known WHERE client <> ''
""")


class DbObjectors:
    def __init__(self, database: Database) -> None:
        self._database = database

    def browsers(self, shop: ShopId) -> frozenset[str]:
        """Visitor and client ids, as far as they are known to belong to customers who opted out."""
        with self._database.shop(shop) as session:
            return frozenset(session.execute(BROWSERS).scalars())
