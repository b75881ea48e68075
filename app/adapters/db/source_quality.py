"""What was measured and judged of the sources last, for pages and the doctor, and when our own first event was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.findings import Grade
from app.core.ids import ShopId
from app.core.sources.contract import Source
from app.core.sources.quality import Judged, Measured

PUT = text("""
    INSERT INTO source_quality (shop_id, source, at, newest, judged)
    VALUES (:shop, :source, :at, :newest, cast(:judged AS jsonb))
    ON CONFLICT (shop_id, source) DO UPDATE SET at = excluded.at, newest = excluded.newest, judged = excluded.judged
""")
DROP_DAYS = text("DELETE FROM source_days WHERE source = :source")
PUT_DAYS = text("""
    INSERT INTO source_days (shop_id, source, day, rows)
    SELECT :shop, :source, unnest(cast(:days AS date[])), unnest(cast(:rows AS bigint[]))
""")
LATEST = text("SELECT source, at, judged FROM source_quality")
DAYS = text("SELECT source, day, rows FROM source_days WHERE day >= :since ORDER BY day")
STALE_UPLOADS = text("DELETE FROM source_uploads WHERE at < :limit")
FIRST_OWN = "storefront_since"
READ_FIRST = text("SELECT value ->> 'at' FROM settings WHERE name = :name")
PUT_FIRST = text("""
    INSERT INTO settings (shop_id, name, value, updated_at)
    VALUES (:shop, :name, jsonb_build_object('at', cast(:at AS text)), clock_timestamp())
    ON CONFLICT (shop_id, name) DO NOTHING
""")


class DbSourceQuality:
    """Implements `app.ports.SourceQuality`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, shop: ShopId, measured: Sequence[Measured], judged: Sequence[Judged], *, at: datetime) -> None:
        """Put it in the place of what was known, in one step."""
        with self._database.shop(shop) as session:
            for one in measured:
                mine = [_plain(each) for each in judged if each.source is one.source]
                values = {"source": one.source, "at": at, "newest": one.newest, "judged": orjson.dumps(mine).decode()}
                session.execute(PUT, {"shop": shop, **values})
                session.execute(DROP_DAYS, {"source": one.source})
                days = {"days": list(one.days), "rows": list(one.days.values())}
                session.execute(PUT_DAYS, {"shop": shop, "source": one.source, **days})

    def latest(self, shop: ShopId) -> tuple[datetime | None, Sequence[Judged]]:
        """When the oldest of them was measured, and all that was judged, in the order of the sources."""
        with self._database.shop(shop) as session:
            rows = {row.source: row for row in session.execute(LATEST)}
        found = [_judged(one) for source in Source if source in rows for one in rows[source].judged]
        return min((row.at for row in rows.values()), default=None), found

    def days(self, shop: ShopId, *, since: date) -> Mapping[Source, Mapping[date, int]]:
        """Rows by source and day."""
        found: dict[Source, dict[date, int]] = {}
        with self._database.shop(shop) as session:
            for row in session.execute(DAYS, {"since": since}):
                found.setdefault(Source(row.source), {})[row.day] = row.rows
        return found

    def drop_uploads(self, shop: ShopId, *, before: datetime) -> None:
        """Delete files that nobody took in."""
        with self._database.shop(shop) as session:
            session.execute(STALE_UPLOADS, {"limit": before})

    def first_own(self, shop: ShopId) -> datetime | None:
        """When the shop's first event of our own was: from then on Google's records are no behaviour any more."""
        with self._database.shop(shop) as session:
            text = session.execute(READ_FIRST, {"name": FIRST_OWN}).scalar()
        return datetime.fromisoformat(text) if text else None

    def note_first_own(self, shop: ShopId, at: datetime) -> None:
        """Write it down once: it stays when the event itself is forgotten."""
        with self._database.shop(shop) as session:
            session.execute(PUT_FIRST, {"shop": shop, "name": FIRST_OWN, "at": at.isoformat()})


def _plain(judged: Judged) -> dict[str, Any]:
    return asdict(judged)


def _judged(value: Mapping[str, Any]) -> Judged:
    return Judged(**{**value, "source": Source(value["source"]), "grade": Grade(value["grade"])})
