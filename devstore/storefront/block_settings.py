"""The settings of a block's schema: their defaults, and whether a merchant could have chosen a value in the editor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

TEXTS = frozenset(("text", "textarea", "richtext", "inline_richtext", "html", "url", "color", "liquid"))
CHOICES = frozenset(("select", "radio"))
RESOURCES = frozenset(("product", "collection", "page", "blog", "article"))


def entries(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The settings that hold a value; headers and paragraphs hold none."""
    return (entry for entry in schema.get("settings", ()) if "id" in entry)


def checked(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values, as they are.

    Raises:
        ValueError: a setting that the schema lacks, or a value that the editor would not let through.
    """
    known = {entry["id"]: entry for entry in entries(schema)}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"there is no setting {name}")
        if not _fits(known[name], value):
            raise ValueError(f"{value!r} is no value of the setting {name}")
    return dict(given)


def _fits(entry: Mapping[str, Any], value: Any) -> bool:
    kind = entry["type"]
    if kind == "checkbox":
        return isinstance(value, bool)
    if kind in ("range", "number"):
        return _number_fits(entry, value)
    if kind in CHOICES:
        return value in [option["value"] for option in entry.get("options", ())]
    if kind in TEXTS or kind in RESOURCES:
        return isinstance(value, str)
    raise ValueError(f"the devstore does not simulate settings of the type {kind}")


def _number_fits(entry: Mapping[str, Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low, high = entry.get("min", value), entry.get("max", value)
    if not low <= value <= high:
        return False
    return entry["type"] == "number" or bool((value - low) % entry.get("step", 1) == 0)
