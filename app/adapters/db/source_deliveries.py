"""The register of deliveries, and the files that wait for a worker. Reports hold row numbers and reasons, no values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Row, text

from app.adapters.crypto import Sealer
from app.adapters.db.due_work import PUT
from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.core.sources.contract import Source
from app.core.sources.report import Report, together
from app.core.sources.values import DayOrder
from app.jobs import IMPORT_DUE
from app.ports.sources import SourceDelivery, State, Upload

COLUMNS = "id, source, name, by, at, state, size, finished_at, first, last, report, error"
BEGIN = text(f"""
    INSERT INTO deliveries_of_sources AS old (shop_id, id, source, name, by, at, state, size)
    VALUES (:shop, :id, :source, :name, :by, :at, 'running', :size)
    ON CONFLICT (shop_id, id) DO UPDATE SET state = 'running', error = '' WHERE old.state <> 'done'
    RETURNING {COLUMNS}
""")
ONE = text(f"SELECT {COLUMNS} FROM deliveries_of_sources WHERE id = :id")
LATEST = text(f"SELECT {COLUMNS} FROM deliveries_of_sources ORDER BY at DESC, id LIMIT :limit")
FINISH = text("""
    UPDATE deliveries_of_sources SET state = 'done', finished_at = :at, first = :first, last = :last,
           report = cast(:report AS jsonb), error = ''
    WHERE id = :id
""")
FAIL = text("UPDATE deliveries_of_sources SET state = 'failed', finished_at = :at, error = :error WHERE id = :id")
BEGIN_PARTS = text("""
    INSERT INTO deliveries_of_sources (shop_id, id, source, name, by, at, state, size)
    VALUES (:shop, :id, :source, :name, :by, :at, 'done', 0) ON CONFLICT DO NOTHING
""")
SUM = text("SELECT report FROM deliveries_of_sources WHERE id = :id FOR UPDATE")
ADD = text("""
    UPDATE deliveries_of_sources SET state = 'done', at = :at, finished_at = :at, size = size + :size,
           first = least(first, cast(:first AS date)), last = greatest(last, cast(:last AS date)),
           report = cast(:report AS jsonb), error = ''
    WHERE id = :id
""")
KEEP_UPLOAD = text("""
    INSERT INTO source_uploads (shop_id, id, source, name, by, at, day_order, content)
    VALUES (:shop, :id, :source, :name, :by, :at, :order, :content) ON CONFLICT DO NOTHING
""")
UPLOAD = text("SELECT id, source, name, by, at, day_order, content FROM source_uploads WHERE id = :id")
WAITING = text("SELECT id, source, name, by, at, day_order FROM source_uploads ORDER BY at DESC LIMIT 50")
DROP_UPLOAD = text("DELETE FROM source_uploads WHERE id = :id")
CONTENT = "source_uploads.content"
LONGEST_NAME = 120


class DbSourceDeliveries:
    """Implements `app.ports.SourceDeliveries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, shop: ShopId, id: str, source: Source, *, name: str, size: int, by: str, at: datetime
    ) -> SourceDelivery | None:
        """Note that it is being taken in; returns the finished delivery if the same content was taken in before."""
        values = {"source": source, "name": name[:LONGEST_NAME], "size": size, "by": by, "at": at}
        with self._database.shop(shop) as session:
            if session.execute(BEGIN, {"shop": shop, "id": id, **values}).first() is not None:
                return None
            return _delivery(session.execute(ONE, {"id": id}).one())

    def finish(self, shop: ShopId, id: str, report: Report, *, at: datetime) -> None:
        values = {**_days(report), "report": orjson.dumps(report.as_json()).decode()}
        with self._database.shop(shop) as session:
            session.execute(FINISH, {"id": id, "at": at, **values})

    def add(
        self, shop: ShopId, id: str, source: Source, report: Report, *, name: str, size: int, by: str, at: datetime
    ) -> None:
        """Add what became of one more part to a delivery that comes in parts; the first one begins it."""
        begun = {"source": source, "name": name[:LONGEST_NAME], "by": by, "at": at}
        with self._database.shop(shop) as session:
            session.execute(BEGIN_PARTS, {"shop": shop, "id": id, **begun})
            # The row is locked, so parts that come at the same moment are added one after the other.
            summed = together(session.execute(SUM, {"id": id}).scalar_one(), report.as_json())
            written = orjson.dumps(summed).decode()
            session.execute(ADD, {"id": id, "at": at, "size": size, **_days(report), "report": written})

    def fail(self, shop: ShopId, id: str, error: str, *, at: datetime) -> None:
        with self._database.shop(shop) as session:
            session.execute(FAIL, {"id": id, "at": at, "error": error})

    def one(self, shop: ShopId, id: str) -> SourceDelivery | None:
        with self._database.shop(shop) as session:
            row = session.execute(ONE, {"id": id}).first()
        return _delivery(row) if row else None

    def latest(self, shop: ShopId, *, limit: int) -> Sequence[SourceDelivery]:
        """The newest first."""
        with self._database.shop(shop) as session:
            return [_delivery(row) for row in session.execute(LATEST, {"limit": limit})]


class DbUploads:
    """Implements `app.ports.Uploads`: a file is about people, so it is sealed while it waits."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer

    def put(self, shop: ShopId, upload: Upload) -> None:
        """Keep it, and note in the same transaction that it is to be taken in."""
        values = {
            "id": upload.id,
            "source": upload.source,
            "name": upload.name[:LONGEST_NAME],
            "by": upload.by,
            "at": upload.at,
            "order": upload.order or "",
            "content": self._sealer.seal(shop, CONTENT, upload.content),
        }
        with self._database.shop(shop) as session:
            session.execute(KEEP_UPLOAD, {"shop": shop, **values})
            session.execute(PUT, {"shop": shop, "kind": IMPORT_DUE, "id": upload.id, "after_s": 30.0})

    def get(self, shop: ShopId, id: str) -> Upload | None:
        with self._database.shop(shop) as session:
            row = session.execute(UPLOAD, {"id": id}).first()
        if row is None or row.content is None:
            return None
        return _upload(row, self._sealer.open(shop, CONTENT, row.content))

    def waiting(self, shop: ShopId) -> Sequence[Upload]:
        """Without their contents."""
        with self._database.shop(shop) as session:
            return [_upload(row) for row in session.execute(WAITING)]

    def done(self, shop: ShopId, id: str) -> None:
        """Delete it."""
        with self._database.shop(shop) as session:
            session.execute(DROP_UPLOAD, {"id": id})


def _days(report: Report) -> dict[str, date | None]:
    return {
        "first": report.first.date() if report.first else None,
        "last": report.last.date() if report.last else None,
    }


def _upload(row: Row[Any], content: bytes = b"") -> Upload:
    order = DayOrder(row.day_order) if row.day_order else None
    return Upload(row.id, Source(row.source), row.name, row.by, row.at, order, content)


def _delivery(row: Row[Any]) -> SourceDelivery:
    found = dict(row._mapping)
    return SourceDelivery(**{**found, "source": Source(row.source), "state": State(row.state)})
