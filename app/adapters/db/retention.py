"""Retention: raw payloads and exports go some days after they are done, what is kept of visitors after the shop's term.

Decisions go earlier where no order refers to them: the lake has them all. Figures by day name nobody, and stay.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import CursorResult, text
from sqlmodel import Session

from app.adapters.db.engine import Database
from app.core.ids import ShopId

PAYLOAD_DAYS: Final = 7
EXPORT_DAYS: Final = 30
"""How long the merchant can fetch what a customer asked for; the receipt itself stays."""
DEFAULT_DAYS: Final = 400
"""A year and a month of behaviour: long enough to compare a season with the one before."""
DECISION_DAYS: Final = 45
"""How long after an answer an order may still refer to it; carts are rarely older."""
TOMBSTONE_DAYS: Final = 30
"""Events are at most a day old when they arrive, and the stream never waits so long."""
SETTING: Final = "retention"

DAYS = text("SELECT value ->> 'days' FROM settings WHERE name = :name")
STATEMENTS: Final = {
    "payloads": text(
        "UPDATE deliveries SET payload = NULL WHERE state <> 'pending' AND payload IS NOT NULL AND done_at < :payloads"
    ),
    "deliveries": text("DELETE FROM deliveries WHERE state <> 'pending' AND done_at < :behaviour"),
    "exports": text("UPDATE receipts SET export = NULL WHERE export IS NOT NULL AND finished_at < :exports"),
    "clicks": text("DELETE FROM clicks WHERE at < :behaviour"),
    "decisions": text(
        "DELETE FROM decisions d WHERE at < :behaviour OR at < :decisions "
        "AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.request_id = d.request_id)"
    ),
    "visitor_orders": text("DELETE FROM visitor_orders WHERE at < :behaviour"),
    "visitor_clients": text("DELETE FROM visitor_clients WHERE at < :behaviour"),
    "visitor_tombstones": text("DELETE FROM visitor_tombstones WHERE at < :tombstones"),
}


class DbRetention:
    def __init__(self, database: Database) -> None:
        self._database = database

    def apply(self, shop: ShopId, *, now: datetime) -> dict[str, int]:
        """Delete what is older than its term; returns how many records by kind."""
        with self._database.shop(shop) as session:
            limits = {
                "payloads": now - timedelta(days=PAYLOAD_DAYS),
                "exports": now - timedelta(days=EXPORT_DAYS),
                "behaviour": now - timedelta(days=term(session)),
                "decisions": now - timedelta(days=DECISION_DAYS),
                "tombstones": now - timedelta(days=TOMBSTONE_DAYS),
            }
            counts = {}
            for name, statement in STATEMENTS.items():
                done = cast("CursorResult[Any]", session.execute(statement, limits))
                counts[name] = done.rowcount
            return counts


def term(session: Session) -> int:
    """How many days the shop keeps what its visitors did."""
    days = session.execute(DAYS, {"name": SETTING}).scalar()
    return int(days) if days else DEFAULT_DAYS
