"""Objects that Liquid may look into. A drop shows its public properties and nothing else.

Plain Python lists lack `.count` and instances cannot be indexed by name, which Shopify's objects can; hence two bases.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any


class Drop:
    """`{{ drop.name }}` reads the property `name`; `{{ drop.name? }}` too, as gift_card? has no Python spelling."""

    def __getitem__(self, key: object) -> Any:
        name = str(key).removesuffix("?")
        found = getattr(type(self), name, None) if not name.startswith("_") else None
        if not isinstance(found, property | cached_property):
            raise KeyError(key)
        return getattr(self, name)

    def as_json(self) -> Any:
        """What `{{ drop | json }}` prints; a drop without it prints what Shopify prints for such objects."""
        return {"error": "json not allowed for this object"}


class ListDrop(list[Any]):
    """A list with the names that Liquid knows: size, count, first, last."""

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            if key in ("count", "size"):
                return len(self)
            if key in ("first", "last"):
                return (self[0] if key == "first" else self[-1]) if self else None
            raise KeyError(key)
        return super().__getitem__(key)
