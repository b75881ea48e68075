"""The report's rows: exposures, clicks and what was bought after a click, by day, placement and rail; visits by day.

What happened comes from the figures that were counted from the lake, what was bought from the orders themselves. A day
is the shop's own. An order line counts when its request is one that we answered or saw a click of; a request id
that somebody made up counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.ports import ReportRow, VisitsRow

ROLL_UP = text("""
    WITH shop AS (
        SELECT coalesce((SELECT nullif(timezone, '') FROM shop_profiles), 'UTC') AS zone
    ), span AS (
        SELECT cast(:first AS timestamp) AT TIME ZONE zone AS since,
               (cast(:last AS timestamp) + interval '1 day') AT TIME ZONE zone AS until, zone
        FROM shop
    ), seen AS (
        SELECT day, placement, rail, sum(count) FILTER (WHERE type = 'exposure') AS exposures,
               sum(count) FILTER (WHERE type = 'click') AS clicks
        FROM event_counts WHERE day BETWEEN :first AND :last AND type IN ('exposure', 'click') GROUP BY 1, 2, 3
    ), bought AS (
        SELECT (o.created_at AT TIME ZONE zone)::date AS day, answered.placement, answered.rail, o.id AS order_id,
               round((l.unit_price * l.quantity - l.discount) * l.current_quantity::numeric / nullif(l.quantity, 0))
                   AS net
        FROM span, orders o JOIN order_lines l ON l.order_id = o.id CROSS JOIN LATERAL (
            SELECT placement, rail FROM (
                SELECT placement, rail FROM decisions d WHERE d.request_id = l.request_id
                UNION ALL
                SELECT placement, rail FROM clicks c WHERE c.request_id = l.request_id
            ) known LIMIT 1
        ) answered
        WHERE l.request_id IS NOT NULL AND o.created_at >= since AND o.created_at < until
          AND o.cancelled_at IS NULL AND NOT o.test
    ), sold AS (
        SELECT day, placement, rail, count(DISTINCT order_id) AS orders, coalesce(sum(net), 0) AS revenue
        FROM bought GROUP BY 1, 2, 3
    )
    SELECT day, placement, rail, coalesce(exposures, 0)::bigint AS exposures, coalesce(clicks, 0)::bigint AS clicks,
           coalesce(orders, 0) AS orders, coalesce(revenue, 0)::bigint AS revenue
    FROM seen FULL JOIN sold USING (day, placement, rail) ORDER BY 1, 2, 3
""")
VISITS = text("SELECT day, visitors, sessions FROM visit_days WHERE day BETWEEN :first AND :last ORDER BY day")
DAY_OF = text("""
    SELECT (:moment AT TIME ZONE coalesce((SELECT nullif(timezone, '') FROM shop_profiles), 'UTC'))::date
""")
CURRENCY = text("SELECT currency FROM shop_profiles")


class DbReports:
    """Implements `app.ports.Reports`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def roll_up(self, shop: ShopId, first: date, last: date) -> Sequence[ReportRow]:
        """One row a day, placement and rail that had anything, both days included."""
        with self._database.shop(shop) as session:
            rows = session.execute(ROLL_UP, {"first": first, "last": last}).mappings()
            return [ReportRow(**row) for row in rows]

    def visits(self, shop: ShopId, first: date, last: date) -> Sequence[VisitsRow]:
        """One row a day on which anybody was there."""
        with self._database.shop(shop) as session:
            rows = session.execute(VISITS, {"first": first, "last": last}).mappings()
            return [VisitsRow(**row) for row in rows if row["visitors"]]

    def day_of(self, shop: ShopId, moment: datetime) -> date:
        """The day that it is in the shop at that moment; UTC's before its time zone is known."""
        with self._database.shop(shop) as session:
            day: date = session.execute(DAY_OF, {"moment": moment}).scalar_one()
            return day

    def currency(self, shop: ShopId) -> str:
        """The shop's currency; empty before it is known."""
        with self._database.shop(shop) as session:
            return str(session.execute(CURRENCY).scalar() or "")
