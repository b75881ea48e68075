"""What happened in a shop since its last training: newest orders and products, read in one bounded query each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
from sqlalchemy import text

from app.adapters.db.engine import Database
from app.adapters.db.history import USABLE
from app.core.ids import CustomerId, OrderId, ProductId, ShopId
from app.core.recommend.interactions import Baskets, baskets_of

DAY = "floor(extract(epoch FROM o.created_at) / 86400)::int"
ORDERS = text(f"""
    SELECT newest.number, l.product_id, newest.day
    FROM (SELECT o.shop_id, o.id, {DAY} AS day, row_number() OVER (ORDER BY o.created_at, o.id) AS number
          FROM (SELECT * FROM orders o WHERE o.created_at >= :since AND {USABLE}
                ORDER BY o.created_at DESC, o.id DESC LIMIT :most) o) newest
    JOIN order_lines l ON l.shop_id = newest.shop_id AND l.order_id = newest.id
    WHERE l.product_id IS NOT NULL AND l.current_quantity > 0
    ORDER BY newest.number
""")
BUYERS = text("""
    SELECT DISTINCT customer_id FROM orders WHERE id = ANY(:orders) AND customer_id IS NOT NULL
    EXCEPT SELECT id FROM customers WHERE opted_out
    EXCEPT SELECT customer_id FROM tombstones
""")
NEWCOMERS = text("""
    SELECT id FROM products
    WHERE created_at >= :since AND deleted_at IS NULL AND published AND upper(status) = 'ACTIVE' AND NOT is_gift_card
    ORDER BY created_at DESC, id DESC LIMIT :most
""")
PRICES = text("SELECT product_id, min(price) AS price FROM variants WHERE price > 0 GROUP BY 1")
ORDER_DAYS = text(f"SELECT {DAY} AS day FROM orders o WHERE o.created_at >= :since AND {USABLE}")
ROW = np.dtype([("order", np.int64), ("product", np.int64), ("day", np.int32)])
BATCH = 5000


class DbNewsOfShop:
    """Implements `app.ports.NewsOfShop`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def orders(self, shop: ShopId, *, since: datetime, most: int) -> Baskets:
        """The orders made at `since` or later, the newest ones if there are more."""
        with self._database.shop(shop) as session:
            rows = session.execute(ORDERS, {"since": since, "most": most}, execution_options={"yield_per": BATCH})
            found = np.fromiter((tuple(row) for row in rows), dtype=ROW)
        return baskets_of(found["order"], found["product"], found["day"])

    def buyers(self, shop: ShopId, orders: Collection[OrderId]) -> Sequence[CustomerId]:
        """Who made these orders; not those who object."""
        with self._database.shop(shop) as session:
            found = session.execute(BUYERS, {"orders": list(orders)}).scalars()
            return sorted(CustomerId(number) for number in found)

    def newcomers(self, shop: ShopId, *, since: datetime, most: int) -> Sequence[ProductId]:
        """Published products that were created at `since` or later, the newest first."""
        with self._database.shop(shop) as session:
            return [ProductId(id) for id in session.execute(NEWCOMERS, {"since": since, "most": most}).scalars()]

    def prices(self, shop: ShopId) -> Mapping[ProductId, float]:
        """The lowest price above 0 of each product, in minor units."""
        with self._database.shop(shop) as session:
            return {ProductId(row.product_id): float(row.price) for row in session.execute(PRICES)}

    def order_days(self, shop: ShopId, *, since: datetime) -> npt.NDArray[np.int64]:
        """The day of every order that counts, days since 1970-01-01."""
        with self._database.shop(shop) as session:
            rows = session.execute(ORDER_DAYS, {"since": since}, execution_options={"yield_per": BATCH})
            return np.fromiter((row.day for row in rows), dtype=np.int64)
