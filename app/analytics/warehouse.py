"""Where analytics run: an expression becomes SQL of the engine's dialect, and the engine reads the lake's data set.

DuckDB in this process is the engine here. The expressions know nothing of it, so that a shop that outgrows one machine
needs another engine and no other expressions; a test compiles each for Spark and for Snowflake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, urlsplit

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

DEFAULTS: Final = {"memory_limit": "512MB", "threads": "2", "preserve_insertion_order": "false"}
"""Rows come in the order that an expression asks for, else in any: to keep the files' order costs memory."""
ROWS_A_BATCH: Final = 100_000


class Warehouse(Protocol):
    """An engine that answers expressions."""

    def batches(self, expression: ir.Table, tables: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
        """The expression's rows, read as they come; whole numbers may come in another width than the expression's.

        Args:
            tables: Arrow tables or data sets by the names that the expression's tables have.
        """

    def rows(self, expression: ir.Table, tables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The expression's rows, for results that are small."""


class DuckDbWarehouse:
    """DuckDB with bounded memory: what does not fit spills into a temporary folder.

    Args:
        url: ``duckdb://`` with options of DuckDB's as a query, such as ``duckdb://?memory_limit=2GB&threads=4``.
    """

    def __init__(self, url: str) -> None:
        self._options: dict[str, str | int | float | list[str]] = {
            **DEFAULTS,
            **dict(parse_qsl(urlsplit(url).query)),
        }

    def batches(self, expression: ir.Table, tables: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
        """The expression's rows, read as they come.

        Args:
            tables: Arrow tables or data sets by the names that the expression's tables have.
        """
        # What is spilled tells what visitors did: the folder is nobody else's, and goes with the question.
        with (
            TemporaryDirectory(prefix="attune-duckdb-") as spill,
            closing(duckdb.connect(config={"temp_directory": spill, **self._options})) as engine,
        ):
            for name, table in tables.items():
                engine.register(name, table)
            yield from engine.sql(ibis.to_sql(expression, dialect="duckdb")).to_arrow_reader(ROWS_A_BATCH)

    def rows(self, expression: ir.Table, tables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The expression's rows, for results that are small."""
        return [row for batch in self.batches(expression, tables) for row in batch.to_pylist()]
