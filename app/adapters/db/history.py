"""What was bought, read as arrays: the rows come by COPY in binary form, so no Python object is made of a line.

Nothing that names a person leaves the database here; who must be left out is decided in SQL.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt

from app.adapters.db.engine import Database
from app.core.ids import ShopId
from app.ports import Purchases

USABLE = """
    NOT o.test AND o.cancelled_at IS NULL AND NOT o.erased
    AND NOT EXISTS (SELECT 1 FROM customers c WHERE c.shop_id = o.shop_id AND c.id = o.customer_id AND c.opted_out)
    AND NOT EXISTS (SELECT 1 FROM tombstones t WHERE t.shop_id = o.shop_id AND t.customer_id = o.customer_id)
    AND NOT EXISTS (SELECT 1 FROM shopper_preferences p WHERE p.shop_id = o.shop_id AND p.kind = 'customer'
                    AND p.who = o.customer_id::text AND p.personalise IS false)
"""
"""Orders that may be learnt from: no tests, no cancellations, nobody who objected, was erased or switched it off."""
LINES = """
    COPY (
        SELECT o.id, l.product_id, l.current_quantity, floor(extract(epoch FROM o.created_at) / 86400)::int, o.person
        FROM (SELECT shop_id, id, created_at,
                     CASE WHEN customer_id IS NULL THEN 0 ELSE dense_rank() OVER (ORDER BY customer_id) END AS person
              FROM orders o
              WHERE o.created_at >= {since} AND o.created_at < {until} AND {usable}) o
        JOIN order_lines l ON l.shop_id = o.shop_id AND l.order_id = o.id
        WHERE l.product_id IS NOT NULL AND l.current_quantity > 0
        ORDER BY o.created_at, o.id, l.product_id
    ) TO STDOUT (FORMAT binary)
"""
ROW = np.dtype(
    [
        ("fields", ">i2"),
        *((name, kind) for field, width in (("order", 8), ("product", 8), ("quantity", 4), ("day", 4), ("customer", 8))
          for name, kind in ((f"{field}_length", ">i4"), (field, f">i{width}"))),
    ]
)  # fmt: skip
"""One row of PostgreSQL's binary COPY format, every field with its length before it; no field is ever null."""
HEADER = 19
TRAILER = 2
CHUNK = 1 << 22


class DbHistory:
    def __init__(self, database: Database) -> None:
        self._database = database

    def purchases(self, shop: ShopId, *, since: datetime, until: datetime) -> Purchases:
        """What was bought in [since, until): no tests, cancellations, refunds in full, objectors or erased people.

        Memory: the arrays returned (32 bytes a line) and once more while they are joined.
        """
        parts = self._read(shop, since, until)
        order_ids = _joined(parts, "order")
        changes = np.empty(len(order_ids), dtype=np.int64)
        changes[:1] = 0
        np.not_equal(order_ids[1:], order_ids[:-1], out=changes[1:], casting="unsafe")
        return Purchases(
            order=np.cumsum(changes),
            product=_joined(parts, "product"),
            quantity=_joined(parts, "quantity").astype(np.int32),
            day=_joined(parts, "day").astype(np.int32),
            customer=_joined(parts, "customer"),
        )

    def _read(self, shop: ShopId, since: datetime, until: datetime) -> list[npt.NDArray[np.void]]:
        parts: list[npt.NDArray[np.void]] = []
        with self._database.copy(shop) as connection, connection.cursor() as cursor:
            pending, at = bytearray(), HEADER
            with cursor.copy(_statement(since, until)) as copy:
                for block in copy:
                    pending += block
                    if len(pending) >= CHUNK:
                        at = _take(pending, at, parts)
            _take(pending[: len(pending) - TRAILER], at, parts)
        return parts


def _take(pending: bytearray, start: int, parts: list[npt.NDArray[np.void]]) -> int:
    """Move the whole rows from byte `start` of `pending` to `parts`; returns where the next row starts."""
    rows = max(len(pending) - start, 0) // ROW.itemsize
    if rows:
        part = np.frombuffer(bytes(pending[start : start + rows * ROW.itemsize]), dtype=ROW)
        parts.append(part[["order", "product", "quantity", "day", "customer"]].copy())
        del pending[: start + rows * ROW.itemsize]
        return 0
    return start


def _joined(parts: list[npt.NDArray[np.void]], field: str) -> npt.NDArray[np.int64]:
    if not parts:
        return np.empty(0, dtype=np.int64)
    return np.concatenate([part[field].astype(np.int64) for part in parts])


def _statement(since: datetime, until: datetime) -> str:
    """COPY takes no parameters; both values are datetimes of ours, written in ISO form."""
    return LINES.format(
        usable=USABLE, since=f"'{since.isoformat()}'::timestamptz", until=f"'{until.isoformat()}'::timestamptz"
    )
