"""The store's people, orders, lines and products as tables for the warehouse, copied whole out of PostgreSQL.

Rows come by COPY in binary form and become Parquet in a folder of the run's own, which goes with it: whoever is erased
stands in no file that is left behind. Who may not be learnt from is left out here, so no expression has to ask again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import psycopg
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from app.adapters.db.engine import Database
from app.adapters.db.history import USABLE
from app.adapters.db.segment_people import people_of
from app.core.ids import ShopId
from app.core.segments.rules import Kind, Selection
from app.ports.segments import Sales

ORDERS: Final = f"""
    SELECT o.id, o.customer_id, floor(extract(epoch FROM o.created_at))::bigint,
           greatest(o.total - o.refunded, 0)::bigint, (o.discounts > 0)::int::bigint
    FROM orders o WHERE o.customer_id IS NOT NULL AND {USABLE}
"""
LINES: Final = f"""
    SELECT o.id, o.customer_id, floor(extract(epoch FROM o.created_at))::bigint, coalesce(l.product_id, 0),
           l.current_quantity::bigint,
           CASE WHEN l.quantity > 0 THEN (l.unit_price * l.quantity - l.discount) * l.current_quantity / l.quantity
                ELSE 0 END
    FROM orders o JOIN order_lines l ON l.shop_id = o.shop_id AND l.order_id = o.id
    WHERE o.customer_id IS NOT NULL AND {USABLE}
"""
ORDER_COLUMNS: Final = ("order_id", "customer_id", "at_s", "net", "discounted")
LINE_COLUMNS: Final = ("order_id", "customer_id", "at_s", "product_id", "quantity", "amount")
PRODUCTS: Final = """
    SELECT p.id, p.product_type, p.vendor,
           CASE WHEN v.price IS NOT NULL THEN
               1 + 3 * (rank() OVER (PARTITION BY p.product_type, v.price IS NULL ORDER BY v.price) - 1)
               / count(*) OVER (PARTITION BY p.product_type, v.price IS NULL) END AS level
    FROM products p LEFT JOIN (
        SELECT product_id, min(price) AS price FROM variants WHERE price > 0 GROUP BY 1
    ) v ON v.product_id = p.id
"""
"""`level` is the third of its type's prices that a product's lowest price lies in: 1, 2 or 3."""
COLLECTED: Final = "SELECT collection_id, product_id FROM collection_products WHERE collection_id = ANY(%s)"
TAGS: Final = "SELECT id, tag FROM customers, unnest(tags) tag WHERE tag = ANY(%s)"
HEADER, TRAILER, CHUNK = 19, 2, 1 << 22


class DbSales:
    """Implements `app.ports.SalesTables`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def opened(self, shop: ShopId, selections: Sequence[Selection], tags: Sequence[str]) -> Iterator[Sales]:
        """All tables as of one moment. Memory: a chunk of rows, and about 100 bytes for each name of a person."""
        with TemporaryDirectory(prefix="attune-sales-") as name, self._database.copy(shop) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # Whole tables are joined; right after an import the planner does not know yet how large they are.
            connection.execute("SET LOCAL enable_nestloop = off")
            folder = Path(name)
            people = people_of(connection)
            _write(connection, ORDERS, ORDER_COLUMNS, folder / "orders.parquet")
            _write(connection, LINES, LINE_COLUMNS, folder / "lines.parquet")
            tables = {
                **people.tables,
                "products": _products(connection, selections),
                "tags": _tags(connection, tags),
                "orders": pads.dataset(folder / "orders.parquet"),
                "lines": pads.dataset(folder / "lines.parquet"),
            }
            connection.commit()
            yield Sales(tables, people.profiles)


def _write(connection: psycopg.Connection, query: str, columns: Sequence[str], file: Path) -> None:
    """The query's rows, all of them numbers, as a file."""
    types = {"discounted": pa.bool_()}
    schema = pa.schema([pa.field(name, types.get(name, pa.int64())) for name in columns])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for rows in _numbers(connection, query, columns):
            arrays = [pa.array(rows[name].astype(np.int64)).cast(schema.field(name).type) for name in columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _numbers(connection: psycopg.Connection, query: str, columns: Sequence[str]) -> Iterator[npt.NDArray[np.void]]:
    """Rows of PostgreSQL's binary COPY format, in which every field has its length before it and none is null."""
    fields = [each for name in columns for each in ((f"{name}_length", ">i4"), (name, ">i8"))]
    row = np.dtype([("fields", ">i2"), *fields])
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT binary)") as copy:
        pending, start = bytearray(), HEADER
        for block in copy:
            pending += block
            if len(pending) >= CHUNK:
                # The trailer is shorter than a row, so it is never taken for one.
                rows = (len(pending) - start) // row.itemsize
                yield np.frombuffer(bytes(pending[start : start + rows * row.itemsize]), dtype=row)
                del pending[: start + rows * row.itemsize]
                start = 0
        rows = (len(pending) - start - TRAILER) // row.itemsize
        if rows > 0:
            yield np.frombuffer(bytes(pending[start : start + rows * row.itemsize]), dtype=row)


def _products(connection: psycopg.Connection, selections: Sequence[Selection]) -> pa.Table:
    """``product_id, level`` and whether the product is in each selection."""
    rows = connection.execute(PRODUCTS).fetchall()
    numbers = [int(each.key) for each in selections if each.kind is Kind.COLLECTION]
    collected = set(connection.execute(COLLECTED, [numbers]).fetchall()) if numbers else set()
    columns: dict[str, Any] = {
        "product_id": pa.array([row[0] for row in rows], pa.int64()),
        "level": pa.array([row[3] for row in rows], pa.int64()),
    }
    for place, selection in enumerate(selections):
        inside = [_is_in(selection, id, type, vendor, collected) for id, type, vendor, _ in rows]
        columns[f"in_{place}"] = pa.array(inside, pa.bool_())
    return pa.table(columns)


def _is_in(selection: Selection, id: int, type: str, vendor: str, collected: set[tuple[int, int]]) -> bool:
    match selection.kind:
        case Kind.COLLECTION:
            return (int(selection.key), id) in collected
        case Kind.TYPE:
            return type == selection.key
        case Kind.VENDOR:
            return vendor == selection.key
    return str(id) == selection.key


def _tags(connection: psycopg.Connection, tags: Sequence[str]) -> pa.Table:
    rows = connection.execute(TAGS, [list(tags)]).fetchall() if tags else []
    customers, found = [row[0] for row in rows], [row[1] for row in rows]
    return pa.table({"customer_id": pa.array(customers, pa.int64()), "tag": pa.array(found, pa.string())})
