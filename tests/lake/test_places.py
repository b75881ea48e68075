"""Where files lie: on a disk or in an object store, by the same paths; and what other engines would be asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.fs as pafs
import pytest

from app.adapters.lake.files import LakeFiles
from app.adapters.lake.lake import ParquetLake
from app.adapters.lake.schema import DECISIONS, EVENTS
from app.adapters.lake.upkeep import ParquetUpkeep
from app.analytics import experiments, expressions
from app.analytics.warehouse import DuckDbWarehouse
from app.core.experiments.types import ExperimentId
from app.core.ids import ShopId
from app.core.shops import Shop
from app.services.checkpoints import carry_on
from app.services.store_records import Ports, store_records
from app.wiring.worker import Worker
from tests.lake.conftest import event

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
ASKED = experiments.Asked(ExperimentId(3), SINCE, UNTIL, ((SINCE, SINCE + timedelta(hours=1)),))
EVERY = {
    "counts": expressions.counts(SINCE, UNTIL),
    "visits": expressions.visits(SINCE, UNTIL),
    "sessions": expressions.sessions(SINCE, UNTIL),
    "exposed": experiments.exposed(ASKED),
    "only in windows": experiments.only_in_windows(ASKED),
    "behaviour": experiments.behaviour(ASKED),
    "shown": experiments.shown(ASKED),
    "purchases": experiments.purchases(ASKED),
    "carts": experiments.carts(ASKED),
    "team clicks": experiments.team_clicks(ASKED),
}


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("dialect", ["duckdb", "pyspark", "snowflake"])
def test_every_expression_compiles_for_every_engine(name: str, dialect: str) -> None:
    sql = str(ibis.to_sql(EVERY[name], dialect=dialect)).lower()
    assert "row_number()" in sql, "each event counts once"
    assert "product_view" in sql or name != "sessions"


def test_the_expressions_read_only_columns_that_the_lake_has() -> None:
    assert set(expressions.EVENTS.columns) <= set(EVENTS.names)
    assert set(experiments.DECISIONS.columns) <= set(DECISIONS.names)


def test_the_warehouse_takes_its_options_from_its_address() -> None:
    rows = DuckDbWarehouse("duckdb://?memory_limit=64MB&threads=1").rows(
        expressions.counts(SINCE, UNTIL), {"events": EVENTS.empty_table()}
    )
    assert rows == []


@pytest.fixture
def bucket(tmp_path: Path) -> LakeFiles:
    """A file system that can't be flushed or renamed in: what an object store is to us."""
    (tmp_path / "bucket").mkdir()
    inside = pafs.SubTreeFileSystem(str(tmp_path / "bucket"), pafs.LocalFileSystem())
    return LakeFiles(inside, "lake", is_local=False)


def test_an_object_store_holds_the_same_paths_and_is_kept_the_same_way(
    bucket: LakeFiles, wiring: Worker, shop: Shop, tmp_path: Path
) -> None:
    lake = ParquetLake(bucket, wiring.lake_index)
    for names in (("e-1", "e-2"), ("e-2", "e-3")):
        store_records([(shop.id, event(name)) for name in names], Ports(lake))
    folder = f"lake/shop={shop.id}/kind=events"
    assert {part.folder for part in bucket.parts(shop.id, "events")} == {f"{folder}/day=2026-03-10"}
    ParquetUpkeep(bucket, wiring.lake_index).tidy(shop.id, today=date(2026, 6, 1), checkpoint=carry_on)
    (part,) = bucket.parts(shop.id, "events")
    assert part.folder == f"{folder}/month=2026-03"
    day = date(2026, 3, 10)
    found = lake.read(shop.id, day, day, lambda dataset: dataset.to_table(columns=["event_id"]).to_pylist())
    assert [row["event_id"] for row in found] == ["e-1", "e-2", "e-3"]
    assert bucket.delete_shop(shop.id) == 1
    assert bucket.free_share() is None


def test_a_lake_is_a_folder_or_a_bucket(tmp_path: Path) -> None:
    folder = LakeFiles.at(f"file://{tmp_path}/a%20lake")
    assert folder.root == f"{tmp_path}/a lake"
    folder.write(
        folder.day_folder(ShopId(1), "events", SINCE.date()) + "/part-0a.parquet", [EVENTS.empty_table()], EVENTS
    )
    assert [part.first for part in folder.parts(ShopId(1), "events")] == [SINCE.date()]
    bucket = LakeFiles.at("s3://bucket/some/lake?region=eu-west-1&endpoint_override=127.0.0.1:1")
    assert bucket.day_folder(ShopId(1), "events", SINCE.date()) == "bucket/some/lake/shop=1/kind=events/day=2026-03-01"
    for url in ("http://bucket", "file://host/path", "s3://"):
        with pytest.raises(ValueError, match="s3://bucket"):
            LakeFiles.at(url)


def test_a_file_from_before_a_column_existed_reads_as_empty_there(wiring: Worker, shop: Shop) -> None:
    store_records([(shop.id, event("e-1"))], Ports(wiring.lake))
    (part,) = wiring.lake_files.parts(shop.id, "events")
    old = pa.schema([field for field in EVENTS if field.name not in {"client", "path"}])
    table = wiring.lake.read(shop.id, part.first, part.last, lambda dataset: dataset.to_table(columns=old.names))
    wiring.lake_files.write(part.path, [table], old)
    (row,) = wiring.lake.read(shop.id, part.first, part.last, lambda dataset: dataset.to_table().to_pylist())
    assert (row["event_id"], row["client"], row["path"]) == ("e-1", None, None)
