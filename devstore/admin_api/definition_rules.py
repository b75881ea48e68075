"""The validations of metafield definitions: which a type may have, and whether a value keeps to them.

https://shopify.dev/docs/apps/build/custom-data/metafields/list-of-validation-options
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from devstore.admin_api.errors import NotSimulated

_TEXTS = ("single_line_text_field", "multi_line_text_field")
_NUMBERS = ("number_integer", "number_decimal")
_DATES = ("date", "date_time")
_OPTIONS = {
    "min": (*_TEXTS, *_NUMBERS, *_DATES),
    "max": (*_TEXTS, *_NUMBERS, *_DATES),
    "regex": _TEXTS,
    "choices": ("single_line_text_field",),
    "max_precision": ("number_decimal",),
    "allowed_domains": ("url",),
}
MAX_CHOICES = 128
Rules = Sequence[tuple[str, str]]


def option_problems(type_name: str, rules: Rules) -> Iterator[tuple[str, str]]:
    """(message, code) of every rule that a definition of this type cannot have."""
    seen = set()
    for name, value in rules:
        if name in seen:
            yield f"Validations has duplicate option '{name}'.", "DUPLICATE_OPTION"
        elif not _allowed(type_name, name):
            yield f"Validations contains an unsupported option '{name}' for the type {type_name}.", "INVALID_OPTION"
        elif not _readable(type_name, name, value):
            yield f"Validations value for option '{name}' is not valid.", "INVALID_OPTION"
        seen.add(name)


def _allowed(type_name: str, name: str) -> bool:
    if name == "schema" and type_name == "json":
        raise NotSimulated("JSON schemas of metafield definitions")
    if name in ("list.min", "list.max"):
        return type_name.startswith("list.")
    return type_name.removeprefix("list.") in _OPTIONS.get(name, ())


def _readable(type_name: str, name: str, value: str) -> bool:
    try:
        match name:
            case "min" | "max":
                _bound(type_name.removeprefix("list."), value)
            case "list.min" | "list.max" | "max_precision":
                return int(value) >= 0
            case "regex":
                re.compile(value)
            case _:
                choices = json.loads(value)
                return isinstance(choices, list) and 0 < len(choices) <= MAX_CHOICES
    except (ValueError, InvalidOperation, re.error):
        return False
    return True


def _bound(base: str, value: str) -> Any:
    """A bound, or the value that is held against it, as something that compares."""
    if base in _NUMBERS:
        return Decimal(value)
    if base == "date":
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if base == "date_time" else int(value)


def value_problem(type_name: str, rules: Rules, value: str) -> str | None:
    """Why the value, which is legal for its type, breaks a rule of its definition; None when it keeps to all."""
    base, given = type_name.removeprefix("list."), dict(rules)
    items = [value]
    if type_name.startswith("list."):
        items = [item if isinstance(item, str) else json.dumps(item) for item in json.loads(value)]
        if len(items) < int(given.get("list.min", 0)):
            return f"Value must have at least {given['list.min']} items."
        if "list.max" in given and len(items) > int(given["list.max"]):
            return f"Value must have at most {given['list.max']} items."
    return next(_item_problems(base, given, items), None)


def _item_problems(base: str, given: dict[str, str], items: Iterable[str]) -> Iterator[str]:
    for item in items:
        if base in _TEXTS:
            yield from _length_problems(given, item)
        elif "min" in given or "max" in given:
            yield from _range_problems(base, given, item)
        if "regex" in given and not re.search(given["regex"], item):
            yield "Value does not match the required pattern."
        if "choices" in given and item not in json.loads(given["choices"]):
            yield f"Value does not exist in provided choices: {given['choices']}."
        if "max_precision" in given and len(item.partition(".")[2]) > int(given["max_precision"]):
            yield f"Value can't exceed {given['max_precision']} decimal places."
        if "allowed_domains" in given and urlsplit(item).hostname not in json.loads(given["allowed_domains"]):
            yield f"Value must be one of the following domains: {given['allowed_domains']}."


def _length_problems(given: dict[str, str], item: str) -> Iterator[str]:
    if len(item) < int(given.get("min", 0)):
        yield "Value is too short."
    if "max" in given and len(item) > int(given["max"]):
        yield "Value is too long."


def _range_problems(base: str, given: dict[str, str], item: str) -> Iterator[str]:
    if "min" in given and _bound(base, item) < _bound(base, given["min"]):
        yield f"Value has a minimum of {given['min']}."
    if "max" in given and _bound(base, item) > _bound(base, given["max"]):
        yield f"Value has a maximum of {given['max']}."
