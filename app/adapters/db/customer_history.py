"""What each customer bought last, for the keyed store beside the hot path. Customers stay numbers here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, text

from app.adapters.db.engine import Database
from app.adapters.db.history import USABLE
from app.core.ids import CustomerId, ProductId, ShopId
from app.core.recommend.past_orders import MOST_ORDERS, PastOrder, newest_of

ORDERS = f"""
    SELECT o.customer_id, floor(extract(epoch FROM o.created_at) / 86400)::int AS day,
           array_agg(DISTINCT l.product_id ORDER BY l.product_id) AS products,
           row_number() OVER (PARTITION BY o.customer_id ORDER BY o.created_at DESC, o.id DESC) AS place
    FROM orders o JOIN order_lines l ON l.shop_id = o.shop_id AND l.order_id = o.id
    WHERE {USABLE} AND l.product_id IS NOT NULL AND l.current_quantity > 0 AND {{whose}}
    GROUP BY o.customer_id, o.id, o.created_at
"""
"""The orders that may be used, each with its place among those of its customer, the newest first."""
NEWEST = text(f"""
    SELECT customer_id, day, products
    FROM ({ORDERS.format(whose="o.customer_id IS NOT NULL AND o.created_at >= :since")}) bought
    WHERE place <= :most ORDER BY customer_id, place
""")
OWN = text(f"""
    SELECT day, products FROM ({ORDERS.format(whose="o.customer_id = :customer")}) bought
    WHERE place <= :most ORDER BY place
""")
BARRED = text("""
    SELECT id FROM customers WHERE opted_out UNION SELECT customer_id FROM tombstones
    UNION SELECT who::bigint FROM shopper_preferences WHERE kind = 'customer' AND personalise IS false
""")
BATCH = 1000


class DbCustomerHistory:
    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, shop: ShopId, *, since: datetime) -> Iterator[tuple[CustomerId, Sequence[PastOrder]]]:
        """Every customer's last orders, newest first, as many as are kept; read a batch at a time."""
        with self._database.shop(shop) as session:
            given = {"since": since, "most": MOST_ORDERS}
            rows = session.execute(NEWEST, given, execution_options={"yield_per": BATCH})
            for customer, orders in groupby(rows, attrgetter("customer_id")):
                yield CustomerId(customer), newest_of(map(_order, orders))

    def of(self, shop: ShopId, customer: CustomerId) -> Sequence[PastOrder]:
        """One customer's last orders, as `newest` gives them; empty when nothing may be used."""
        with self._database.shop(shop) as session:
            return newest_of(map(_order, session.execute(OWN, {"customer": customer, "most": MOST_ORDERS})))

    def barred(self, shop: ShopId) -> Sequence[CustomerId]:
        """Those of whom nothing may be kept: they object or are erased."""
        with self._database.shop(shop) as session:
            return [CustomerId(number) for number in session.execute(BARRED).scalars()]


def _order(row: Row[Any]) -> PastOrder:
    return PastOrder(row.day, tuple(map(ProductId, row.products)))
