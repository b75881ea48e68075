"""Shopify's global ids: ``gid://shopify/Product/123``."""

from __future__ import annotations

import re

from devstore.admin_api.errors import BadInput

_PATTERN = re.compile(r"gid://shopify/([A-Za-z]+)/(\d+)(?:\?.*)?")


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


def split(value: str) -> tuple[str, int]:
    """The kind and the number of a global id."""
    match = _PATTERN.fullmatch(value)
    if match is None:
        raise BadInput(f"Invalid global id '{value}'")
    return match[1], int(match[2])


def number(value: str, kind: str) -> int:
    """The number of a global id that must be of `kind`."""
    found, n = split(value)
    if found != kind:
        raise BadInput(f"Invalid global id '{value}': expected a {kind}")
    return n
