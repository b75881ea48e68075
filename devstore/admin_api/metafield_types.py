"""Which metafield values Shopify accepts for which type."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container
from datetime import date, datetime

from devstore.admin_api.errors import BadInput
from devstore.admin_api.gid import split
from devstore.store import Store

MAX_LIST = 128
MAX_BYTES = {"json": 128 * 1024, "single_line_text_field": 64 * 1024, "multi_line_text_field": 64 * 1024}
REFERENCES = {
    "product_reference": "Product",
    "variant_reference": "ProductVariant",
    "collection_reference": "Collection",
    "customer_reference": "Customer",
}


class BadValue(ValueError):
    """The value does not fit the type; the message is what the user error says."""


def check(type_name: str, value: str, store: Store) -> None:
    """Raise `BadValue` unless `value` is a legal value of the type.

    Raises:
        KeyError: there is no such type here.
    """
    limit = MAX_BYTES.get(type_name, 64 * 1024)
    if len(value.encode()) > limit:
        raise BadValue(f"Value is too long (maximum is {limit} bytes).")
    if not type_name.startswith("list."):
        _single(type_name, value, store)
        return
    items = _json(value)
    if not isinstance(items, list):
        raise BadValue("Value must be a JSON array.")
    if len(items) > MAX_LIST:
        raise BadValue(f"Value cannot have more than {MAX_LIST} items.")
    for item in items:
        _single(type_name.removeprefix("list."), item if isinstance(item, str) else json.dumps(item), store)


def known(type_name: str) -> bool:
    base = type_name.removeprefix("list.")
    return base in REFERENCES or (base in _CHECKS and not (type_name.startswith("list.") and base in _NO_LISTS))


def category(type_name: str) -> str:
    """The group under which Shopify lists the type."""
    base = type_name.removeprefix("list.")
    groups = {
        "REFERENCE": tuple(REFERENCES),
        "TEXT": ("single_line_text_field", "multi_line_text_field"),
        "NUMBER": ("number_integer", "number_decimal"),
        "DATE_TIME": ("date", "date_time"),
        "TRUE_FALSE": ("boolean",),
    }
    return next((name for name, types in groups.items() if base in types), base.upper())


def unsimulated(type_name: str) -> bool:
    """Whether Shopify has the type and the devstore has no check for its values."""
    return type_name.removeprefix("list.") in _OTHERS


def _single(type_name: str, value: str, store: Store) -> None:
    if type_name in REFERENCES:
        _reference(REFERENCES[type_name], value, store)
    elif not _CHECKS[type_name](value):
        raise BadValue(f"Value must be a valid {type_name}.")


def _reference(kind: str, value: str, store: Store) -> None:
    try:
        found, number = split(value)
    except BadInput:
        raise BadValue("Value must be a valid reference.") from None
    owners: dict[str, Container[int]] = {
        "Product": store.products,
        "ProductVariant": store.variants,
        "Collection": store.collections,
        "Customer": store.customers,
    }
    if found != kind or number not in owners[kind]:
        raise BadValue(f"Value references non-existent resource {value}.")


def _json(value: str) -> object:
    try:
        return json.loads(value, parse_constant=_no_constant)
    except ValueError:
        raise BadValue("Value is not valid JSON.") from None


def _no_constant(name: str) -> object:
    """Python reads NaN and Infinity, JSON has neither."""
    raise ValueError(name)


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def test(value: str) -> bool:
        try:
            parse(value)
        except ValueError:
            return False
        return True

    return test


_CHECKS: dict[str, Callable[[str], bool]] = {
    "single_line_text_field": lambda v: v != "" and not re.search(r"[\r\n]", v),
    "multi_line_text_field": lambda v: v != "",
    "number_integer": lambda v: re.fullmatch(r"-?\d{1,16}", v) is not None and abs(int(v)) <= 2**53 - 1,
    "number_decimal": lambda v: re.fullmatch(r"-?\d{1,13}(\.\d{1,9})?", v) is not None,
    "boolean": lambda v: v in ("true", "false"),
    "date": lambda v: re.fullmatch(r"\d{4}-\d\d-\d\d", v) is not None and _parses(date.fromisoformat)(v),
    "date_time": lambda v: "T" in v and _parses(datetime.fromisoformat)(v),
    "json": _parses(_json),
    "url": lambda v: v.startswith(("https://", "http://", "mailto:", "sms:", "tel:")),
    "color": lambda v: re.fullmatch(r"#[0-9a-fA-F]{6}", v) is not None,
    "id": lambda v: v != "",
}
_OTHERS = frozenset((
    "dimension", "volume", "weight", "money", "rating", "link", "language", "rich_text_field", "file_reference",
    "page_reference", "article_reference", "metaobject_reference", "mixed_reference", "order_reference",
    "company_reference", "product_taxonomy_value_reference",
))  # fmt: skip
_NO_LISTS = frozenset(("json", "boolean", "multi_line_text_field", "id"))
