"""What each customer bought last, for the keyed store beside the hot path. Customers stay numbers here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.adapters.db.history import USABLE
from app.core.ids import CustomerId, ProductId, ShopId

NEWEST = text(f"""
    SELECT customer_id, (array_agg(product_id ORDER BY bought_at DESC, product_id))[1:cast(:most AS int)] AS products
    FROM (SELECT o.customer_id, l.product_id, max(o.created_at) AS bought_at
          FROM orders o JOIN order_lines l ON l.shop_id = o.shop_id AND l.order_id = o.id
          WHERE o.created_at >= :since AND o.customer_id IS NOT NULL AND {USABLE}
            AND l.product_id IS NOT NULL AND l.current_quantity > 0
          GROUP BY 1, 2) bought
    GROUP BY 1
""")
BARRED = text("SELECT id FROM customers WHERE opted_out UNION SELECT customer_id FROM tombstones")
BATCH = 1000


class DbCustomerHistory:
    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, shop: ShopId, *, since: datetime, most: int) -> Iterator[tuple[CustomerId, Sequence[ProductId]]]:
        """Every customer's distinct products, newest first, at most so many; read a batch at a time."""
        with self._database.shop(shop) as session:
            rows = session.execute(NEWEST, {"since": since, "most": most}, execution_options={"yield_per": BATCH})
            for row in rows:
                yield CustomerId(row.customer_id), [ProductId(number) for number in row.products]

    def barred(self, shop: ShopId) -> Sequence[CustomerId]:
        """Those of whom nothing may be kept: they object or are erased."""
        with self._database.shop(shop) as session:
            return [CustomerId(number) for number in session.execute(BARRED).scalars()]
