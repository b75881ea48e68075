"""Klaviyo's filters on one value (string, numeric, boolean, list, date, existence), and which of them are simulated.

The shapes are those of the published OpenAPI; a filter that is not simulated is named when a flow is created.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

NUMERIC: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "equals": operator.eq,
    "not-equals": operator.ne,
    "greater-than": operator.gt,
    "greater-than-or-equal": operator.ge,
    "less-than": operator.lt,
    "less-than-or-equal": operator.le,
}
STRING: Final[Mapping[str, Callable[[str, Any], bool]]] = {
    "equals": operator.eq,
    "not-equals": operator.ne,
    "contains": lambda text, value: value in text,
    "not-contains": lambda text, value: value not in text,
    "starts-with": lambda text, value: text.startswith(value),
    "ends-with": lambda text, value: text.endswith(value),
    "in": lambda text, value: text in value,
    "not-in": lambda text, value: text not in value,
}
LIST: Final[Mapping[str, Callable[[list[Any], Any], bool]]] = {
    "contains": lambda held, value: value in held,
    "not-contains": lambda held, value: value not in held,
    "length-equals": lambda held, value: len(held) == value,
    "length-greater-than": lambda held, value: len(held) > value,
    "length-less-than": lambda held, value: len(held) < value,
}
DATE: Final = frozenset(("in-the-last", "at-least", "in-the-next", "before", "after"))
KNOWN: Final[Mapping[str, frozenset[str]]] = {
    "numeric": frozenset(NUMERIC),
    "string": frozenset(STRING),
    "list": frozenset(LIST),
    "boolean": frozenset(("equals",)),
    "existence": frozenset(("is-set", "not-set")),
    "date": DATE,
}
UNITS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


def problems(wanted: Any) -> list[str]:
    """What of a filter cannot be simulated, or is no filter."""
    if not isinstance(wanted, Mapping):
        return ["a filter is an object"]
    kind, asked = wanted.get("type"), wanted.get("operator")
    if kind not in KNOWN:
        return [f"filters of type {kind!r} are not simulated"]
    if asked not in KNOWN[str(kind)]:
        return [f"the operator {asked!r} of a {kind} filter is not simulated"]
    if kind == "date" and "unit" in wanted and wanted["unit"] not in UNITS:
        return [f"{wanted['unit']!r} is no unit of time"]
    return []


def holds(wanted: Mapping[str, Any], value: Any, now: datetime) -> bool:
    """Whether a value passes; what is missing or of another type passes nothing but what asks for its absence."""
    kind, asked = str(wanted["type"]), str(wanted["operator"])
    if kind == "existence":
        return (value is not None) == (asked == "is-set")
    if kind == "list":
        return LIST[asked](value if isinstance(value, list) else [], wanted["value"])
    if kind == "string":
        # Klaviyo's "is not" also finds those who have no such property.
        return STRING[asked](str(value), wanted["value"]) if value is not None else asked.startswith("not-")
    if kind == "boolean":
        return value is wanted["value"]
    if kind == "numeric":
        number = _number(value)
        return number is not None and NUMERIC[asked](number, float(wanted["value"]))
    return _date(wanted, asked, value, now)


def since(timeframe: Mapping[str, Any], now: datetime) -> datetime:
    """Where a timeframe “in the last …” begins."""
    return now - int(timeframe["quantity"]) * UNITS[str(timeframe["unit"])]


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _date(wanted: Mapping[str, Any], asked: str, value: Any, now: datetime) -> bool:
    moment = _moment(value, now)
    if moment is None:
        return False
    if asked in ("before", "after"):
        bound = _moment(wanted["date"], now)
        return bound is not None and (moment < bound if asked == "before" else moment > bound)
    span = int(wanted["quantity"]) * UNITS[str(wanted["unit"])]
    if asked == "in-the-next":
        return now <= moment <= now + span
    return now - span <= moment <= now if asked == "in-the-last" else moment <= now - span


def _moment(value: Any, now: datetime) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
