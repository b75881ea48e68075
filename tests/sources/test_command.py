"""`attune import SHOP SOURCE FILE…`: reports in words and as JSON, failures with an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from app.cli import commands
from app.config import Settings
from app.core.shops import Shop
from app.wiring.worker import worker
from tests.devstore_fixture import environment
from tests.sources.conftest import table
from tests.sources.test_tickets import ticket


@pytest.fixture
def ready(settings: Settings, stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    worker.cache_clear()
    yield stocked
    worker.cache_clear()


def run(*arguments: str) -> Result:
    worker.cache_clear()
    return CliRunner().invoke(commands, ["import", *arguments])


def test_a_file_is_imported_and_its_rows_are_accounted_for(ready: Shop, tmp_path: Path) -> None:
    path, report = tmp_path / "desk.csv", tmp_path / "report.json"
    path.write_bytes(table([ticket(1), ticket(1), ticket(2, **{"Requester email": "nobody"})], encoding="cp1252"))
    done = run("alice", "tickets", str(path), "--json", str(report))
    assert done.exit_code == 0, done.output
    assert "3 rows, 1 taken" in done.output
    assert "row 4: the e-mail field holds no address" in done.output
    (told,) = orjson.loads(report.read_bytes())["files"]
    assert (told["taken"], told["again"], told["refused"]) == (1, 1, {"not an e-mail address": 1})
    again = tmp_path / "renamed.csv"
    again.write_bytes(path.read_bytes())
    assert "imported already on" in run("alice", "tickets", str(again)).output


def test_what_cannot_be_used_is_a_sentence_and_an_exit_code(ready: Shop, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(b"a,b\n1,2\n")
    done = run("alice", "ad-spend", str(path))
    assert (done.exit_code, "has no column for" in done.output) == (1, True)
    assert run("alice", "shopify", str(path)).exit_code == 2
    assert run("nobody", "tickets", str(path)).exit_code == 1
    empty = tmp_path / "empty.json"
    empty.write_bytes(b"")
    assert "the file is empty" in run("alice", "ga4", str(empty)).output
    broken = tmp_path / "x.parquet"
    broken.write_bytes(b"PAR1 and nothing behind it")
    assert "cannot be read" in run("alice", "ga4", str(broken)).output
