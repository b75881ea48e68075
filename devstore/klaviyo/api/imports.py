"""Bulk import of profiles: the request is checked at once, the twin's worker takes its profiles in afterwards."""

from __future__ import annotations

from typing import Any

import orjson

from devstore.klaviyo.api import documents, people
from devstore.klaviyo.api.asked import Asked
from devstore.klaviyo.api.errors import ApiError, invalid, missing
from devstore.klaviyo.api.gate import Answer, Gate
from devstore.klaviyo.api.jobs import Jobs
from devstore.klaviyo.api.rates import M
from devstore.klaviyo.records import Failure, Job
from devstore.klaviyo.state import IDENTIFIERS, Account

Json = dict[str, Any]
KIND = "profile-bulk-import-job"
MOST = 10_000


def register(gate: Gate, account: Account, jobs: Jobs, invalid_emails: set[str]) -> None:
    @gate.route("POST", "/api/profile-bulk-import-jobs", M, "lists:write", "profiles:write")
    def create(asked: Asked) -> Answer:
        data = asked.resource(KIND, ("profiles",))
        entries = _entries(asked, asked.attributes(data), gate.faults.refused_emails)
        lists = _lists(account, data)
        job = jobs.start(KIND, len(entries), lambda job: _take_in(account, job, entries, invalid_emails), lists)
        return 202, {"data": documents.job(job)}

    @gate.route(
        "GET", "/api/profile-bulk-import-jobs/<name>", M, "lists:read", "profiles:read", parameters=("include",)
    )
    def read(_: Asked, name: str) -> Answer:
        return 200, {"data": documents.job(jobs.get(KIND, name))}

    @gate.route(
        "GET", "/api/profile-bulk-import-jobs", M, "lists:read", "profiles:read",
        parameters=("filter", "sort", "page[size]", "page[cursor]"),
    )  # fmt: skip
    def every(asked: Asked) -> Answer:
        wanted = [one.value for one in asked.conditions({"status": ("equals",)})]
        found = [one for one in jobs.of(KIND) if not wanted or one.status in wanted]
        return 200, asked.page(found, documents.job)

    @gate.route(
        "GET", "/api/profile-bulk-import-jobs/<name>/import-errors", M, "profiles:read",
        parameters=("page[size]", "page[cursor]"),
    )  # fmt: skip
    def errors(asked: Asked, name: str) -> Answer:
        job = jobs.get(KIND, name)
        numbered = list(enumerate(job.failures))
        return 200, asked.page(numbered, lambda one: _error(job, *one))


def _entries(asked: Asked, attributes: Json, refused_emails: set[str]) -> list[bytes]:
    """The profiles of the body.

    Raises:
        ApiError: too many, too large, or one without any identifier; nothing is taken in then.
    """
    entries = (attributes.get("profiles") or {}).get("data")
    if not isinstance(entries, list) or not entries:
        raise invalid("profiles.data must be a list of profiles.", "/data/attributes/profiles/data")
    if len(entries) > MOST:
        raise invalid(f"At most {MOST} profiles may be imported at once.", "/data/attributes/profiles/data")
    for number, entry in enumerate(entries):
        _check(asked, entry, f"/data/attributes/profiles/data/{number}", refused_emails)
    # Packed, because parsed bodies of many waiting jobs would fill the memory.
    return [people.waiting(entry) for entry in entries]


def _check(asked: Asked, entry: Any, pointer: str, refused_emails: set[str]) -> None:
    if not isinstance(entry, dict) or entry.get("type") != "profile" or not isinstance(entry.get("attributes"), dict):
        raise invalid("Every entry must be a profile with attributes.", pointer)
    attributes = entry["attributes"]
    if not entry.get("id") and not any(attributes.get(name) for name in IDENTIFIERS[1:]):
        raise invalid("Every profile needs at least one identifier.", f"{pointer}/attributes")
    if attributes.get("email") in refused_emails:
        raise invalid("The profile cannot be taken in.", f"{pointer}/attributes/email")
    asked.unknown += [f"profile.attributes.{name}" for name in attributes if name not in people.KNOWN]


def _lists(account: Account, data: Json) -> tuple[str, ...]:
    wanted = ((data.get("relationships") or {}).get("lists") or {}).get("data") or []
    names = tuple(str(one.get("id")) for one in wanted)
    for name in names:
        if name not in account.lists:
            raise missing("list", name)
    return names


def _take_in(account: Account, job: Job, entries: list[bytes], invalid_emails: set[str]) -> None:
    joined = [account.lists[name] for name in job.list_ids]
    for number, waiting in enumerate(entries):
        entry = orjson.loads(waiting)
        try:
            profile, _ = people.write(account, entry, invalid_emails)
        except ApiError as error:
            pointer = f"/data/attributes/profiles/data/{number}/attributes"
            job.failures.append(Failure(error.code, error.title, error.detail, pointer, entry["attributes"]))
            job.failed += 1
            continue
        for members_of in joined:
            account.join(profile, members_of)
        job.completed += 1


def _error(job: Job, number: int, failure: Failure) -> Json:
    attributes = {
        "code": failure.code,
        "title": failure.title,
        "detail": failure.detail,
        "source": {"pointer": failure.pointer},
        "original_payload": failure.payload,
    }
    return documents.resource("import-error", f"{job.id}-{number}", attributes)
