"""Revenue of products that were bought after a click on them: which answer, which product, how much is left of it.

The line property of a click names the answer, so that the money stands with the very card that was clicked. What counts
is what the report counts (`app.adapters.db.reports`): net of refunded and removed units, no test and cancelled orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.ids import ShopId

AFTER_CLICKS = text("""
    SELECT l.request_id, l.product_id,
           sum(round((l.unit_price * l.quantity - l.discount) * l.current_quantity::numeric / nullif(l.quantity, 0)))
               ::bigint AS net
    FROM orders o JOIN order_lines l ON l.order_id = o.id
    WHERE l.request_id IS NOT NULL AND l.product_id IS NOT NULL AND o.created_at >= :since
      AND o.cancelled_at IS NULL AND NOT o.test AND o.currency = (SELECT currency FROM shop_profiles)
    GROUP BY 1, 2
""")


class DbClickedRevenue:
    """Implements `app.ports.ClickedRevenue`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def after_clicks(self, shop: ShopId, *, since: datetime) -> Mapping[tuple[str, int], int]:
        """Minor units by request and product, of orders placed since then; in the shop's currency only."""
        with self._database.shop(shop) as session:
            rows = session.execute(AFTER_CLICKS, {"since": since})
            return {(row.request_id, row.product_id): int(row.net or 0) for row in rows}
