"""Orders from before the trigger was switched on, with what their customers have said of mails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Row, text

from app.adapters.crypto import Sealer
from app.adapters.db.engagement import DbEngagementMarks
from app.adapters.db.engine import Database
from app.adapters.db.history import USABLE
from app.adapters.db.mail_settings import DbMailSettings
from app.adapters.db.mail_wishes import WISHED, WISHES_OF_ASKED, WISHING, wish_of
from app.core.email.history import MOST, PERIOD, TOLD, Past
from app.core.email.triggers import Occasion
from app.core.ids import CustomerId, ProductId, ShopId
from app.ports.mail import Waiting

CONTACT: Final = "customers.contact"
OURS: Final = f"o.customer_id IS NOT NULL AND {USABLE}"
# One moment before the oldest of the newest so many.
BEGIN = text(f"""
    SELECT min(created_at) - interval '1 microsecond' AS at FROM (
        SELECT o.created_at FROM orders o WHERE o.created_at > :begin AND o.created_at <= :until AND {OURS}
        ORDER BY o.created_at DESC LIMIT :most) newest
""")
ORDERS = text(f"""
    WITH asked AS (
        SELECT o.shop_id, o.customer_id, o.id, o.created_at AS at, o.name
        FROM orders o JOIN customers c ON c.shop_id = o.shop_id AND c.id = o.customer_id
        WHERE o.created_at > :after AND o.created_at <= :until AND {OURS}
        ORDER BY o.created_at FETCH FIRST :limit ROWS WITH TIES
    ), {WISHES_OF_ASKED}
    SELECT t.customer_id, t.id::text AS key, t.at, t.name, l.products, l.kinds, c.contact, {WISHED}
    FROM asked t JOIN customers c ON c.shop_id = t.shop_id AND c.id = t.customer_id {WISHING}
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(DISTINCT g.id), '[]') AS products,
               coalesce(jsonb_agg(DISTINCT g.product_type), '[]') AS kinds
        FROM order_lines l JOIN products g ON g.shop_id = l.shop_id AND g.id = l.product_id
        WHERE l.shop_id = t.shop_id AND l.order_id = t.id) l
    ORDER BY t.at, t.id
""")
COUNTS = text(f"""
    SELECT count(*) FILTER (WHERE o.created_at <= :reached) AS done, count(*) AS every
    FROM orders o WHERE o.created_at > :begin AND o.created_at <= :until AND {OURS}
""")


class DbMailHistory:
    """Implements `app.ports.mail_history.MailHistory`."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer
        self._marks, self._settings = DbEngagementMarks(database), DbMailSettings(database)

    def begin(self, shop: ShopId, *, until: datetime) -> datetime:
        with self._database.shop(shop) as session:
            values = {"begin": until - PERIOD, "until": until, "most": MOST}
            found: datetime | None = session.execute(BEGIN, values).scalar()
        return found or until

    def orders(self, shop: ShopId, *, after: datetime, until: datetime, limit: int) -> Sequence[Waiting]:
        with self._database.shop(shop) as session:
            rows = session.execute(ORDERS, {"after": after, "until": until, "limit": limit}).all()
        return [self._waiting(shop, row) for row in rows]

    def state(self, shop: ShopId) -> Past | None:
        until = self._settings.of(shop).triggers.get(TOLD)
        if until is None:
            return None
        mark, begin = self._marks.all(shop).get(TOLD), self.begin(shop, until=until)
        with self._database.shop(shop) as session:
            values = {"begin": begin, "until": until, "reached": mark.read_until if mark else begin}
            row = session.execute(COUNTS, values).one()
        return Past(row.done, row.every, mark.trouble if mark else "")

    def _waiting(self, shop: ShopId, row: Row[Any]) -> Waiting:
        products = tuple(map(ProductId, row.products))
        facts = {"order_name": row.name, "product_types": row.kinds}
        first = products[0] if products else None
        return Waiting(
            Occasion(TOLD, CustomerId(row.customer_id), row.key, row.at, first, products, facts),
            wish_of(row),
            self._email(shop, row.contact),
        )

    def _email(self, shop: ShopId, contact: bytes | None) -> str:
        said = orjson.loads(self._sealer.open(shop, CONTACT, contact)) if contact else {}
        return str(said.get("email") or "")
