"""One request as an endpoint sees it: its parsed body, its parameters, and who asks.

Keys that Klaviyo would pass over are noted for the requests log, not refused; parameters that the endpoint does not
have are refused, as Klaviyo does.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from devstore.klaviyo.api.errors import bad_parameter, invalid
from devstore.klaviyo.credentials import Caller

T = TypeVar("T")
Json = dict[str, Any]

_CONDITION = re.compile(
    r"""([a-z-]+)\(\s*([\w.]+)\s*,\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\[[^\]]*\]|[^,()"']+)\s*\)"""
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One part of a `filter`."""

    operator: str
    field: str
    value: str


@dataclass(slots=True)
class Asked:
    """`body` is the parsed document, empty for requests without one; `url` the path, for links."""

    url: str
    parameters: Mapping[str, str]
    body: Json
    caller: Caller
    size: int
    unknown: list[str] = field(default_factory=list)

    def resource(self, kind: str, known: Collection[str], *, named: str = "") -> Json:
        """The body's `data`, checked for type and, with `named`, for the id of the path."""
        data = self.body.get("data")
        if not isinstance(data, dict):
            raise invalid("The payload must have a data object.", "/data")
        self.note(data, ("type", "id", "attributes", "relationships", "meta"), "data")
        if data.get("type") != kind:
            raise invalid(f"{data.get('type')!r} is not a valid type; {kind} is expected.", "/data/type")
        if named and data.get("id") != named:
            raise invalid("The id in the payload does not match the one in the URL.", "/data/id")
        self.note(self.attributes(data), known, f"{kind}.attributes")
        return data

    @staticmethod
    def attributes(data: Json) -> Json:
        attributes = data.get("attributes") or {}
        if not isinstance(attributes, dict):
            raise invalid("attributes must be an object.", "/data/attributes")
        return attributes

    def note(self, given: Json, known: Collection[str], where: str) -> None:
        """Keep the keys that Klaviyo would pass over."""
        self.unknown += [f"{where}.{key}" for key in given if key not in known]

    def conditions(self, allowed: Mapping[str, Collection[str]]) -> list[Condition]:
        """The conditions of `filter`; `allowed` gives the operators of each field."""
        text = self.parameters.get("filter", "")
        found = [Condition(one[1], one[2], _unquoted(one[3])) for one in _CONDITION.finditer(text)]
        if text and not found:
            raise bad_parameter("The filter could not be parsed.", "filter")
        for one in found:
            if one.operator not in allowed.get(one.field, ()):
                raise bad_parameter(f"{one.operator}({one.field}) is not a valid filter here.", "filter")
        return found

    def asks(self, parameter: str, value: str) -> bool:
        return value in self.parameters.get(parameter, "").split(",")

    def page(self, every: Sequence[T], show: Callable[[T], Json], *, default: int = 20, most: int = 100) -> Json:
        """One page of a collection, with links; the cursor is opaque to callers."""
        size = self._size(default, most)
        start = self._start()
        shown = every[start : start + size]
        links = {"self": self.url, "prev": None, "next": None}
        if start + size < len(every):
            cursor = base64.urlsafe_b64encode(f"next::{start + size}".encode()).decode()
            links["next"] = f"{self.url}?{urlencode({**self.parameters, 'page[cursor]': cursor})}"
        return {"data": [show(one) for one in shown], "links": links}

    def _size(self, default: int, most: int) -> int:
        try:
            size = int(self.parameters.get("page[size]", default))
        except ValueError:
            size = 0
        if not 1 <= size <= most:
            raise bad_parameter(f"Page size must be an integer between 1 and {most}.", "page[size]")
        return size

    def _start(self) -> int:
        cursor = self.parameters.get("page[cursor]", "")
        if not cursor:
            return 0
        try:
            kind, _, position = base64.urlsafe_b64decode(cursor).decode().partition("::")
            if kind != "next":
                raise ValueError(kind)
            return int(position)
        except ValueError as error:
            raise bad_parameter("Invalid cursor.", "page[cursor]") from error


def text(attributes: Json, name: str, *, most: int = 0, needed: bool = True) -> str:
    """A text among the attributes.

    Raises:
        ApiError: it is missing, no text, or longer than `most`.
    """
    value = attributes.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value.strip()):
        raise invalid(f"{name} is required and must be a string.", f"/data/attributes/{name}")
    if most and len(value) > most:
        raise invalid(f"{name} must have at most {most} characters.", f"/data/attributes/{name}")
    return value


def _unquoted(value: str) -> str:
    if value[:1] in "\"'" and value[:1] == value[-1:]:
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value.strip()
