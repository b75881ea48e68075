"""What the body of an event says, checked against Klaviyo's limits.

https://developers.klaviyo.com/en/reference/create_event: at most 400 properties, 10 levels, 4,000 entries of a list,
100 kB of one text, 128 characters of a metric's name, 255 of a unique_id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from devstore.klaviyo.api.asked import Asked
from devstore.klaviyo.api.errors import ApiError, invalid
from devstore.klaviyo.api.people import KNOWN as PROFILE_KNOWN
from devstore.klaviyo.state import IDENTIFIERS

Json = dict[str, Any]
KNOWN = ("properties", "time", "value", "value_currency", "unique_id", "metric", "profile", "backfill")
BULK_KNOWN = ("events-bulk-create",)
MOST_EVENTS = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One event to be recorded; `profile` is the resource object."""

    profile: Json
    metric: str
    properties: Json
    at: datetime
    unique_id: str | None
    backfill: bool
    value: float | None
    currency: str | None


def entry_of(
    asked: Asked, attributes: Json, now: datetime, profile: Json | None = None, backfill: bool = False
) -> Entry:
    """One event of a body.

    Args:
        profile, backfill: as its group of a bulk job says; a single event says it itself.

    Raises:
        ApiError: it lacks something, or is larger than Klaviyo takes.
    """
    properties = attributes.get("properties")
    if not isinstance(properties, dict):
        raise invalid("properties is required and must be an object.", "/data/attributes/properties")
    _check_properties(properties)
    return Entry(
        profile if profile is not None else _profile(asked, attributes),
        _metric(attributes),
        properties,
        _time(attributes.get("time"), now),
        _unique_id(attributes.get("unique_id")),
        bool(attributes.get("backfill")) or backfill,
        _value(attributes.get("value")),
        attributes.get("value_currency"),
    )


def bulk_entries(asked: Asked, attributes: Json, now: datetime) -> list[Entry]:
    """All events of a bulk job; one that is wrong refuses the whole request."""
    groups = (attributes.get("events-bulk-create") or {}).get("data")
    if not isinstance(groups, list) or not groups:
        raise invalid("events-bulk-create.data must be a list.", "/data/attributes/events-bulk-create")
    entries: list[Entry] = []
    for group in groups:
        held = group.get("attributes") or {}
        asked.note(held, ("profile", "events", "backfill"), "event-bulk-create.attributes")
        profile = _profile(asked, held)
        for event in (held.get("events") or {}).get("data") or ():
            given = event.get("attributes") or {}
            asked.note(given, KNOWN, "event.attributes")
            entries.append(entry_of(asked, given, now, profile, bool(held.get("backfill"))))
    if not 0 < len(entries) <= MOST_EVENTS:
        raise invalid(f"Between 1 and {MOST_EVENTS} events are taken at once.", "/data/attributes/events-bulk-create")
    return entries


def _profile(asked: Asked, attributes: Json) -> Json:
    profile = (attributes.get("profile") or {}).get("data")
    if not isinstance(profile, dict) or profile.get("type") != "profile":
        raise invalid("profile.data is required.", "/data/attributes/profile")
    given = profile.get("attributes") or {}
    asked.note(given, PROFILE_KNOWN, "profile.attributes")
    if not profile.get("id") and not any(given.get(name) for name in IDENTIFIERS[1:]):
        raise invalid("A profile identifier is required.", "/data/attributes/profile/data")
    return profile


def _metric(attributes: Json) -> str:
    metric = (attributes.get("metric") or {}).get("data") or {}
    name = (metric.get("attributes") or {}).get("name")
    if metric.get("type") != "metric" or not isinstance(name, str) or not 0 < len(name) < 128:
        raise invalid("metric.data with a name of less than 128 characters is required.", "/data/attributes/metric")
    return name


def _time(given: Any, now: datetime) -> datetime:
    if given is None:
        return now
    try:
        at = datetime.fromisoformat(given)
    except (TypeError, ValueError) as error:
        raise invalid(f"{given!r} is not a valid ISO 8601 time.", "/data/attributes/time") from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at > now + timedelta(days=365) or at.year < 2000:
        raise invalid("The time must be after 2000 and at most one year ahead.", "/data/attributes/time")
    return at


def _unique_id(given: Any) -> str | None:
    if given is not None and (not isinstance(given, str) or not 1 <= len(given) <= 255):
        raise invalid("unique_id must have 1 to 255 characters.", "/data/attributes/unique_id")
    return given


def _value(given: Any) -> float | None:
    if given is not None and (isinstance(given, bool) or not isinstance(given, (int, float))):
        raise invalid("value must be a number.", "/data/attributes/value")
    return given


def _check_properties(properties: Json) -> None:
    if len(properties) > 400:
        raise _too_much("An event may have at most 400 properties.")
    waiting: list[tuple[Any, int]] = [(properties, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > 10:
            raise _too_much("Event properties may be nested at most 10 levels deep.")
        if isinstance(value, str) and len(value) > 25_000 and len(value.encode()) > 100_000:
            raise _too_much("A string may have at most 100 kB.")
        if isinstance(value, list) and len(value) > 4000:
            raise _too_much("An array may have at most 4000 entries.")
        if isinstance(value, (dict, list)):
            waiting += [(one, depth + 1) for one in (value.values() if isinstance(value, dict) else value)]


def _too_much(detail: str) -> ApiError:
    return invalid(detail, "/data/attributes/properties")
