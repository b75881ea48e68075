"""What benches ask the twin beside its API: when each bulk job began and ended, and what everybody's profile holds."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from tests.klaviyo_twin.wire import Wire, imported, running


@pytest.fixture
def wire() -> Iterator[Wire]:
    with running() as twin:
        yield twin


def test_a_job_is_told_with_its_moments_in_order(wire: Wire) -> None:
    wire.post("/_dev/jobs", {"hold": True})
    wire.post("/api/profile-bulk-import-jobs", imported({"email": "a@b.co"}, {"email": "c@d.co"}))
    (waiting,) = wire.get("/_dev/jobs")["jobs"]
    assert (waiting["total"], waiting["finished"]) == (2, None)
    wire.post("/_dev/jobs", {"hold": False})
    wire.done()
    (ended,) = wire.get("/_dev/jobs")["jobs"]
    assert ended["created"] <= ended["started"] <= ended["finished"]
    assert ended["status"] == "complete"


def test_everybodys_value_of_one_property_comes_line_by_line(wire: Wire) -> None:
    wire.account.upsert({"email": "a@b.co"}, properties={"own": [{"id": "1"}]})
    wire.account.upsert({"email": "c@d.co"})
    lines = wire.http.get("/_dev/profiles", params={"property": "own"}).content.splitlines()
    assert [orjson.loads(line) for line in lines] == [
        {"email": "a@b.co", "value": [{"id": "1"}]},
        {"email": "c@d.co", "value": None},
    ]
