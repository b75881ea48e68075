"""Every expression means the same to DuckDB and to Spark, row by row, and is SQL that Snowflake's parser takes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest
import sqlglot

from app.adapters.lake.schema import EVENTS
from app.analytics.engines import warehouse_at
from app.analytics.warehouse import DuckDbWarehouse, Warehouse
from app.analytics.warehouse_snowflake import SnowflakeWarehouse, statements
from tests.segments.engines import EVERY, needed, tables

ORDERED = {"sessions", "shown", "carts", "team clicks", "exposed", "versions by day"}
"""Expressions whose rows come in an order of their own."""


@pytest.fixture(scope="module")
def spark() -> Iterator[Warehouse]:
    """Spark on this machine, where it is installed and Java is there."""
    sql = pytest.importorskip("pyspark.sql")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    yield warehouse_at("pyspark://local[2]?spark.sql.shuffle.partitions=2&spark.driver.memory=1g")
    active = sql.SparkSession.getActiveSession()
    if active is not None:
        active.stop()


@pytest.fixture(scope="module")
def drawn() -> dict[str, pa.Table]:
    return tables(seed=20261123)


def plain(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Rows in one order, numbers as numbers whatever their width."""
    return [tuple(_plain(value) for value in row.values()) for row in rows]


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, int | float | Decimal) else value


def unordered(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)


@pytest.mark.parametrize("name", EVERY)
def test_spark_gives_the_rows_that_duckdb_gives(name: str, spark: Warehouse, drawn: Mapping[str, pa.Table]) -> None:
    asked = needed(EVERY[name], drawn)
    here, there = (plain(engine.rows(EVERY[name], asked)) for engine in (DuckDbWarehouse("duckdb://"), spark))
    if name not in ORDERED:
        here, there = unordered(here), unordered(there)
    assert here, "the drawn tables answer it with something"
    assert there == here


def test_spark_reads_the_lakes_files_where_they_lie(
    spark: Warehouse, drawn: Mapping[str, pa.Table], tmp_path: Path
) -> None:
    # Each event once: of two copies of which one is from before a column existed, either may be the one that counts.
    events = drawn["events"].slice(0, 900)
    pq.write_table(events.slice(0, 300).drop_columns(["ghost"]), tmp_path / "part-0a.parquet")
    pq.write_table(events.slice(300), tmp_path / "part-0b.parquet")
    lake = {"events": pads.dataset(tmp_path, schema=EVENTS)}
    for name in ("counts", "visits"):
        here, there = (
            unordered(plain(engine.rows(EVERY[name], lake))) for engine in (DuckDbWarehouse("duckdb://"), spark)
        )
        assert there == here


@pytest.mark.parametrize("name", EVERY)
def test_what_is_compiled_for_snowflake_is_sql_of_snowflakes(name: str) -> None:
    (parsed,) = sqlglot.parse(str(ibis.to_sql(EVERY[name], dialect="snowflake")), read="snowflake")
    assert parsed is not None
    read = {table.name for table in parsed.find_all(sqlglot.exp.Table)}
    assert read >= set(needed(EVERY[name], dict.fromkeys(tables(1))))


def test_what_fills_snowflakes_tables_is_sql_too() -> None:
    made = statements("events", EVENTS, Path("/tmp/events.parquet"))
    for statement in made:
        assert sqlglot.parse_one(statement, read="snowflake") is not None
    assert '"products" ARRAY' in made[0]


def test_the_address_says_which_engine_counts() -> None:
    assert isinstance(warehouse_at("duckdb://?threads=1"), DuckDbWarehouse)
    assert isinstance(warehouse_at("snowflake://ada:secret@account/DB/PUBLIC?warehouse=SMALL"), SnowflakeWarehouse)
