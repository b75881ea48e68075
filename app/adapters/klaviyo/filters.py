"""Klaviyo's filter expressions, written by hand: the SDK's builder takes the spaces out of names.

https://developers.klaviyo.com/en/docs/filtering_
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime


def equals(field: str, value: str) -> str:
    return f"equals({field},{quoted(value)})"


def any_of(field: str, values: Iterable[str]) -> str:
    return f"any({field},[{','.join(map(quoted, values))}])"


def since(field: str, at: datetime) -> str:
    return f"greater-or-equal({field},{at.astimezone(UTC).isoformat(timespec='seconds')})"


def quoted(value: str) -> str:
    """As JSON writes it: quotation marks and backslashes cannot end the value."""
    return json.dumps(value, ensure_ascii=False)
