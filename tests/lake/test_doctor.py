"""What the doctor says of the lake: written to, read in whole, counted in time; each trouble with its remedy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from app.cli import doctor_lake
from app.cli.doctor_lake import events, lake
from app.core.findings import Finding, Grade
from app.core.shops import Shop
from app.wiring.worker import Worker
from tests.lake.conftest import event, store, stored


def of_shop(wiring: Worker, shop: Shop) -> dict[str, Finding]:
    return {finding.subject: finding for finding in events(wiring, shop, wiring.diagnosis.shop(shop.id))}


def test_a_lake_that_is_well_passes(wiring: Worker, shop: Shop) -> None:
    (finding,) = lake(wiring)
    assert finding.grade is not Grade.FAIL
    assert of_shop(wiring, shop)["events"].detail == "none yet"
    store(wiring, shop, event("e-1", at=wiring.clock.now()))
    found = of_shop(wiring, shop)
    assert {finding.grade for finding in found.values()} == {Grade.PASS}
    assert found["events"].detail == "the newest is 0.0 hours old"


def test_the_probe_leaves_nothing_behind(wiring: Worker) -> None:
    list(lake(wiring))
    assert list(Path(wiring.lake_files.root).iterdir()) == []


def test_a_lake_that_cannot_be_written_fails(wiring: Worker, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    broken = Worker(replace(wiring.settings, lake_url=f"file://{tmp_path}/file/lake"))
    with pytest.raises(OSError, match="file"):  # The doctor turns it into a finding.
        list(lake(broken))
    broken.close()


@pytest.mark.parametrize("grade", [Grade.WARN, Grade.FAIL])
def test_a_full_disk_is_told_before_it_hurts(wiring: Worker, monkeypatch: pytest.MonkeyPatch, grade: Grade) -> None:
    free = wiring.lake_files.free_share()
    assert free is not None
    # The disk is what it is; what counts as little is moved above it.
    monkeypatch.setattr(doctor_lake, "LITTLE_SPACE", free + 0.01)
    monkeypatch.setattr(doctor_lake, "NO_SPACE", free - 0.005 if grade is Grade.WARN else free + 0.005)
    (finding,) = lake(wiring)
    assert finding.grade is grade
    assert finding.remedy


def test_what_is_not_counted_for_long_is_told(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1"))
    with wiring.database.shop(shop.id) as session:
        session.execute(text("UPDATE changed_days SET since = now() - interval '1 hour'"))
    finding = of_shop(wiring, shop)["figures"]
    assert (finding.grade, "not counted yet: 1, for 60 minutes" in finding.detail) == (Grade.WARN, True)


def test_damaged_files_are_told(wiring: Worker, shop: Shop) -> None:
    store(wiring, shop, event("e-1"))
    (part,) = wiring.lake_files.parts(shop.id, "events")
    Path(part.path).write_bytes(b"not a file of ours")
    assert stored(wiring, shop) == []
    finding = of_shop(wiring, shop)["lake files"]
    assert finding.grade is Grade.WARN
    assert "damaged-part-" in finding.detail
