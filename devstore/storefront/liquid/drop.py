"""Objects that Liquid may look into. A drop shows its public properties and nothing else.

Plain Python lists lack `.count` and instances cannot be indexed by name, which Shopify's objects can; hence two bases.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from liquid.exceptions import LiquidError


class NotSimulated(LiquidError):
    """Shopify has this, the devstore does not; the page shows a Liquid error, and tests see it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the devstore does not simulate {what}", token=None)


class Missing:
    """A whole object that the devstore lacks."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getitem__(self, key: object) -> Any:
        raise NotSimulated(f"{self._name}.{key}")

    def __str__(self) -> str:
        raise NotSimulated(self._name)


class Drop:
    """`{{ drop.name }}` reads the property `name`; `{{ drop.name? }}` too, as gift_card? has no Python spelling.

    What Shopify's object has and this one has not stands in `not_simulated`: asking for it is an error and not nil.
    """

    not_simulated: frozenset[str] = frozenset()

    def __getitem__(self, key: object) -> Any:
        name = str(key).removesuffix("?")
        found = getattr(type(self), name, None) if not name.startswith("_") else None
        if not isinstance(found, property | cached_property):
            if name in self.not_simulated:
                raise NotSimulated(f"{type(self).__name__.removesuffix('Drop').lower()}.{name}")
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
