"""Due work: what is still to be done, so that a queue that loses its memory loses nothing.

Wall time decides what is due, not store time: this is about processes, not about the shop.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.ports import DueItem

PUT = text("""
    INSERT INTO due_work (shop_id, kind, id, due_at)
    VALUES (:shop, :kind, :id, clock_timestamp() + make_interval(secs => :after_s))
    ON CONFLICT (shop_id, kind, id) DO UPDATE SET due_at = least(due_work.due_at, excluded.due_at)
""")
DONE = text("DELETE FROM due_work WHERE shop_id = :shop AND kind = :kind AND id = :id")
DROP = text("DELETE FROM due_work WHERE shop_id = :shop AND kind = :kind")
POSTPONE = text("""
    UPDATE due_work SET due_at = clock_timestamp() + make_interval(secs => :after_s)
    WHERE shop_id = :shop AND kind = :kind AND id = :id
""")
PUT_OFF = text("""
    UPDATE due_work SET due_at = clock_timestamp() + make_interval(secs => :after_s)
    WHERE shop_id = :shop AND kind = :kind
""")
TAKE_DUE = text("""
    UPDATE due_work SET due_at = clock_timestamp() + make_interval(secs => :again_s)
    WHERE (shop_id, kind, id) IN (
        SELECT shop_id, kind, id FROM due_work WHERE due_at <= clock_timestamp()
        ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING shop_id, kind, id
""")
WAITING = text("SELECT id FROM due_work WHERE shop_id = :shop AND kind = :kind ORDER BY due_at, id LIMIT :limit")
WAITS = text("SELECT 1 FROM due_work WHERE shop_id = :shop AND kind = :kind LIMIT 1")


class DbDueWork:
    """The ``due_work`` table, which is not under row-level security: the sweeper does not know the shops yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, shop: ShopId, kind: str, id: str = "", *, after_s: float = 30.0) -> None:
        with self._database.open() as connection:
            connection.execute(PUT, {"shop": shop, "kind": kind, "id": id, "after_s": after_s})

    def done(self, shop: ShopId, kind: str, id: str = "") -> None:
        with self._database.open() as connection:
            connection.execute(DONE, {"shop": shop, "kind": kind, "id": id})

    def put_off(self, shop: ShopId, kind: str, *, after_s: float) -> None:
        with self._database.open() as connection:
            connection.execute(PUT_OFF, {"shop": shop, "kind": kind, "after_s": after_s})

    def waits(self, shop: ShopId, kind: str) -> bool:
        """Whether work of this kind is still to be done in the shop."""
        with self._database.open() as connection:
            return connection.execute(WAITS, {"shop": shop, "kind": kind}).first() is not None

    def waiting(self, shop: ShopId, kind: str, *, limit: int = 1000) -> Sequence[str]:
        """The ids of the shop's work of this kind, whether its time has come or not."""
        with self._database.open() as connection:
            return list(connection.execute(WAITING, {"shop": shop, "kind": kind, "limit": limit}).scalars())

    def take_due(self, *, limit: int, again_s: float) -> Sequence[DueItem]:
        with self._database.open() as connection:
            rows = connection.execute(TAKE_DUE, {"limit": limit, "again_s": again_s})
            return [DueItem(ShopId(row.shop_id), row.kind, row.id) for row in rows]
