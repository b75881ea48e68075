"""Profiles one by one: upsert, create, change, find; and their erasure by the privacy endpoint."""

from __future__ import annotations

from devstore.klaviyo.api import documents, people
from devstore.klaviyo.api.asked import Asked, Condition
from devstore.klaviyo.api.errors import bad_parameter, duplicate, invalid, missing
from devstore.klaviyo.api.gate import Answer, Gate
from devstore.klaviyo.api.rates import L, S
from devstore.klaviyo.records import Profile
from devstore.klaviyo.state import Account

_NAMES = ("equals", "any")
FILTERS = {
    "id": _NAMES,
    "email": _NAMES,
    "phone_number": _NAMES,
    "external_id": _NAMES,
    "_kx": ("equals",),
}
MORE = "additional-fields[profile]"


def register(gate: Gate, account: Account, invalid_emails: set[str]) -> None:
    @gate.route("POST", "/api/profile-import", L, "profiles:write", parameters=(MORE,))
    def upsert(asked: Asked) -> Answer:
        data = asked.resource("profile", people.KNOWN)
        people.check_size(asked.size)
        profile, new = people.write(account, data, invalid_emails)
        return 201 if new else 200, {"data": _shown(asked, profile)}

    @gate.route("POST", "/api/profiles", L, "profiles:write", parameters=(MORE,))
    def create(asked: Asked) -> Answer:
        data = asked.resource("profile", people.KNOWN)
        people.check_size(asked.size)
        if existing := account.find(asked.attributes(data)):
            meta = {"duplicate_profile_id": existing.id}
            raise duplicate("A profile already exists with one of these identifiers.", meta, "duplicate_profile")
        profile, _ = people.write(account, data, invalid_emails)
        return 201, {"data": _shown(asked, profile)}

    @gate.route("PATCH", "/api/profiles/<name>", L, "profiles:write", parameters=(MORE,))
    def update(asked: Asked, name: str) -> Answer:
        data = asked.resource("profile", people.KNOWN, named=name)
        people.check_size(asked.size)
        _one(account, name)
        profile, _ = people.write(account, data, invalid_emails, update=True)
        return 200, {"data": _shown(asked, profile)}

    @gate.route("GET", "/api/profiles/<name>", L, "profiles:read", parameters=(MORE,))
    def read(asked: Asked, name: str) -> Answer:
        return 200, {"data": _shown(asked, _one(account, name))}

    @gate.route(
        "GET", "/api/profiles", L, "profiles:read", parameters=(MORE, "filter", "sort", "page[size]", "page[cursor]")
    )
    def find(asked: Asked) -> Answer:
        found = _found(account, asked)
        return 200, asked.page(found, lambda one: _shown(asked, one))

    _memberships(gate, account)
    _privacy(gate, account)


def _memberships(gate: Gate, account: Account) -> None:
    @gate.route("GET", "/api/profiles/<name>/lists", S, "lists:read", "profiles:read")
    def lists(asked: Asked, name: str) -> Answer:
        on = [one for one in account.lists.values() if _one(account, name).id in one.members]
        return 200, asked.page(on, documents.list_of)

    @gate.route("GET", "/api/profiles/<name>/segments", S, "profiles:read", "segments:read")
    def segments(asked: Asked, name: str) -> Answer:
        inside = [one for one in account.segments.values() if _one(account, name).id in one.members]
        return 200, asked.page(inside, documents.segment)


def _privacy(gate: Gate, account: Account) -> None:
    @gate.route("POST", "/api/data-privacy-deletion-jobs", S, "data-privacy:write")
    def erase(asked: Asked) -> Answer:
        data = asked.resource("data-privacy-deletion-job", ("profile",))
        profile = (asked.attributes(data).get("profile") or {}).get("data") or {}
        given = {"id": profile.get("id"), **(profile.get("attributes") or {})}
        named = {name: given.get(name) for name in ("id", "email", "phone_number") if given.get(name)}
        if len(named) != 1:
            raise invalid("Exactly one of id, email or phone_number is required.", "/data/attributes/profile")
        if found := account.find(named):
            account.erase(found)
        return 202, None


def _one(account: Account, name: str) -> Profile:
    profile = account.profiles.get(name)
    if profile is None:
        raise missing("profile", name)
    return profile


def _found(account: Account, asked: Asked) -> list[Profile]:
    conditions = asked.conditions(FILTERS)
    if not conditions:
        return list(account.profiles.values())
    chosen = [_named(account, one) for one in conditions]
    return [one for one in chosen[0] if all(one in others for others in chosen[1:])]


def _named(account: Account, condition: Condition) -> list[Profile]:
    if condition.operator == "equals":
        wanted = [condition.value]
    else:
        wanted = [one.strip().strip("\"'") for one in condition.value.strip("[]").split(",")]
    if len(wanted) > 100:
        raise bad_parameter("any() takes at most 100 values.", "filter")
    found = (account.find({condition.field: value}) for value in wanted)
    return [one for one in found if one is not None]


def _shown(asked: Asked, profile: Profile) -> documents.Json:
    return documents.profile(
        profile, subscriptions=asked.asks(MORE, "subscriptions"), predictions=asked.asks(MORE, "predictive_analytics")
    )
