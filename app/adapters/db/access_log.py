"""Who opened whose personal fields, when and why: written and committed before a box is opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import text

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.ports import Access, AccessEntry, Clock

NOTE = text("""
    INSERT INTO access_log (shop_id, at, reader, subject_kind, subject_id, fields, why)
    VALUES (:shop, :at, :reader, :kind, :subject, :fields, :why)
""")
ENTRIES = text("""
    SELECT at, reader, subject_kind, subject_id, fields, why FROM access_log
    WHERE :subject = '' OR subject_id = :subject ORDER BY at DESC, id DESC LIMIT :most
""")
LONGEST: Final = 200


class DbAccessLog:
    """Implements `app.ports.AccessLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(
        self, shop: ShopId, access: Access, *, subject_kind: str, subject_id: str, fields: str, at: datetime
    ) -> None:
        """Write it down, in a transaction of its own: a reading that fails afterwards was still a reading."""
        said = {"reader": access.reader[:LONGEST], "why": access.why[:LONGEST]}
        whose = {"kind": subject_kind, "subject": subject_id, "fields": fields}
        with self._database.shop(shop) as session:
            session.execute(NOTE, {"shop": shop, "at": at, **said, **whose})

    def entries(self, shop: ShopId, *, limit: int, subject_id: str = "") -> Sequence[AccessEntry]:
        """The newest first, of one subject or of all."""
        with self._database.shop(shop) as session:
            rows = session.execute(ENTRIES, {"most": limit, "subject": subject_id})
            return [AccessEntry(r.at, r.reader, r.subject_kind, r.subject_id, r.fields, r.why) for r in rows]


class Reader:
    """The one way to a personal field for people: says who reads whose field and why, and then opens the box."""

    def __init__(self, sealer: Sealer, log: DbAccessLog, clock: Clock) -> None:
        self._sealer, self._log, self._clock = sealer, log, clock

    def open(
        self, shop: ShopId, column: str, box: bytes, access: Access, *, subject_kind: str, subject_id: str
    ) -> bytes:
        """As `Sealer.open`, after the access log has it."""
        at = self._clock.now()
        self._log.note(shop, access, subject_kind=subject_kind, subject_id=subject_id, fields=column, at=at)
        return self._sealer.open(shop, column, box)
