"""Roll-ups for the report: exposures, clicks and what was bought after a click, by day and placement.

A day is the shop's own. An order line counts when its request is one that we answered or saw a click of; a request id
that somebody made up counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.ports import ReportRow

ROLL_UP = text("""
    WITH shop AS (
        SELECT coalesce((SELECT nullif(timezone, '') FROM shop_profiles), 'UTC') AS zone
    ), span AS (
        SELECT cast(:first AS timestamp) AT TIME ZONE zone AS since,
               (cast(:last AS timestamp) + interval '1 day') AT TIME ZONE zone AS until, zone
        FROM shop
    ), seen AS (
        SELECT (at AT TIME ZONE zone)::date AS day, placement,
               count(*) FILTER (WHERE type = 'exposure') AS exposures, count(*) FILTER (WHERE type = 'click') AS clicks
        FROM events, span WHERE at >= since AND at < until GROUP BY 1, 2
    ), bought AS (
        SELECT (o.created_at AT TIME ZONE zone)::date AS day, answered.placement, o.id AS order_id,
               round((l.unit_price * l.quantity - l.discount) * l.current_quantity::numeric / nullif(l.quantity, 0))
                   AS net
        FROM span, orders o JOIN order_lines l ON l.order_id = o.id CROSS JOIN LATERAL (
            SELECT placement FROM (
                SELECT placement FROM decisions d WHERE d.request_id = l.request_id
                UNION ALL
                SELECT placement FROM events e WHERE e.request_id = l.request_id AND e.type = 'click'
            ) known LIMIT 1
        ) answered
        WHERE l.request_id IS NOT NULL AND o.created_at >= since AND o.created_at < until
          AND o.cancelled_at IS NULL AND NOT o.test
    ), sold AS (
        SELECT day, placement, count(DISTINCT order_id) AS orders, coalesce(sum(net), 0) AS revenue
        FROM bought GROUP BY 1, 2
    )
    SELECT coalesce(seen.day, sold.day) AS day, coalesce(seen.placement, sold.placement) AS placement,
           coalesce(exposures, 0) AS exposures, coalesce(clicks, 0) AS clicks,
           coalesce(orders, 0) AS orders, coalesce(revenue, 0)::bigint AS revenue
    FROM seen FULL JOIN sold ON seen.day = sold.day AND seen.placement = sold.placement ORDER BY 1, 2
""")
DAY_OF = text("""
    SELECT (:moment AT TIME ZONE coalesce((SELECT nullif(timezone, '') FROM shop_profiles), 'UTC'))::date
""")
CURRENCY = text("SELECT currency FROM shop_profiles")


class DbReports:
    """Implements `app.ports.Reports`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def roll_up(self, shop: ShopId, first: date, last: date) -> Sequence[ReportRow]:
        """One row a day and placement that had anything, both days included."""
        with self._database.shop(shop) as session:
            rows = session.execute(ROLL_UP, {"first": first, "last": last}).mappings()
            return [ReportRow(**row) for row in rows]

    def day_of(self, shop: ShopId, moment: datetime) -> date:
        """The day that it is in the shop at that moment; UTC's before its time zone is known."""
        with self._database.shop(shop) as session:
            day: date = session.execute(DAY_OF, {"moment": moment}).scalar_one()
            return day

    def currency(self, shop: ShopId) -> str:
        """The shop's currency; empty before it is known."""
        with self._database.shop(shop) as session:
            return str(session.execute(CURRENCY).scalar() or "")
