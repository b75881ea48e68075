"""Which fields are simulated, and how each is read: one table from (type, field) to a getter.

Both engines use it, graphql-core for requests and the walker for bulk operations. Getters return values as they go on
the wire (times and money as strings), so neither engine converts anything.
"""

# ruff: noqa: ARG005 -- all getters share one signature, whether or not they need every argument.

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devstore.admin_api.context import Context

Args = dict[str, Any]
Getter = Callable[[Any, Args, "Context"], Any]

GETTERS: dict[tuple[str, str], Getter] = {}
TYPE_NAMES: dict[type, str] = {}
"""The GraphQL type that an object of a Python class is, for interfaces and unions. Dicts say it in ``__typename``."""


def fields(type_name: str, getters: dict[str, Getter], cls: type | None = None) -> None:
    """Register getters of one GraphQL type, and the Python class that stands for it."""
    for name, getter in getters.items():
        GETTERS[type_name, name] = getter
    if cls is not None:
        TYPE_NAMES[cls] = type_name


def plain(type_name: str, names: Sequence[str]) -> None:
    """Register a type whose values are dicts that carry their fields under the same names."""
    for name in names:
        GETTERS[type_name, name] = _item(name)


def _item(name: str) -> Getter:
    return lambda source, args, ctx: source[name]


def type_name(value: Any) -> str:
    if isinstance(value, dict):
        return str(value["__typename"])
    return TYPE_NAMES[type(value)]
