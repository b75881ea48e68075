"""Connections: one page of a list, with the cursors and limits that Shopify uses."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from devstore.admin_api.errors import BadInput

MAX_PAGE = 250
MAX_DEPTH = 25_000
"""How deep Shopify pages into a list: https://shopify.dev/docs/api/usage/limits#pagination-limits."""


class Page:
    """A window of a list. Cursors name the position and the record, so that a page survives insertions before it."""

    __slots__ = ("_all", "_end", "_start")

    def __init__(self, items: Sequence[Any], args: dict[str, Any]) -> None:
        self._all = items
        first, last = args.get("first"), args.get("last")
        if first is None and last is None:
            raise BadInput("you must provide one of first or last")
        if first is not None and last is not None:
            raise BadInput("providing both first and last is not supported")
        for name, size in (("first", first), ("last", last)):
            if size is not None and not 0 <= size <= MAX_PAGE:
                raise BadInput(f"{name} must be between 0 and {MAX_PAGE}")
        low = _position(items, args["after"]) + 1 if args.get("after") else 0
        high = _position(items, args["before"]) if args.get("before") else len(items)
        high = max(low, high)
        if low >= MAX_DEPTH:
            raise BadInput(f"pagination ends after {MAX_DEPTH} records; use a filter or a bulk operation")
        if first is not None:
            self._start, self._end = low, min(high, low + first)
        else:
            self._start, self._end = max(low, high - (last or 0)), high

    def field(self, name: str) -> Any:
        match name:
            case "nodes":
                return self._all[self._start : self._end]
            case "edges":
                return [{"node": self._all[i], "cursor": self._cursor(i)} for i in range(self._start, self._end)]
            case "pageInfo":
                return self._info()
            case "totalCount":
                return len(self._all)
        raise KeyError(name)

    def _info(self) -> dict[str, Any]:
        some = self._end > self._start
        return {
            "hasNextPage": self._end < len(self._all),
            "hasPreviousPage": self._start > 0,
            "startCursor": self._cursor(self._start) if some else None,
            "endCursor": self._cursor(self._end - 1) if some else None,
        }

    def _cursor(self, index: int) -> str:
        return base64.b64encode(f"{index}:{_key(self._all[index])}".encode()).decode()


def _key(item: Any) -> str:
    return str(getattr(item, "id", ""))


def _position(items: Sequence[Any], cursor: str) -> int:
    """Where the record of a cursor stands now; if it is gone, where it stood."""
    try:
        text, _, key = base64.b64decode(cursor, validate=True).decode().partition(":")
        index = int(text)
    except (ValueError, binascii.Error):
        raise BadInput(f"Invalid cursor: {cursor}") from None
    if not key or (index < len(items) and _key(items[index]) == key):
        return index
    for now, item in enumerate(items):
        if _key(item) == key:
            return now
    # The record is gone: what followed it has moved up by one.
    return index - 1
