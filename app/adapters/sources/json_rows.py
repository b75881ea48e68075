"""JSON as it is exported: one value a line, a list, or pages of a JSON:API with what they include."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

import orjson

from app.core.sources.report import Reason, Refused
from app.core.sources.rows import BadFile
from app.ports.sources import BadRow, RawRow

LARGEST_DOCUMENT: Final = 256 << 20
"""Characters of a value over several lines: all of it must be in memory at once."""


def objects_of(lines: Iterator[str]) -> Iterator[RawRow | BadRow]:
    """Each object with its number: the line's where every line is a value of its own, else its place in the list.

    Raises:
        BadFile: it is no JSON at all.
    """
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise BadFile("the file is empty.")
    try:
        value = orjson.loads(first)
    except orjson.JSONDecodeError:
        yield from _document(chain([first], lines))
        return
    yield from _values(value, 1)
    yield from _lines(enumerate(lines, start=2))


def events_of(rows: Iterator[RawRow | BadRow]) -> Iterator[RawRow | BadRow]:
    """Klaviyo's events, each with the profile and the metric that its page includes.

    A page's events are numbered on through all pages of the file.
    """
    behind = 0
    for row in rows:
        if isinstance(row, BadRow):
            yield row
        elif isinstance(row.raw.get("data"), list):
            included = _included(row.raw.get("included"))
            for event in row.raw["data"]:
                behind += 1
                yield _event(behind, event, included)
        else:
            whole = row.raw.get("data")
            event = whole if isinstance(whole, Mapping) else row.raw
            yield _event(row.number, event, _included(row.raw.get("included")))


def _document(lines: Iterable[str]) -> Iterator[RawRow | BadRow]:
    """A value over many lines."""
    whole, size = [], 0
    for line in lines:
        whole.append(line)
        size += len(line)
        if size > LARGEST_DOCUMENT:
            raise BadFile("the file is one JSON value of over 256 MB; export it line by line, or in parts.")
    try:
        value = orjson.loads("\n".join(whole))
    except orjson.JSONDecodeError as error:
        if any(_is_object(line) for line in whole):
            # Only its first line is broken.
            yield from _lines(enumerate(whole, start=1))
            return
        raise BadFile(f"the file is no JSON, neither as a whole nor line by line ({error}).") from None
    yield from _values(value, 1)


def _lines(lines: Iterable[tuple[int, str]]) -> Iterator[RawRow | BadRow]:
    for number, line in lines:
        if line.strip():
            try:
                yield from _values(orjson.loads(line), number)
            except orjson.JSONDecodeError:
                yield BadRow(number, Refused(Reason.SHAPE, "the line is no JSON"))


def _is_object(line: str) -> bool:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(value, dict) and bool(value)


def _values(value: object, number: int) -> Iterator[RawRow | BadRow]:
    if isinstance(value, list):
        for place, one in enumerate(value, start=1):
            yield from _values(one, place)
    elif isinstance(value, dict):
        yield RawRow(number, value)
    else:
        yield BadRow(number, Refused(Reason.SHAPE, "it is no JSON object"))


def _included(value: object) -> dict[tuple[str, str], Mapping[str, Any]]:
    resources = value if isinstance(value, list) else []
    return {(str(one.get("type")), str(one.get("id"))): one for one in resources if isinstance(one, Mapping)}


def _event(number: int, event: object, included: Mapping[tuple[str, str], Mapping[str, Any]]) -> RawRow | BadRow:
    if not isinstance(event, Mapping):
        return BadRow(number, Refused(Reason.SHAPE, "it is no JSON object"))
    return RawRow(number, {"event": event, **{name: _linked(event, name, included) for name in ("profile", "metric")}})


def _linked(
    event: Mapping[str, Any], name: str, included: Mapping[tuple[str, str], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The resource that the event refers to: out of the page, or as far as the event itself carries it."""
    found: Any = event
    for member in ("relationships", name, "data"):
        found = found.get(member) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        return {}
    return included.get((str(found.get("type")), str(found.get("id"))), found)
