"""Reading Klaviyo's JSON:API answers, which may be anything: what is not as documented is to be asked again."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.adapters.klaviyo.errors import unreadable


def resource(call: str, document: dict[str, Any]) -> dict[str, Any]:
    """The answer's one resource.

    Raises:
        KlaviyoTrouble: the answer holds none.
    """
    data = document.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("id"), str):
        raise unreadable(f"Klaviyo’s answer to {call} holds nothing that can be read")
    return data


def resources(call: str, document: dict[str, Any]) -> list[dict[str, Any]]:
    """The answer's resources.

    Raises:
        KlaviyoTrouble: the answer holds no list.
    """
    data = document.get("data")
    if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
        raise unreadable(f"Klaviyo’s answer to {call} holds no list that can be read")
    return data


def attributes(one: dict[str, Any]) -> dict[str, Any]:
    found = one.get("attributes")
    return found if isinstance(found, dict) else {}


def next_page(document: dict[str, Any]) -> str | None:
    """Where the next page begins; None on the last one."""
    links = document.get("links")
    following = links.get("next") if isinstance(links, dict) else None
    if not isinstance(following, str) or not following:
        return None
    found = parse_qs(urlsplit(following).query).get("page[cursor]")
    return found[0] if found else None


def number(value: object) -> int:
    """A count; 0 where Klaviyo says nothing or something else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def text(value: object) -> str:
    return value if isinstance(value, str) else ""
