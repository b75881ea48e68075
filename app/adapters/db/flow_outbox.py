"""What Shopify Flow is to be told: entries into segments, each once, kept for a while after they were.

Entries are found by looking at the last days' changes again and again, not behind a mark: a nightly count that commits
late has an earlier moment than a live entry that committed before it, and a mark would pass it over. Whom a segment's
first count finds has not just come into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import CursorResult, text

from app.adapters.db.engine import Database
from app.adapters.db.told_customers import WISHES, consent_of
from app.core.ids import CustomerId, ShopId
from app.core.segments.outlets import RISING
from app.ports.outlets import Entry, FlowCount
from app.ports.segments import SegmentId

ENTERED: Final = "entered-segment"
CHURN: Final = "churn-risk-rose"
LOOKED_BACK: Final = timedelta(days=3)
"""What is older is no news, and is never told."""
KEPT: Final = timedelta(days=30)
LONGEST: Final = 500

COLLECT_ENTERED: Final = text("""
    INSERT INTO flow_outbox (shop_id, handle, segment_id, at, profile)
    SELECT :shop, :handle, c.segment_id, c.at, c.profile
    FROM segment_changes c
    JOIN segments s ON s.shop_id = c.shop_id AND s.id = c.segment_id AND c.at > s.first_counted_at
    JOIN segment_outlets o ON o.shop_id = c.shop_id AND o.outlet = 'flow' AND o.segment_id = c.segment_id AND o.wanted
    WHERE c.entered AND c.at > o.at AND c.at > :since ON CONFLICT DO NOTHING
""")
# Whoever comes to be at risk from being lost has not moved up.
COLLECT_CHURN: Final = text("""
    INSERT INTO flow_outbox (shop_id, handle, segment_id, at, profile)
    SELECT :shop, :handle, c.segment_id, c.at, c.profile
    FROM segment_changes c
    JOIN segments s ON s.shop_id = c.shop_id AND s.id = c.segment_id AND s.key = ANY(:rising)
        AND c.at > s.first_counted_at
    JOIN segment_outlets o ON o.shop_id = c.shop_id AND o.outlet = 'churn' AND o.wanted
    WHERE c.entered AND c.at > o.at AND c.at > :since AND NOT EXISTS (
        SELECT FROM segment_changes b JOIN segments l ON l.shop_id = b.shop_id AND l.id = b.segment_id
        WHERE b.shop_id = c.shop_id AND b.profile = c.profile AND b.at = c.at AND NOT b.entered
          AND l.key = 'stage_lost' AND s.key = 'stage_at_risk')
    ON CONFLICT DO NOTHING
""")
SWITCHED_OFF: Final = text("""
    UPDATE flow_outbox f SET state = 'withheld', done_at = :now, complaint = 'It was switched off before.'
    WHERE f.state = 'waiting' AND NOT EXISTS (
        SELECT FROM segment_outlets o WHERE o.shop_id = f.shop_id AND o.wanted AND (
            f.handle = :entered AND o.outlet = 'flow' AND o.segment_id = f.segment_id
            OR f.handle = :churn AND o.outlet = 'churn'))
""")
OLD: Final = text("DELETE FROM flow_outbox WHERE state <> 'waiting' AND at < :before")
WAITING: Final = text(f"""
    WITH first AS (
        SELECT handle, segment_id, at, profile FROM flow_outbox WHERE state = 'waiting'
        ORDER BY at, handle, segment_id, profile LIMIT :limit
    ), wishes AS ({WISHES.format(of=" AND n.profile IN (SELECT profile FROM first)")})
    SELECT f.handle, f.segment_id, s.name, s.key, f.at, f.profile, w.opted_out, w.email_marketing, w.personalise,
           w.marketing, (SELECT min(c.id) FROM profile_members m JOIN customers c
                         ON c.shop_id = m.shop_id AND c.id::text = m.id
                         WHERE m.shop_id = s.shop_id AND m.profile = f.profile AND m.kind = 'customer') AS customer
    FROM first f JOIN segments s ON s.id = f.segment_id LEFT JOIN wishes w ON w.profile = f.profile
    ORDER BY f.at, f.handle, f.segment_id, f.profile
""")
ORPHANS: Final = text("""
    DELETE FROM flow_outbox f WHERE NOT EXISTS (
        SELECT FROM segments s WHERE s.shop_id = f.shop_id AND s.id = f.segment_id)
""")
SETTLE: Final = text("""
    UPDATE flow_outbox SET state = :state, done_at = :at, complaint = :complaint
    WHERE handle = :handle AND segment_id = :segment AND at = :entered AND profile = :profile
""")
COUNTS: Final = text("SELECT state, count(*) AS number FROM flow_outbox GROUP BY state")
COMPLAINT: Final = text("""
    SELECT complaint FROM flow_outbox WHERE state = 'refused' ORDER BY done_at DESC LIMIT 1
""")


class DbFlowOutbox:
    """Implements `app.ports.outlets.FlowOutbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self, shop: ShopId, *, now: datetime) -> int:
        since = {"shop": shop, "since": now - LOOKED_BACK}
        with self._database.shop(shop) as session:
            session.execute(ORPHANS)
            session.execute(OLD, {"before": now - KEPT})
            session.execute(SWITCHED_OFF, {"now": now, "entered": ENTERED, "churn": CHURN})
            entered = session.execute(COLLECT_ENTERED, {**since, "handle": ENTERED})
            risen = session.execute(COLLECT_CHURN, {**since, "handle": CHURN, "rising": list(RISING)})
            return sum(cast("CursorResult[Any]", one).rowcount for one in (entered, risen))

    def waiting(self, shop: ShopId, *, limit: int) -> Sequence[Entry]:
        with self._database.shop(shop) as session:
            rows = session.execute(WAITING, {"limit": limit}).all()
        return [
            Entry(
                row.handle,
                SegmentId(row.segment_id),
                row.name,
                row.key,
                row.at,
                row.profile,
                CustomerId(row.customer) if row.customer else None,
                consent_of(row),
            )
            for row in rows
        ]

    def settle(self, shop: ShopId, entry: Entry, state: str, *, at: datetime, complaint: str = "") -> None:
        own = {"handle": entry.handle, "segment": entry.segment, "entered": entry.at, "profile": entry.profile}
        with self._database.shop(shop) as session:
            session.execute(SETTLE, {**own, "state": state, "at": at, "complaint": complaint[:LONGEST]})

    def counts(self, shop: ShopId) -> FlowCount:
        with self._database.shop(shop) as session:
            found = {row.state: row.number for row in session.execute(COUNTS)}
            complaint = session.execute(COMPLAINT).scalar() or ""
        return FlowCount(**found, complaint=complaint)
