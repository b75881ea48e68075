"""How a profile in a request's body becomes one of the account: identifiers, attributes, properties and their patches.

Single calls, bulk imports and events share it.
"""

from __future__ import annotations

import re
from typing import Any

from devstore.klaviyo.api.errors import ApiError, duplicate, invalid
from devstore.klaviyo.records import OWN_FIELDS, Profile, packed
from devstore.klaviyo.state import IDENTIFIERS, Account

Json = dict[str, Any]
KNOWN = (*IDENTIFIERS[1:], *OWN_FIELDS, "properties", "meta")
"""Attributes of a profile in a body."""
PROFILE_LIMIT = 100_000
_EMAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,.]{2,}")


def write(account: Account, data: Json, invalid_emails: set[str], *, update: bool = False) -> tuple[Profile, bool]:
    """Make or change the profile that a resource object names; the second value says whether it is new.

    Args:
        update: refuse what names nobody yet, instead of making it.

    Raises:
        ApiError: no identifier, an e-mail that is none, or identifiers that belong to two people.
    """
    attributes = data.get("attributes") or {}
    identifiers = {name: attributes.get(name) for name in IDENTIFIERS[1:] if attributes.get(name)}
    if data.get("id"):
        identifiers["id"] = data["id"]
    _check(identifiers, attributes, invalid_emails)
    found = account.find(identifiers)
    if found is None and (update or not set(identifiers) - {"id", "_kx"}):
        raise ApiError(404, "not_found", "A profile with these identifiers does not exist.", pointer="/data/id")
    if found is not None:
        _check_others(account, found, identifiers)
    unset, properties = _patched(found, attributes.get("properties") or {}, data.get("meta") or attributes.get("meta"))
    return account.upsert(identifiers, attributes, properties, unset), found is None


def _check(identifiers: Json, attributes: Json, invalid_emails: set[str]) -> None:
    if not identifiers:
        detail = "One of email, phone_number, external_id, anonymous_id or _kx is required."
        raise invalid(detail, "/data/attributes")
    email = identifiers.get("email")
    if email is not None and (not isinstance(email, str) or not _EMAIL.fullmatch(email) or email in invalid_emails):
        raise ApiError(400, "invalid", "Invalid email address", pointer="/data/attributes/email")
    properties = attributes.get("properties")
    if properties is not None and not isinstance(properties, dict):
        raise invalid("properties must be an object.", "/data/attributes/properties")


def _check_others(account: Account, found: Profile, identifiers: Json) -> None:
    """Identifiers that belong to somebody else than the one found."""
    for name, value in identifiers.items():
        other = account.find({name: value})
        if other is not None and other is not found:
            raise duplicate(
                "A profile already exists with one of these identifiers.",
                {"duplicate_profile_id": other.id},
                "duplicate_profile",
            )


def waiting(data: Json) -> bytes:
    """The resource as JSON, as which it waits for a job's turn.

    Raises:
        ApiError: it has more than 100 kB.
    """
    found = packed(data)
    check_size(len(found))
    return found


def check_size(size: int) -> None:
    """Refuse a profile of more than 100 kB; `size` is in bytes."""
    if size > PROFILE_LIMIT:
        raise invalid(f"A profile may have at most {PROFILE_LIMIT} bytes.", "/data/attributes")


def _patched(found: Profile | None, properties: Json, meta: Any) -> tuple[list[str], Json]:
    """What `meta.patch_properties` does beside the plain properties: (names to take away, properties to set)."""
    patch = (meta or {}).get("patch_properties") or {}
    if not patch:
        return [], properties
    unset = patch.get("unset") or []
    present = found.properties if found else {}
    changed = dict(properties)
    for name, value in (patch.get("append") or {}).items():
        held = present.get(name) or []
        changed[name] = [
            *(held if isinstance(held, list) else [held]),
            *(value if isinstance(value, list) else [value]),
        ]
    for name, value in (patch.get("unappend") or {}).items():
        gone = value if isinstance(value, list) else [value]
        changed[name] = [one for one in present.get(name) or [] if one not in gone]
    return [unset] if isinstance(unset, str) else list(unset), changed
