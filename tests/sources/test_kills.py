"""An import that was killed at any checkpoint ends, once repeated, like one that never was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.config import Settings
from app.core.shops import Shop
from app.wiring.worker import Worker
from tests.devstore_fixture import environment
from tests.sources.conftest import lines, stored, table
from tests.sources.killed import SMALL_BATCH, import_file
from tests.sources.test_ad_spend import spent
from tests.sources.test_ga4 import hit

ROWS = 4 * SMALL_BATCH + 3


def content(source: str) -> bytes:
    """With a repeated row in it."""
    if source == "ga4":
        return lines([*(hit(after_us=number) for number in range(ROWS)), hit()])
    days = [f"2025-{month:02}-{day:02}" for month in (1, 2) for day in range(1, 28)][:ROWS]
    return table([*(spent(day) for day in days), spent(days[0])])


def left(wiring: Worker, shop: Shop) -> Any:
    with wiring.database.shop(shop.id) as session:
        spend = session.execute(text("SELECT day, cost FROM ad_spend ORDER BY day")).all()
    return [row["event_id"] for row in stored(wiring, shop, "ga4")], [tuple(row) for row in spend]


@pytest.mark.parametrize("source", ["ga4", "ad-spend"])
@pytest.mark.parametrize("checkpoint", ["batch_stored", "finished"])
def test_a_killed_import_is_repeated_without_harm(
    wiring: Worker, stocked: Shop, settings: Settings, tmp_path: Path, source: str, checkpoint: str
) -> None:
    path = tmp_path / f"{source}.csv"
    path.write_bytes(content(source))
    killed = subprocess.run(
        [sys.executable, "-m", "tests.sources.killed", str(path), checkpoint],
        env={**os.environ, **environment(settings)},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    # The claim of a killed process runs out by itself; the test does not wait for it.
    with wiring.database.shop(stocked.id) as session:
        session.execute(text("DELETE FROM claims"))
    import_file(wiring, stocked, path)
    (done,) = wiring.source_deliveries.latest(stocked.id, limit=5)
    assert (done.state, done.report["rows"], done.report["taken"], done.report["again"]) == ("done", ROWS + 1, ROWS, 1)
    ids, spend = left(wiring, stocked)
    assert (len(ids), len(set(ids)), len(spend)) == ((ROWS, ROWS, 0) if source == "ga4" else (0, 0, ROWS))
