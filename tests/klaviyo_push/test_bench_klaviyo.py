"""The bench of pushes measures what it says: in small it pushes everybody, survives a kill, and notices idleness."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.bench.klaviyo import command
from app.cli.bench.klaviyo_idle import idleness


def test_in_small_everybody_is_pushed_and_a_killed_worker_leaves_nothing_old(tmp_path: Path) -> None:
    file = tmp_path / "klaviyo.json"
    done = CliRunner().invoke(command, ["--profiles", "120", "--kills", "1", "--json", str(file)])
    assert file.exists(), done.output
    written = json.loads(file.read_bytes())
    measures = written["measures"]
    assert measures["pushed"] == 120
    assert measures["imports"] >= 1
    assert measures["throttled"] == 0
    assert measures["bytes"] > 120 * 1000
    assert (measures["newest"], measures["older"], measures["missing"]) == (1.0, 0, 0)
    assert {"push_s", "idle_share", "worker_peak_mib", "newest", "older"} <= written["targets"].keys()
    assert done.exit_code == (0 if all(written["met"].values()) else 1), done.output


def test_time_without_anything_on_its_way_is_empty_and_idle_where_nobody_worked_either() -> None:
    looks = [(at / 10, at < 20) for at in range(0, 100)]
    found = idleness(0.0, [(1.0, 2.0), (9.0, 9.5)], [(2.0, 5.0)], looks)
    assert found.empty == pytest.approx((1 + 4) / 9)
    assert found.idle == pytest.approx(40 / 91)


def test_while_quota_is_used_up_nothing_is_idle() -> None:
    burst = [(1.0 + at / 100, 1.005 + at / 100) for at in range(10)]
    found = idleness(1.0, [*burst, (2.0, 2.1)], [], [(1.5, False), (1.9, False)])
    assert found.idle == 0
    assert found.empty < 0.05


def test_a_push_without_imports_has_no_share() -> None:
    assert idleness(5.0, [], [], []).empty == 0
