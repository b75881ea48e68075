"""What is known of the items themselves, whoever looked at them: price, margin, kind, age, stock cover, attributes.

Rankers and the content model read it. Everything may be unknown, of one item or of all; nothing here is about a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.recommend.groups import UNKNOWN, Groups

Floats = npt.NDArray[np.float32]
NUMBERS = ("price", "margin", "created", "cover")
DESCRIBED = ("starts", "attribute", "weight")
LONGEST_COVER = 3650.0
"""Days; stock that lasts longer, or never ends, is all the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Attributes:
    """What each item is described by: numbers of attributes, or of the words of its texts, once each.

    `starts` int64 [N + 1]: item i has `attribute[starts[i]:starts[i + 1]]`, ascending. `attribute` int32 [E]: from 0.
    `weight` float32 [E]: how much each says of the item, above 0; 1 for bare attributes.
    """

    starts: npt.NDArray[np.int64]
    attribute: npt.NDArray[np.int32]
    weight: Floats

    def __post_init__(self) -> None:
        fits = len(self.starts) and len(self.attribute) == len(self.weight) == self.starts[-1]
        if not fits or self.starts[0] != 0 or np.any(np.diff(self.starts) < 0) or np.any(self.attribute < 0):
            raise ValueError("the attributes' arrays do not fit together")

    def __len__(self) -> int:
        """N, the number of items."""
        return len(self.starts) - 1

    @property
    def item(self) -> npt.NDArray[np.int64]:
        """Whose each attribute is, int64 [E]."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @property
    def count(self) -> int:
        """The number of different attributes, unused numbers included."""
        return int(self.attribute.max(initial=-1)) + 1


def attributes_of(
    item: npt.NDArray[np.integer[Any]],
    attribute: npt.NDArray[np.integer[Any]],
    weight: npt.NDArray[np.floating[Any]] | None = None,
    *,
    items: int,
) -> Attributes:
    """Attributes from parallel arrays in any order; of pairs that come twice the weights are added, of bare ones not.

    Args:
        item: positions in the catalogue.
        attribute: any numbers of at least 0; they are kept.
        items: N.

    Raises:
        ValueError: an item or an attribute is out of bounds, or a weight is not above 0.
    """
    if len(item) and (item.min() < 0 or item.max() >= items or attribute.min() < 0):
        raise ValueError("an item or an attribute is out of bounds")
    width = int(attribute.max(initial=0)) + 1
    pairs, place = np.unique(item.astype(np.int64) * width + attribute, return_inverse=True)
    summed = np.ones(len(pairs)) if weight is None else np.bincount(place, weight, minlength=len(pairs))
    if not np.all(summed > 0):
        raise ValueError("weights must be above 0")
    starts = np.append(0, np.cumsum(np.bincount(pairs // width, minlength=items))).astype(np.int64)
    return Attributes(starts, (pairs % width).astype(np.int32), summed.astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class ItemFacts:
    """Facts of the N items of a catalogue, in its order.

    `price` float32 [N], above 0, in any one unit; NaN where unknown. `margin` float32 [N], the share of the price that
    is left, 0 to 1, NaN where unknown. `group` int32 [N], the item's kind, `UNKNOWN` (-1) where unknown. `created`
    float32 [N], days since 1970-01-01, NaN where unknown. `cover` float32 [N], for how many days the stock lasts at
    the present rate of sales, `LONGEST_COVER` at most; NaN where unknown. What is no such number is taken for unknown.
    """

    price: Floats
    margin: Floats
    group: Groups
    created: Floats
    cover: Floats
    attributes: Attributes | None = None

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, name)) for name in (*NUMBERS, "group")}
        if self.attributes is not None:
            lengths.add(len(self.attributes))
        if len(lengths) != 1:
            raise ValueError("the items' facts differ in length")
        endless = np.isposinf(self.cover)
        cover = np.where(endless, np.float32(LONGEST_COVER), self.cover) if endless.any() else self.cover
        object.__setattr__(self, "price", _known(self.price, self.price > 0))
        object.__setattr__(self, "margin", np.clip(_known(self.margin), 0.0, 1.0))
        object.__setattr__(self, "created", _known(self.created))
        object.__setattr__(self, "cover", np.minimum(_known(cover, cover >= 0), np.float32(LONGEST_COVER)))

    def __len__(self) -> int:
        """N, the number of items."""
        return len(self.group)

    @property
    def without_attributes(self) -> ItemFacts:
        """What a ranker reads: the content model keeps its own digest of the attributes."""
        return replace(self, attributes=None)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What an artefact holds."""
        held: dict[str, npt.NDArray[Any]] = {name: getattr(self, name) for name in (*NUMBERS, "group")}
        if self.attributes is not None:
            held |= {name: getattr(self.attributes, name) for name in DESCRIBED}
        return held

    def meta(self) -> dict[str, Any]:
        return {"items": len(self), "attributes": self.attributes is not None}

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]], meta: Mapping[str, Any]) -> ItemFacts:
        """From an artefact.

        Raises:
            ValueError: the arrays don't fit together, or one is missing.
        """
        names = [*NUMBERS, "group", *(DESCRIBED if meta["attributes"] else ())]
        if missing := [name for name in names if name not in arrays]:
            raise ValueError(f"the items' facts lack {', '.join(missing)}")
        described = Attributes(*(arrays[name] for name in DESCRIBED)) if meta["attributes"] else None
        numbers = {name: arrays[name] for name in NUMBERS}
        facts = cls(**numbers, group=arrays["group"], attributes=described)
        if len(facts) != meta["items"]:
            raise ValueError("the items' facts are of another catalogue")
        return facts

    @classmethod
    def unknown(cls, items: int) -> ItemFacts:
        """Facts of so many items of which nothing is known."""
        blank = np.full(items, np.nan, dtype=np.float32)
        return cls(blank, blank, np.full(items, UNKNOWN, dtype=np.int32), blank, blank)


def _known(values: Floats, possible: npt.NDArray[np.bool_] | None = None) -> Floats:
    """The values, those that are not finite or not possible as NaN; the array itself where there are none."""
    told = np.isfinite(values) if possible is None else np.isfinite(values) & possible
    odd = ~told & ~np.isnan(values)
    return np.where(odd, np.float32(np.nan), values).astype(np.float32) if odd.any() else values
