"""What is measured of the sources that stand in tables: Shopify's orders, ad spend, outside stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import TextClause, text
from sqlmodel import Session

from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.core.sources.contract import Source
from app.core.sources.quality import WINDOW, Measured

ORDER_DAYS = text("""
    SELECT cast(created_at AT TIME ZONE 'UTC' AS date) AS day, count(*) AS rows
    FROM orders WHERE created_at >= :since GROUP BY 1
""")
ORDERS = text("""
    SELECT (SELECT max(updated_at) FROM orders) AS newest, count(l.id) AS rows,
           count(l.id) FILTER (WHERE l.product_id IS NULL) AS unknown, count(l.product_id) AS naming,
           count(l.product_id) FILTER (WHERE p.id IS NULL) AS missing
    FROM orders o JOIN order_lines l ON l.shop_id = o.shop_id AND l.order_id = o.id
    LEFT JOIN products p ON p.shop_id = o.shop_id AND p.id = l.product_id
    WHERE o.created_at >= :window
""")
SPEND_DAYS = text("SELECT day, count(*) AS rows FROM ad_spend WHERE day >= :since GROUP BY 1")
SPEND = text("""
    SELECT max(day) AS newest, count(*) AS rows FROM ad_spend
""")
STOCK_DAYS = text("""
    SELECT cast(at AT TIME ZONE 'UTC' AS date) AS day, count(*) AS rows
    FROM outside_stock WHERE at >= :since GROUP BY 1
""")
STOCK = text("""
    SELECT max(o.at) AS newest, count(*) AS rows, count(*) FILTER (WHERE NOT EXISTS (
        SELECT FROM variants v WHERE v.shop_id = o.shop_id AND v.sku = o.item
    ) AND NOT EXISTS (
        SELECT FROM variants v WHERE v.shop_id = o.shop_id AND v.id = CASE
            WHEN o.item ~ '^variant:[0-9]{1,18}$' THEN cast(substr(o.item, 9) AS bigint) END
    )) AS missing
    FROM outside_stock o
""")
DELIVERED = text("""
    SELECT coalesce(sum(cast(report ->> 'again' AS bigint)), 0) AS again,
           coalesce(sum((SELECT sum(cast(value AS bigint)) FROM jsonb_each_text(report -> 'refused'))), 0) AS refused
    FROM deliveries_of_sources WHERE source = :source AND state = 'done' AND at >= :window
""")


class DbSourceMeasures:
    """Implements `app.ports.SourceMeasures`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def measure(self, shop: ShopId, *, now: datetime, since: date) -> Sequence[Measured]:
        """What is stored of each source from that UTC day on."""
        start, window = datetime.combine(since, time(), UTC), now - WINDOW
        with self._database.shop(shop) as session:
            return [
                _orders(session, start, window),
                _spend(session, since, window),
                _stock(session, start, window),
            ]

    def delivered(self, shop: ShopId, source: Source, window: datetime) -> tuple[int, int]:
        """How many rows of the source's deliveries since then were known already, and how many were refused."""
        with self._database.shop(shop) as session:
            return _delivered(session, source, window)


def _delivered(session: Session, source: Source, window: datetime) -> tuple[int, int]:
    row = session.execute(DELIVERED, {"source": source, "window": window}).one()
    return int(row.again), int(row.refused)


def _orders(session: Session, start: datetime, window: datetime) -> Measured:
    row = session.execute(ORDERS, {"window": window}).one()
    return Measured(
        Source.SHOPIFY,
        newest=row.newest,
        days=_days(session, ORDER_DAYS, {"since": start}),
        rows=row.rows,
        empty={"product_id": row.unknown},
        naming={"products": row.naming},
        unmatched={"products": row.missing},
    )


def _spend(session: Session, since: date, window: datetime) -> Measured:
    row = session.execute(SPEND).one()
    again, refused = _delivered(session, Source.AD_SPEND, window)
    newest = datetime.combine(row.newest, time(), UTC) if row.newest else None
    days = _days(session, SPEND_DAYS, {"since": since})
    return Measured(Source.AD_SPEND, newest=newest, days=days, rows=row.rows, repeated=again, refused=refused)


def _stock(session: Session, start: datetime, window: datetime) -> Measured:
    row = session.execute(STOCK).one()
    again, refused = _delivered(session, Source.STOCK, window)
    return Measured(
        Source.STOCK,
        newest=row.newest,
        days=_days(session, STOCK_DAYS, {"since": start}),
        rows=row.rows,
        repeated=again,
        naming={"variants": row.rows},
        unmatched={"variants": row.missing},
        refused=refused,
    )


def _days(session: Session, statement: TextClause, values: dict[str, Any]) -> dict[date, int]:
    return {row.day: row.rows for row in session.execute(statement, values)}
