"""What is asked of the lake about models on trial can be asked of every engine that may count over it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import ibis
import pytest

from app.analytics import model_watch
from app.core.experiments.types import ExperimentId
from app.core.ids import ModelVersion

SINCE = datetime(2026, 3, 2, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=1)


@pytest.mark.parametrize("dialect", ["duckdb", "pyspark", "snowflake"])
def test_the_expressions_are_sql_of_every_engine(dialect: str) -> None:
    versions = [ModelVersion("old"), ModelVersion("new")]
    for expression in (
        model_watch.of_versions(versions, SINCE, UNTIL, apart=[ExperimentId(3), ExperimentId(12)]),
        model_watch.by_day(SINCE, SINCE - timedelta(days=14), UNTIL),
    ):
        assert "SELECT" in ibis.to_sql(expression, dialect=dialect)
