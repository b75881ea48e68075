"""The warehouse on Snowflake: the same expressions, compiled to Snowflake's SQL.

What a question is about goes to a temporary stage as Parquet and becomes temporary tables, which end with the session;
nothing is left in the account. Written after Snowflake's documentation and checked by parsing what is compiled: it has
not been run against a live account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

STAGE: Final = "attune_question"
ROWS_A_GROUP: Final = 1_000_000
TYPES: Final = (
    (pa.types.is_boolean, "BOOLEAN"),
    (pa.types.is_integer, "NUMBER(19, 0)"),
    (pa.types.is_floating, "FLOAT"),
    (pa.types.is_timestamp, "TIMESTAMP_TZ"),
    (pa.types.is_string, "VARCHAR"),
    (pa.types.is_list, "ARRAY"),
)


class SnowflakeWarehouse:
    """Snowflake as a warehouse.

    Args:
        url: ``snowflake://USER:PASSWORD@ACCOUNT/DATABASE/SCHEMA?warehouse=NAME&role=NAME``.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        database, _, schema = parts.path.strip("/").partition("/")
        self._account: dict[str, Any] = {
            "account": parts.hostname or "",
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "database": database,
            "schema": schema or "PUBLIC",
            "timezone": "UTC",
            **dict(parse_qsl(parts.query)),
        }

    def batches(self, expression: ir.Table, tables: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
        """The expression's rows, as they are fetched."""
        connect = import_module("snowflake.connector").connect
        with TemporaryDirectory(prefix="attune-snowflake-") as folder, closing(connect(**self._account)) as connection:
            cursor = connection.cursor()
            cursor.execute(f"CREATE TEMPORARY STAGE {STAGE} FILE_FORMAT = (TYPE = PARQUET)")
            for name, table in tables.items():
                file = Path(folder) / f"{name}.parquet"
                _write(table, file)
                for statement in statements(name, table.schema, file):
                    cursor.execute(statement)
            cursor.execute(ibis.to_sql(expression, dialect="snowflake"))
            for found in cursor.fetch_arrow_batches():
                yield from found.to_batches()

    def rows(self, expression: ir.Table, tables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The expression's rows, for results that are small."""
        return [row for batch in self.batches(expression, tables) for row in batch.to_pylist()]


def statements(name: str, schema: pa.Schema, file: Path) -> tuple[str, str, str]:
    """What makes a temporary table of a Parquet file: the table, the upload, the filling.

    Names are ours, never a value from outside, and quoted as Ibis quotes them, so that their case is kept.
    """
    columns = ", ".join(f'"{field.name}" {_type(field.type)}' for field in schema)
    fields = ", ".join(f'$1:"{field.name}"::{_type(field.type)}' for field in schema)
    return (
        f'CREATE TEMPORARY TABLE "{name}" ({columns})',
        f"PUT 'file://{file.as_posix()}' @{STAGE}/{name} AUTO_COMPRESS = FALSE",
        f'COPY INTO "{name}" FROM (SELECT {fields} FROM @{STAGE}/{name})',  # noqa: S608
    )


def _write(table: Any, file: Path) -> None:
    """As Parquet, batch by batch: of a data set only what is being written is in memory."""
    batches = table.to_batches() if isinstance(table, pads.Dataset) else table.to_batches(ROWS_A_GROUP)
    with pq.ParquetWriter(file, table.schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _type(arrow: pa.DataType) -> str:
    return next(name for fits, name in TYPES if fits(arrow))
