"""The warehouse on Spark, local or on a cluster: the same expressions, compiled to Spark's SQL.

Files of the lake are read where they lie (an object store through Hadoop's ``s3a``); what is only in memory is written
as Parquet into a temporary folder that all executors must see, so on a cluster ``scratch`` names a shared one.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.fs as pafs
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SETTINGS: Final = {
    # Moments come in and go out as UTC's, wherever the machine stands.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
    "spark.driver.memory": "2g",
    "spark.sql.ansi.enabled": "true",
}
ROWS_A_BATCH: Final = 100_000


class SparkWarehouse:
    """Spark as a warehouse; one session a process, started at the first question.

    Args:
        url: ``pyspark://local[2]`` or ``pyspark://spark://host:7077``; settings of Spark's as a query, such as
            ``?spark.driver.memory=4g``, and ``scratch`` for the folder of what is only in memory.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url.removeprefix("pyspark://"), scheme="")
        self._master = unquote(url.removeprefix("pyspark://").partition("?")[0]) or "local[*]"
        options = dict(parse_qsl(parts.query))
        self._scratch = options.pop("scratch", None)
        self._settings = {**SETTINGS, **options}

    def batches(self, expression: ir.Table, tables: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
        """The expression's rows; Spark gives them all at once."""
        session = self._session()
        with TemporaryDirectory(prefix="attune-spark-", dir=self._scratch) as folder:
            for name, table in tables.items():
                _frame(session, table, Path(folder)).createOrReplaceTempView(name)
            found = session.sql(ibis.to_sql(expression, dialect="pyspark")).toArrow()
            yield from found.to_batches(ROWS_A_BATCH)

    def rows(self, expression: ir.Table, tables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The expression's rows, for results that are small."""
        return [row for batch in self.batches(expression, tables) for row in batch.to_pylist()]

    def _session(self) -> SparkSession:
        from pyspark.sql import SparkSession

        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.appName("attune").master(self._master)
        for name, value in self._settings.items():
            builder = builder.config(name, value)
        return builder.getOrCreate()


def _frame(session: SparkSession, table: Any, folder: Path) -> DataFrame:
    """A table or data set for Spark, with the columns and types that Arrow gives it."""
    from pyspark.sql.pandas.types import from_arrow_schema

    schema = from_arrow_schema(table.schema)
    if isinstance(table, pads.FileSystemDataset) and table.files:
        return session.read.schema(schema).parquet(*(_address(table.filesystem, path) for path in table.files))
    file = folder / f"{secrets.token_hex(8)}.parquet"
    pq.write_table(table.to_table() if isinstance(table, pads.Dataset) else table, file)
    return session.read.schema(schema).parquet(file.as_uri())


def _address(filesystem: pafs.FileSystem, path: str) -> str:
    if isinstance(filesystem, pafs.LocalFileSystem):
        return Path(path).absolute().as_uri()
    if filesystem.type_name == "s3":
        return f"s3a://{path}"
    raise ValueError(f"Spark does not know where {filesystem.type_name} files lie")
