"""The merchant's decisions on training, never changed, only added to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, text

from app.adapters.db import due_work
from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.ports import ConsentRecord

LATEST = text('SELECT granted, "by", text_version, at FROM consents ORDER BY id DESC LIMIT :limit')
ADD = text("""
    INSERT INTO consents (shop_id, granted, "by", text_version, at) VALUES (:shop, :granted, :by, :text_version, :at)
""")
TRAIN, FORGET = "train_models", "forget_models"


class DbConsents:
    def __init__(self, database: Database) -> None:
        self._database = database

    def current(self, shop: ShopId) -> ConsentRecord | None:
        """The latest decision; None when there never was one."""
        with self._database.shop(shop) as session:
            row = session.execute(LATEST, {"limit": 1}).first()
        return _record(row) if row else None

    def record(self, shop: ShopId, decision: ConsentRecord) -> None:
        """Add the decision; what it asks for, a training or its undoing, is noted as due in the same transaction."""
        values = {
            "shop": shop,
            "granted": decision.granted,
            "by": decision.by,
            "text_version": decision.text_version,
            "at": decision.at,
        }
        with self._database.shop(shop) as session:
            session.execute(ADD, values)
            if not decision.granted:
                session.execute(due_work.DROP, {"shop": shop, "kind": TRAIN})
            # A training that began under an earlier consent does not settle what this one asks for.
            kind, id = (TRAIN, f"consent {decision.at.isoformat()}") if decision.granted else (FORGET, "")
            session.execute(due_work.PUT, {"shop": shop, "kind": kind, "id": id, "after_s": 30.0})

    def history(self, shop: ShopId) -> Sequence[ConsentRecord]:
        """All decisions, the newest first."""
        with self._database.shop(shop) as session:
            return [_record(row) for row in session.execute(LATEST, {"limit": None})]


def _record(row: Row[tuple[bool, str, str, object]]) -> ConsentRecord:
    return ConsentRecord(row.granted, row.by, row.text_version, row.at)
