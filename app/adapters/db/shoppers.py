"""Who was active lately, and what a customer bought, for the admin's preview and the command line.

Both lists read the newest rows by index and no more, however long the history is. A customer of whom nothing may be
learnt (`app.adapters.db.history` says who) is nobody here either.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from app.adapters.db.customer_history import DbCustomerHistory
from app.adapters.db.engine import Database
from app.core.ids import CustomerId, ShopId, VisitorId
from app.core.recommend.past_orders import PastOrder
from app.ports import ActiveCustomer, ActiveVisitor

READ_PER_ROW = 50
"""So many of the newest decisions or orders are looked at for each row that is wanted: shoppers come again."""

VISITORS = text("""
    SELECT visitor, max(at) AS at
    FROM (SELECT visitor, at FROM decisions ORDER BY at DESC LIMIT :read) newest
    WHERE visitor IS NOT NULL
    GROUP BY visitor ORDER BY max(at) DESC, visitor LIMIT :most
""")
USABLE = """
    NOT o.test AND o.cancelled_at IS NULL AND NOT o.erased
    AND NOT EXISTS (SELECT 1 FROM customers c
                    WHERE c.shop_id = o.shop_id AND c.id = o.customer_id AND c.opted_out)
    AND NOT EXISTS (SELECT 1 FROM tombstones t WHERE t.shop_id = o.shop_id AND t.customer_id = o.customer_id)
"""
CUSTOMERS = text(f"""
    SELECT n.customer_id, max(n.created_at) AS at, coalesce(max(c.orders_count), 0) AS orders
    FROM (SELECT o.shop_id, o.customer_id, o.created_at FROM orders o
          WHERE o.customer_id IS NOT NULL AND {USABLE} ORDER BY o.created_at DESC LIMIT :read) n
    LEFT JOIN customers c ON c.shop_id = n.shop_id AND c.id = n.customer_id
    GROUP BY n.customer_id ORDER BY max(n.created_at) DESC, n.customer_id LIMIT :most
""")


class DbShoppers:
    """Implements `app.ports.Shoppers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def visitors(self, shop: ShopId, *, limit: int) -> Sequence[ActiveVisitor]:
        """The last active first."""
        with self._database.shop(shop) as session:
            rows = session.execute(VISITORS, {"read": READ_PER_ROW * limit, "most": limit})
            return [ActiveVisitor(VisitorId(row.visitor), row.at) for row in rows]

    def customers(self, shop: ShopId, *, limit: int) -> Sequence[ActiveCustomer]:
        """The last to order first."""
        with self._database.shop(shop) as session:
            rows = session.execute(CUSTOMERS, {"read": READ_PER_ROW * limit, "most": limit})
            return [ActiveCustomer(CustomerId(row.customer_id), row.at, row.orders) for row in rows]

    def orders(self, shop: ShopId, customer: CustomerId) -> Sequence[PastOrder]:
        """What the customer bought and kept, newest first; empty when nothing may be used."""
        return DbCustomerHistory(self._database).of(shop, customer)
