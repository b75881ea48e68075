"""The blends that a model in use may hold, each over the model's own items, and their place in its artefact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from app.core.recommend.blend import WITHIN, Blend, part
from app.core.recommend.signals.types import Arrays


@dataclass(frozen=True, slots=True, eq=False)
class Blends:
    """`bought` ranks by what a customer bought, `visit` by what somebody looks at; None where it is not used."""

    bought: Blend | None = None
    visit: Blend | None = None

    def __bool__(self) -> bool:
        return bool(self.there)

    @property
    def there(self) -> Mapping[str, Blend]:
        """Those that are used, by the names under which artefacts hold them."""
        both = {"bought": self.bought, "visit": self.visit}
        return {name: blend for name, blend in both.items() if blend is not None}

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What an artefact holds of them."""
        return {
            f"{name}{WITHIN}{key}": array for name, one in self.there.items() for key, array in one.arrays().items()
        }

    def meta(self) -> dict[str, Any]:
        """What an artefact says of them beside their arrays."""
        return {name: blend.meta() for name, blend in self.there.items()}

    @classmethod
    def of(cls, arrays: Arrays, meta: Mapping[str, Any], items: int) -> Blends:
        """The blends of an artefact over so many items.

        Raises:
            ValueError: an array is missing, a part does not fit, or a blend is over another number of items.
        """
        found = {name: Blend.of(part(arrays, name), meta[name]) for name in ("bought", "visit") if name in meta}
        if any(len(blend) != items for blend in found.values()):
            raise ValueError("a blend ranks other items than its model holds")
        return cls(**found)


NO_BLENDS = Blends()
