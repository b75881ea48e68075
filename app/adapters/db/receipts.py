"""The receipts of privacy requests, as the merchant reads them; what was exported is fetched one by one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from app.adapters.db.access_log import Reader
from app.adapters.db.engine import Database
from app.adapters.db.privacy import EXPORT
from app.core.ids import ShopId
from app.ports import Access, ReceiptEntry

LATEST = text("""
    SELECT id, kind, subject, requested_at, finished_at, places, export IS NOT NULL AS has_export FROM receipts
    ORDER BY requested_at DESC, id LIMIT :most
""")
ONE = text("SELECT subject, export FROM receipts WHERE id = :id")


class DbReceipts:
    """Implements `app.ports.Receipts`."""

    def __init__(self, database: Database, reader: Reader) -> None:
        self._database, self._reader = database, reader

    def latest(self, shop: ShopId, *, limit: int) -> Sequence[ReceiptEntry]:
        """The newest first, without what was exported."""
        with self._database.shop(shop) as session:
            rows = session.execute(LATEST, {"most": limit})
            return [
                ReceiptEntry(r.id, r.kind, r.subject, r.requested_at, r.finished_at, r.places, r.has_export)
                for r in rows
            ]

    def export(self, shop: ShopId, id: str, access: Access) -> bytes | None:
        """What was exported, as JSON; None where there is none, or no longer. The access log has it first."""
        with self._database.shop(shop) as session:
            row = session.execute(ONE, {"id": id}).first()
        if row is None or row.export is None:
            return None
        return self._reader.open(
            shop, EXPORT, bytes(row.export), access, subject_kind="customer", subject_id=row.subject
        )
