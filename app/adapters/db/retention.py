"""Retention: raw payloads and exports go some days after they are done, events and decisions after the shop's term."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import CursorResult, text

from app.adapters.db.engine import Database
from app.core.ids import ShopId

PAYLOAD_DAYS: Final = 7
EXPORT_DAYS: Final = 30
"""How long the merchant can fetch what a customer asked for; the receipt itself stays."""
DEFAULT_DAYS: Final = 400
"""A year and a month of behaviour: long enough to compare a season with the one before."""
SETTING: Final = "retention"

DAYS = text("SELECT value ->> 'days' FROM settings WHERE name = :name")
STATEMENTS: Final = {
    "payloads": text(
        "UPDATE deliveries SET payload = NULL WHERE state <> 'pending' AND payload IS NOT NULL AND done_at < :payloads"
    ),
    "deliveries": text("DELETE FROM deliveries WHERE state <> 'pending' AND done_at < :behaviour"),
    "exports": text("UPDATE receipts SET export = NULL WHERE export IS NOT NULL AND finished_at < :exports"),
    "events": text("DELETE FROM events WHERE at < :behaviour"),
    "decisions": text("DELETE FROM decisions WHERE at < :behaviour"),
}


class DbRetention:
    def __init__(self, database: Database) -> None:
        self._database = database

    def apply(self, shop: ShopId, *, now: datetime) -> dict[str, int]:
        """Delete what is older than its term; returns how many records by kind."""
        with self._database.shop(shop) as session:
            days = session.execute(DAYS, {"name": SETTING}).scalar()
            limits = {
                "payloads": now - timedelta(days=PAYLOAD_DAYS),
                "exports": now - timedelta(days=EXPORT_DAYS),
                "behaviour": now - timedelta(days=int(days) if days else DEFAULT_DAYS),
            }
            counts = {}
            for name, statement in STATEMENTS.items():
                done = cast("CursorResult[Any]", session.execute(statement, limits))
                counts[name] = done.rowcount
            return counts
