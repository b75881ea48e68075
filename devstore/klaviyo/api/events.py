"""Events: one at a time, in bulk, and read back page by page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from devstore.klaviyo.api import documents, people
from devstore.klaviyo.api.asked import Asked, Condition
from devstore.klaviyo.api.errors import ApiError, bad_parameter, invalid
from devstore.klaviyo.api.event_body import BULK_KNOWN, KNOWN, Entry, bulk_entries, entry_of
from devstore.klaviyo.api.gate import Answer, Gate
from devstore.klaviyo.api.jobs import Jobs
from devstore.klaviyo.api.rates import XL, M
from devstore.klaviyo.records import Event, Job
from devstore.klaviyo.state import Account

Json = dict[str, Any]
_ORDER = ("greater-or-equal", "greater-than", "less-or-equal", "less-than")
FILTERS = {"metric_id": ("equals",), "profile_id": ("equals",), "datetime": _ORDER, "timestamp": _ORDER}
COMPARE: dict[str, Callable[[datetime, datetime], bool]] = {
    "greater-or-equal": lambda at, bound: at >= bound,
    "greater-than": lambda at, bound: at > bound,
    "less-or-equal": lambda at, bound: at <= bound,
    "less-than": lambda at, bound: at < bound,
}


def register(gate: Gate, account: Account, jobs: Jobs, invalid_emails: set[str]) -> None:
    @gate.route("POST", "/api/events", XL, "events:write")
    def create(asked: Asked) -> Answer:
        data = asked.resource("event", KNOWN)
        entry = entry_of(asked, asked.attributes(data), account.now())
        _record(account, entry, invalid_emails)
        return 202, None

    @gate.route("POST", "/api/event-bulk-create-jobs", M, "events:write")
    def bulk(asked: Asked) -> Answer:
        data = asked.resource("event-bulk-create-job", BULK_KNOWN)
        entries = bulk_entries(asked, asked.attributes(data), account.now())

        def take_in(job: Job) -> None:
            if _repeated(account, entries):
                job.failed = len(entries)  # Klaviyo drops the whole job, and says so nowhere in the API.
                return
            for entry in entries:
                try:
                    _record(account, entry, invalid_emails)
                except ApiError:
                    job.failed += 1  # Nor of a single event that can't be.
                else:
                    job.completed += 1

        jobs.start("event-bulk-create-job", len(entries), take_in)
        return 202, None

    @gate.route(
        "GET", "/api/events", XL, "events:read", parameters=("filter", "sort", "include", "page[size]", "page[cursor]")
    )
    def find(asked: Asked) -> Answer:
        page = asked.page(_found(account, asked), documents.event, default=200, most=1000)
        if asked.parameters.get("include"):
            page["included"] = _included(account, asked, page["data"])
        return 200, page


def _record(account: Account, entry: Entry, invalid_emails: set[str]) -> None:
    profile, _ = people.write(account, entry.profile, invalid_emails)
    account.record(
        profile,
        entry.metric,
        entry.properties,
        entry.at,
        entry.unique_id,
        entry.backfill,
        value=entry.value,
        value_currency=entry.currency,
    )


def _repeated(account: Account, entries: list[Entry]) -> bool:
    """Whether an event comes twice, within the job or after one that is known."""
    seen: set[tuple[str, str, str]] = set()
    for entry in entries:
        if entry.unique_id is None:
            continue
        attributes = entry.profile.get("attributes") or {}
        profile = account.find({**attributes, "id": entry.profile.get("id")})
        if profile is not None and account.knows(profile, entry.metric, entry.unique_id):
            return True
        who = profile.id if profile else str(attributes.get("email") or attributes.get("external_id"))
        key = (who, entry.metric, entry.unique_id)
        if key in seen:
            return True
        seen.add(key)
    return False


def _found(account: Account, asked: Asked) -> list[Event]:
    conditions = asked.conditions(FILTERS)
    sort = asked.parameters.get("sort", "-datetime")
    if sort.lstrip("-") not in ("datetime", "timestamp"):
        raise bad_parameter(f"{sort} is not a valid sort.", "sort")
    tests = [_test(one) for one in conditions]
    metric = next((one.value for one in conditions if one.field == "metric_id"), None)
    every = account.events_by(metric) if metric is not None else list(account.events.copy().values())
    found = [one for one in every if all(test(one) for test in tests)]
    return sorted(found, key=lambda one: (one.at, one.id), reverse=sort.startswith("-"))


def _test(condition: Condition) -> Callable[[Event], bool]:
    if condition.field == "metric_id":
        return lambda one: one.metric_id == condition.value
    if condition.field == "profile_id":
        return lambda one: one.profile_id == condition.value
    bound, compare = _bound(condition), COMPARE[condition.operator]
    return lambda one: compare(one.at, bound)


def _bound(condition: Condition) -> datetime:
    try:
        if condition.field == "timestamp":
            return datetime.fromtimestamp(int(condition.value), UTC)
        bound = datetime.fromisoformat(condition.value)
    except ValueError as error:
        raise bad_parameter(f"{condition.value} is not a valid {condition.field}.", "filter") from error
    return bound if bound.tzinfo else bound.replace(tzinfo=UTC)


def _included(account: Account, asked: Asked, shown: list[Json]) -> list[Json]:
    wanted = set(asked.parameters["include"].split(","))
    if extra := wanted - {"metric", "profile", "attributions"}:
        raise invalid(f"{sorted(extra)} cannot be included.")
    return [
        *(documents.metric(account.metrics[name]) for name in _named(shown, "metric", wanted)),
        *(
            documents.profile(account.profiles[name])
            for name in _named(shown, "profile", wanted)
            if name in account.profiles
        ),
    ]


def _named(shown: list[Json], kind: str, wanted: set[str]) -> list[str]:
    """The ids of that kind that the events shown name, each once, if they are to be included."""
    names = dict.fromkeys(str(one["relationships"][kind]["data"]["id"]) for one in shown)
    return list(names) if kind in wanted else []
