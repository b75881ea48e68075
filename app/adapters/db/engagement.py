"""How far engagement was read, Klaviyo's webhook, and what shoppers ignore in mails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import text

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.core.email.ignored import TIMES
from app.core.ids import CustomerId, ProductId, ShopId
from app.ports.engagement import Hook, Mark

COLUMN: Final = "engagement_hooks.secret"
MARKS = text("SELECT metric, read_until, asked_at, trouble FROM engagement_marks")
PUT_MARK = text("""
    INSERT INTO engagement_marks AS old (shop_id, metric, read_until, asked_at, trouble)
    VALUES (:shop, :metric, :until, :at, :trouble)
    ON CONFLICT (shop_id, metric) DO UPDATE SET
        read_until = greatest(old.read_until, excluded.read_until), asked_at = excluded.asked_at,
        trouble = excluded.trouble
""")
HOOK = text("SELECT webhook, secret FROM engagement_hooks")
PUT_HOOK = text("""
    INSERT INTO engagement_hooks (shop_id, webhook, secret, made_at) VALUES (:shop, :webhook, :secret, :at)
    ON CONFLICT (shop_id) DO UPDATE SET
        webhook = excluded.webhook, secret = excluded.secret, made_at = excluded.made_at
""")
DROP_HOOK = text("DELETE FROM engagement_hooks")
IGNORED = text("""
    SELECT customer_id, product_id FROM ignored_products
    WHERE customer_id = ANY(cast(:customers AS bigint[])) AND times >= :times
""")
FORGET = text("DELETE FROM ignored_products")
# Whoever was erased, or has objected, since the lake was read is not brought back.
REPLACE = text("""
    INSERT INTO ignored_products (shop_id, customer_id, product_id, times)
    SELECT c.shop_id, c.id, row.product, row.times
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (customer bigint, product bigint, times bigint)
    JOIN customers c ON c.id = row.customer AND NOT c.opted_out ORDER BY 2, 3
""")


class DbEngagementMarks:
    """Implements `app.ports.engagement.EngagementMarks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, shop: ShopId) -> Mapping[str, Mark]:
        """By the metric's name."""
        with self._database.shop(shop) as session:
            return {row.metric: Mark(**row._mapping) for row in session.execute(MARKS)}

    def put(self, shop: ShopId, mark: Mark) -> None:
        """Note it; `read_until` never goes back."""
        values = {"metric": mark.metric, "until": mark.read_until, "at": mark.asked_at, "trouble": mark.trouble}
        with self._database.shop(shop) as session:
            session.execute(PUT_MARK, {"shop": shop, **values})


class DbEngagementHooks:
    """Implements `app.ports.engagement.EngagementHooks`."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer

    def of(self, shop: ShopId) -> Hook | None:
        with self._database.shop(shop) as session:
            row = session.execute(HOOK).first()
        return Hook(row.webhook, self._sealer.open(shop, COLUMN, row.secret)) if row and row.secret else None

    def put(self, shop: ShopId, hook: Hook, *, at: datetime) -> None:
        with self._database.shop(shop) as session:
            box = self._sealer.seal(shop, COLUMN, hook.secret)
            session.execute(PUT_HOOK, {"shop": shop, "webhook": hook.webhook, "secret": box, "at": at})

    def drop(self, shop: ShopId) -> None:
        with self._database.shop(shop) as session:
            session.execute(DROP_HOOK)


class DbIgnoredProducts:
    """Implements `app.ports.engagement.IgnoredProducts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ignored(self, shop: ShopId, customers: Iterable[CustomerId]) -> Mapping[CustomerId, frozenset[ProductId]]:
        """Products that were in three mails or more and never clicked; customers without any are left out."""
        found: dict[CustomerId, set[ProductId]] = {}
        with self._database.shop(shop) as session:
            for row in session.execute(IGNORED, {"customers": list(customers), "times": TIMES}):
                found.setdefault(CustomerId(row.customer_id), set()).add(ProductId(row.product_id))
        return {customer: frozenset(products) for customer, products in found.items()}

    def replace(self, shop: ShopId, counts: Mapping[tuple[CustomerId, ProductId], int]) -> None:
        """Take these counts in the place of all others."""
        rows = [{"customer": who, "product": what, "times": times} for (who, what), times in counts.items()]
        with self._database.shop(shop) as session:
            session.execute(FORGET)
            session.execute(REPLACE, {"rows": orjson.dumps(rows).decode()})
