"""How products do lately: how often new ones were in view, and how many units of each are sold in a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.adapters.db.history import USABLE
from app.adapters.db.product_facts import LEAST_DAYS, SALES
from app.core.ids import ProductId, ShopId

SALES_DAYS = SALES.days
IMPRESSIONS = text(
    "SELECT product_id, sum(count)::bigint AS seen FROM product_impressions WHERE day >= :since GROUP BY 1"
)
SOLD = text(f"""
    SELECT sold.product_id, sold.units / greatest({LEAST_DAYS}, least({SALES_DAYS},
               coalesce(extract(epoch FROM :until - p.created_at) / 86400, {SALES_DAYS}))) AS per_day
    FROM products p JOIN (
        SELECT l.product_id, sum(l.current_quantity) AS units
        FROM orders o JOIN order_lines l ON l.shop_id = o.shop_id AND l.order_id = o.id
        WHERE o.created_at >= :since AND o.created_at < :until AND {USABLE} GROUP BY 1
    ) sold ON sold.product_id = p.id WHERE sold.units > 0
""")


class DbProductPulse:
    """Implements `app.ports.ProductPulse`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def impressions(self, shop: ShopId, *, since: date) -> Mapping[ProductId, int]:
        with self._database.shop(shop) as session:
            return {ProductId(row.product_id): row.seen for row in session.execute(IMPRESSIONS, {"since": since})}

    def sold_per_day(self, shop: ShopId, *, now: datetime) -> Mapping[ProductId, float]:
        """Of the last eight weeks; a product younger than that by its own age, a week at least."""
        with self._database.shop(shop) as session:
            rows = session.execute(SOLD, {"since": now - SALES, "until": now})
            return {ProductId(row.product_id): float(row.per_day) for row in rows}
