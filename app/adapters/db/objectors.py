"""Whose browsers nothing may be learnt from: those behind orders of customers who opted out, and those who say so."""

from __future__ import annotations

from sqlalchemy import text

from app.adapters.db.browsers import browsers_behind
from app.adapters.db.engine import Database
from app.core.ids import ShopId

BROWSERS = text(
    browsers_behind(
        "IN (SELECT o.id FROM orders o WHERE o.customer_id IN (SELECT id FROM customers WHERE opted_out "
        "UNION ALL SELECT who::bigint FROM shopper_preferences WHERE kind = 'customer' AND personalise IS false))"
    )
)
ANY_REFUSES = text(
    "SELECT EXISTS (SELECT FROM shopper_preferences WHERE kind IN ('visitor', 'client') AND personalise IS false)"
)
REFUSING = text("""
    SELECT known.id FROM (
        SELECT 'visitor' AS kind, visitor AS id FROM visitor_clients UNION SELECT 'client', client FROM visitor_clients
        UNION SELECT 'visitor', visitor FROM decisions WHERE visitor IS NOT NULL
    ) known
    JOIN shopper_preferences p ON p.kind = known.kind AND p.personalise IS false
     AND p.who = encode(sha256(convert_to(known.kind || ':' || known.id, 'UTF8')), 'hex')
""")
"""Settings know browsers by digests, so those that are known otherwise are hashed and compared."""


class DbObjectors:
    def __init__(self, database: Database) -> None:
        self._database = database

    def browsers(self, shop: ShopId) -> frozenset[str]:
        """Visitor and client ids of those who switched it off, or who are known to belong to customers who objected."""
        with self._database.shop(shop) as session:
            found = {id for row in session.execute(BROWSERS) for id in row if id}
            if session.execute(ANY_REFUSES).scalar_one():
                found |= set(session.execute(REFUSING).scalars())
            return frozenset(found)
