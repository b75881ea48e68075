"""Which engine counts: the back end that ``WAREHOUSE_URL`` names, each brought in only where it is wanted."""

from __future__ import annotations

from app.analytics.warehouse import DuckDbWarehouse, Warehouse


def warehouse_at(url: str) -> Warehouse:
    """The engine at a ``duckdb://``, ``pyspark://`` or ``snowflake://`` URL."""
    scheme = url.partition("://")[0]
    if scheme == "pyspark":
        from app.analytics.warehouse_spark import SparkWarehouse

        return SparkWarehouse(url)
    if scheme == "snowflake":
        from app.analytics.warehouse_snowflake import SnowflakeWarehouse

        return SnowflakeWarehouse(url)
    return DuckDbWarehouse(url)
