"""Key rotation: boxes that an older key sealed are opened and sealed again with the newest, a batch at a time.

Keyed hashes of e-mails are made anew on the way, from the e-mail inside the contact box. Once nothing is left, the old
key may leave ENCRYPTION_KEYS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Row, text
from sqlmodel import Session

from app.adapters.crypto import Sealer
from app.adapters.db.engine import Database
from app.core.ids import ShopId

BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Boxes:
    """The boxes of one column. `key` is the table's key beside the shop; `hashed` its column of e-mail hashes."""

    table: str
    key: str
    column: str
    hashed: str | None = None


COLUMNS: Final = (
    Boxes("credentials", "shop_id", "access_token"),
    Boxes("credentials", "shop_id", "refresh_token"),
    Boxes("deliveries", "webhook_id", "payload"),
    Boxes("customers", "id", "contact", hashed="email_hash"),
    Boxes("orders", "id", "contact", hashed="email_hash"),
    Boxes("receipts", "id", "export"),
    Boxes("source_uploads", "id", "content"),
    Boxes("stock_keys", "shop_id", "secret"),
    Boxes("klaviyo_connections", "shop_id", "secret"),
    Boxes("klaviyo_connections", "shop_id", "sender"),
    Boxes("klaviyo_askings", "shop_id", "given"),
    Boxes("feed_keys", "shop_id", "secret"),
    Boxes("engagement_hooks", "shop_id", "secret"),
    Boxes("mail_previews", "id", "content"),
    Boxes("klaviyo_pushes", "customer_id", "sent_to"),
)
"""A test compares these with the tables' columns of type bytes."""


class DbResealing:
    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def reseal(self, shop: ShopId) -> int:
        """Seal again what is not sealed with the newest key; returns how many boxes."""
        return sum(self._column(shop, boxes) for boxes in COLUMNS)

    def _column(self, shop: ShopId, boxes: Boxes) -> int:
        old = text(
            f"SELECT {boxes.key} AS key, {boxes.column} AS box FROM {boxes.table} "
            f"WHERE {boxes.column} IS NOT NULL AND substring({boxes.column} FROM 2 FOR 4) <> :newest "
            f"LIMIT {BATCH} FOR UPDATE SKIP LOCKED"
        )
        total = 0
        while True:
            # A transaction a batch: rows stay locked briefly, and a kill loses at most one batch.
            with self._database.shop(shop) as session:
                rows = session.execute(old, {"newest": self._sealer.newest_key_id}).all()
                for row in rows:
                    self._again(session, shop, boxes, row)
            total += len(rows)
            if len(rows) < BATCH:
                return total

    def _again(self, session: Session, shop: ShopId, boxes: Boxes, row: Row[Any]) -> None:
        bound = f"{boxes.table}.{boxes.column}"
        plain = self._sealer.open(shop, bound, row.box)
        changes: dict[str, bytes | None] = {boxes.column: self._sealer.seal(shop, bound, plain)}
        if boxes.hashed:
            email = orjson.loads(plain).get("email")
            changes[boxes.hashed] = self._sealer.email_hash(shop, email) if email else None
        assignments = ", ".join(f"{name} = :{name}" for name in changes)
        statement = f"UPDATE {boxes.table} SET {assignments} WHERE {boxes.key} = :key"
        session.execute(text(statement), {**changes, "key": row.key})
