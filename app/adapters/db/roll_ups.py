"""Figures by day: which days are behind the lake, the figures in their place, and whose clicks stand behind orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

import orjson
from sqlalchemy import CursorResult, text

from app.adapters.db.due_work import PUT
from app.adapters.db.engine import Database
from app.adapters.db.merge_people import BUYER
from app.adapters.db.retention import term
from app.core.ids import ShopId
from app.jobs import ROLL_UP_DUE
from app.ports import ChangedDay, DayCounts

CHANGED = text("SELECT day, marks FROM changed_days ORDER BY day")
ZONE = text("SELECT coalesce((SELECT nullif(timezone, '') FROM shop_profiles), 'UTC')")
CLEAR = text("DELETE FROM event_counts WHERE day = :day")
COUNTS = text("""
    INSERT INTO event_counts (shop_id, day, placement, rail, type, count)
    SELECT :shop, :day, placement, rail, type, count
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS row (placement text, rail text, type text, count bigint)
""")
VISITS = text("""
    INSERT INTO visit_days (shop_id, day, zone, visitors, sessions) VALUES (:shop, :day, :zone, :visitors, :sessions)
    ON CONFLICT (shop_id, day)
    DO UPDATE SET zone = excluded.zone, visitors = excluded.visitors, sessions = excluded.sessions
""")
NEW_DAYS: Final = 61
"""Longer than a product is new (`app.adapters.shelves.pulse`), by a day for time zones."""
CLEAR_IMPRESSIONS = text("DELETE FROM product_impressions WHERE day = :day OR day < :day - :new_days")
IMPRESSIONS = text("""
    INSERT INTO product_impressions (shop_id, day, product_id, count)
    SELECT :shop, :day, seen.product_id, seen.count
    FROM unnest(cast(:products AS bigint[]), cast(:counts AS bigint[])) AS seen (product_id, count)
    JOIN products p ON p.shop_id = :shop AND p.id = seen.product_id
    WHERE p.created_at >= cast(:day AS date) - :new_days
""")
LOCK_DUE = text("SELECT 1 FROM due_work WHERE shop_id = :shop AND kind = :kind FOR UPDATE")
COUNTED = text("DELETE FROM changed_days WHERE day = :day AND marks = :marks")
OVERTAKEN = text("UPDATE changed_days SET since = clock_timestamp() WHERE day = :day AND marks > :marks")
NOTHING_DUE = text("""
    DELETE FROM due_work WHERE shop_id = :shop AND kind = :kind AND NOT EXISTS (SELECT 1 FROM changed_days)
""")
MOVED = text("""
    INSERT INTO changed_days (shop_id, day, marks) SELECT :shop, day, 1 FROM visit_days WHERE zone <> :zone
    ON CONFLICT (shop_id, day) DO UPDATE SET marks = changed_days.marks + 1
""")
LINK = text(f"""
    INSERT INTO visitor_orders (shop_id, order_id, visitor, client, at)
    SELECT :shop, l.order_id, found.visitor, found.client, max(o.created_at)
    FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN (
        SELECT request_id, visitor, '' AS client FROM decisions WHERE visitor IS NOT NULL
        UNION ALL
        SELECT request_id, coalesce(visitor, ''), coalesce(client, '') FROM clicks
    ) found ON found.request_id = l.request_id
    WHERE NOT o.erased AND NOT EXISTS (SELECT 1 FROM removals r WHERE r.kind = '{BUYER}' AND r.id = o.id)
    GROUP BY 2, 3, 4 ON CONFLICT DO NOTHING
""")


class DbRollUps:
    """Implements `app.ports.RollUps`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def changed_days(self, shop: ShopId) -> Sequence[ChangedDay]:
        with self._database.shop(shop) as session:
            return [ChangedDay(row.day, row.marks) for row in session.execute(CHANGED)]

    def timezone(self, shop: ShopId) -> str:
        """The shop's; UTC before it is known."""
        with self._database.shop(shop) as session:
            return str(session.execute(ZONE).scalar_one())

    def oldest(self, shop: ShopId, *, now: datetime) -> datetime:
        """The beginning of the shop's term of retention."""
        with self._database.shop(shop) as session:
            return now - timedelta(days=term(session))

    def replace(self, shop: ShopId, day: date, zone: str, counts: DayCounts) -> None:
        """Put the figures in the place of the day's old ones, in one transaction."""
        rows = orjson.dumps(counts.events).decode()
        visits = {"zone": zone, "visitors": counts.visitors, "sessions": counts.sessions}
        with self._database.shop(shop) as session:
            session.execute(CLEAR, {"day": day})
            session.execute(COUNTS, {"shop": shop, "day": day, "rows": rows})
            session.execute(VISITS, {"shop": shop, "day": day, **visits})
            session.execute(CLEAR_IMPRESSIONS, {"day": day, "new_days": NEW_DAYS})
            seen = {"products": list(counts.impressions), "counts": list(counts.impressions.values())}
            session.execute(IMPRESSIONS, {"shop": shop, "day": day, "new_days": NEW_DAYS, **seen})

    def settle(self, shop: ShopId, counted: Sequence[ChangedDay]) -> None:
        """These days are counted, as far as they have not changed again; nothing is due once none is left.

        Appending marks the day first and notes the work as due in the same transaction. Because the note is locked
        before the days are looked at, a batch that is just being appended either is seen here or notes it anew.
        """
        key = {"shop": shop, "kind": ROLL_UP_DUE}
        with self._database.shop(shop) as session:
            for each in counted:
                values = {"day": each.day, "marks": each.marks}
                session.execute(COUNTED, values)
                session.execute(OVERTAKEN, values)
        with self._database.shop(shop) as session:
            session.execute(LOCK_DUE, key)
            session.execute(NOTHING_DUE, key)

    def mark_moved(self, shop: ShopId) -> int:
        """Mark the days that were counted by another time zone than the shop's; returns how many."""
        zone = self.timezone(shop)
        with self._database.shop(shop) as session:
            done = cast("CursorResult[Any]", session.execute(MOVED, {"shop": shop, "zone": zone}))
            if done.rowcount:
                session.execute(PUT, {"shop": shop, "kind": ROLL_UP_DUE, "id": "", "after_s": 0.0})
            return done.rowcount

    def link_orders(self, shop: ShopId) -> int:
        """Note whose clicks stand behind order lines, before the decisions go; returns how many links are new."""
        with self._database.shop(shop) as session:
            return cast("CursorResult[Any]", session.execute(LINK, {"shop": shop})).rowcount
