"""Profiles over the twin's HTTP API: one by one, in bulk, found, patched and erased."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.klaviyo_twin.wire import Wire, error, imported, resource, running


@pytest.fixture
def wire() -> Iterator[Wire]:
    with running() as twin:
        yield twin


def test_an_upsert_makes_a_profile_once_and_keeps_the_properties_it_does_not_name(wire: Wire) -> None:
    first = wire.http.post("/api/profile-import", json=resource("profile", email="a@b.co", properties={"x": 1, "y": 2}))
    again = wire.http.post("/api/profile-import", json=resource("profile", email="A@b.co", properties={"y": 3}))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["data"]["id"] == first.json()["data"]["id"]
    assert again.json()["data"]["attributes"]["properties"] == {"x": 1, "y": 3}


def test_creating_who_exists_is_a_conflict_that_names_the_profile(wire: Wire) -> None:
    made = wire.post("/api/profiles", resource("profile", email="a@b.co"))["data"]["id"]
    refused = wire.http.post("/api/profiles", json=resource("profile", email="a@b.co"))
    assert refused.status_code == 409
    assert error(refused)["meta"]["duplicate_profile_id"] == made


def test_an_identifier_of_somebody_else_is_a_conflict(wire: Wire) -> None:
    wire.post("/api/profiles", resource("profile", email="a@b.co"))
    wire.post("/api/profiles", resource("profile", external_id="7"))
    refused = wire.http.post("/api/profile-import", json=resource("profile", email="a@b.co", external_id="7"))
    assert refused.status_code == 409


@pytest.mark.parametrize("field", ["email", "external_id", "_kx", "id"])
def test_a_profile_is_found_by_each_of_its_names(wire: Wire, field: str) -> None:
    profile = wire.account.upsert({"email": "o'hara@b.co", "external_id": "7"})
    wire.account.upsert({"email": "other@b.co"})
    value = profile.kx if field == "_kx" else getattr(profile, field)
    found = wire.get("/api/profiles", filter=f'equals({field},"{value}")')["data"]
    assert [one["id"] for one in found] == [profile.id]


def test_patches_append_to_lists_and_take_properties_away(wire: Wire) -> None:
    profile = wire.account.upsert({"email": "a@b.co"}, properties={"seen": ["1"], "old": 1, "kept": 2})
    body = resource("profile", profile.id)
    body["data"]["meta"] = {"patch_properties": {"append": {"seen": "2"}, "unset": ["old"]}}
    changed = wire.http.patch(f"/api/profiles/{profile.id}", json=body).json()["data"]["attributes"]["properties"]
    assert changed == {"seen": ["1", "2"], "kept": 2}


def test_consent_is_shown_only_when_asked_for(wire: Wire) -> None:
    profile = wire.account.upsert({"email": "a@b.co"})
    wire.account.set_consent(profile, "SUBSCRIBED")
    plain = wire.get(f"/api/profiles/{profile.id}")["data"]["attributes"]
    full = wire.get(f"/api/profiles/{profile.id}", **{"additional-fields[profile]": "subscriptions"})
    marketing = full["data"]["attributes"]["subscriptions"]["email"]["marketing"]
    assert "subscriptions" not in plain
    assert (marketing["consent"], marketing["can_receive_email_marketing"]) == ("SUBSCRIBED", True)


def test_a_bulk_import_takes_the_good_ones_and_names_the_bad(wire: Wire) -> None:
    wire.post("/_dev/faults", {"mode": "invalid_email", "emails": ["bad@b.co"]})
    body = imported({"email": "a@b.co"}, {"email": "bad@b.co"}, {"email": "no mail"}, {"external_id": "9"})
    job = wire.post("/api/profile-bulk-import-jobs", body)["data"]["id"]
    wire.done()
    attributes = wire.get(f"/api/profile-bulk-import-jobs/{job}")["data"]["attributes"]
    errors = wire.get(f"/api/profile-bulk-import-jobs/{job}/import-errors")["data"]
    assert (attributes["status"], attributes["completed_count"], attributes["failed_count"]) == ("complete", 2, 2)
    assert [one["attributes"]["original_payload"]["email"] for one in errors] == ["bad@b.co", "no mail"]


def test_a_held_job_stays_queued_until_it_is_let_go(wire: Wire) -> None:
    wire.post("/_dev/jobs", {"hold": True})
    job = wire.post("/api/profile-bulk-import-jobs", imported({"email": "a@b.co"}))["data"]
    assert job["attributes"]["status"] == "queued"
    assert not wire.account.profiles
    wire.post("/_dev/jobs", {"hold": False})
    wire.done()
    assert wire.get(f"/api/profile-bulk-import-jobs/{job['id']}")["data"]["attributes"]["status"] == "complete"


def test_an_import_joins_the_lists_that_it_names(wire: Wire) -> None:
    newsletter = wire.account.new_list("Newsletter")
    body = imported({"email": "a@b.co"})
    body["data"]["relationships"] = {"lists": {"data": [{"type": "list", "id": newsletter.id}]}}
    wire.post("/api/profile-bulk-import-jobs", body)
    wire.done()
    assert len(wire.get(f"/api/lists/{newsletter.id}/profiles")["data"]) == 1


@pytest.mark.parametrize(
    ("profiles", "status"),
    [
        ([{"external_id": str(n)} for n in range(10_001)], 400),
        ([{"external_id": "1", "properties": {"x": "y" * 100_001}}], 400),
        ([{"external_id": str(n), "properties": {"x": "y" * 99_000}} for n in range(51)], 413),
        ([{"properties": {"x": 1}}], 400),
        ([], 400),
    ],
    ids=["too many", "one too large", "too large", "nobody", "empty"],
)
def test_an_import_beyond_the_limits_is_refused_whole(wire: Wire, profiles: list[Any], status: int) -> None:
    assert wire.http.post("/api/profile-bulk-import-jobs", json=imported(*profiles)).status_code == status
    assert not wire.account.profiles


def test_erasing_a_person_leaves_their_events_without_content(wire: Wire) -> None:
    profile = wire.account.upsert({"email": "a@b.co"})
    happened = wire.account.record(profile, "Seen", {"what": "secret"})
    body = resource("data-privacy-deletion-job", profile=resource("profile", email="a@b.co"))
    assert wire.http.post("/api/data-privacy-deletion-jobs", json=body).status_code == 202
    assert wire.get("/api/profiles", filter='equals(email,"a@b.co")')["data"] == []
    assert happened is not None
    assert happened.properties == {"what": "redacted"}


def test_erasure_wants_exactly_one_name(wire: Wire) -> None:
    body = resource("data-privacy-deletion-job", profile=resource("profile", "01X", email="a@b.co"))
    assert wire.http.post("/api/data-privacy-deletion-jobs", json=body).status_code == 400


def test_pages_follow_each_other_to_the_end(wire: Wire) -> None:
    for number in range(25):
        wire.account.upsert({"external_id": str(number)})
    first = wire.get("/api/profiles")
    second = wire.http.get(first["links"]["next"]).json()
    assert len(first["data"]) == 20
    assert len(second["data"]) == 5
    assert second["links"]["next"] is None
