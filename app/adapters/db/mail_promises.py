"""The products that events have carried to Klaviyo for mails that may still be under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.ids import CustomerId, ProductId, ShopId

PROMISED = text("""
    SELECT t.customer_id, array_agg(DISTINCT i.product::bigint) AS products
    FROM mail_triggers t, jsonb_array_elements_text(t.items) AS i (product)
    WHERE t.state = 'sent' AND t.items <> '[]' AND t.done_at >= :since
      AND (cast(:customers AS bigint[]) IS NULL OR t.customer_id = ANY(cast(:customers AS bigint[])))
    GROUP BY t.customer_id
""")


class DbMailPromises:
    """Implements `app.ports.mail.MailPromises`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(
        self, shop: ShopId, *, since: datetime, customers: Sequence[CustomerId] | None = None
    ) -> Mapping[CustomerId, frozenset[ProductId]]:
        asked = None if customers is None else list(customers)
        with self._database.shop(shop) as session:
            rows = session.execute(PROMISED, {"since": since, "customers": asked}).all()
        return {CustomerId(row.customer_id): frozenset(map(ProductId, row.products)) for row in rows}
