"""The texts of products as attributes: the words of titles, types, tags and options, and whole types, tags and vendors.

Attributes are numbers made of the words themselves, so that a product that comes after a training is described by the
same ones without anybody keeping a dictionary. Which words say nothing is decided by counting, in any language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import normalize
from zlib import crc32

import numpy as np
import numpy.typing as npt

from app.core.recommend.item_facts import Attributes, attributes_of

WORD = re.compile(r"[^\W\d_]{2,}")
TITLE, KIND, TAG, OPTION, DESCRIPTION = 1.0, 1.0, 1.0, 0.5, 0.3
"""How much one word of each field says. A product has one title and one kind, and any number of the others."""
WHOLE_KIND, WHOLE_TAG, VENDOR = 2.0, 1.5, 1.0
"""How much it says that two products have the same type, tag or vendor as written."""
MOST = 100
"""Attributes of one product; more of them is a list of search words."""
STOP_SHARE = 0.5
"""Words of more than this share of the products tell none apart."""
LEAST_FOR_STOPPING = 20
"""Products; in a smaller catalogue every word may matter."""


@dataclass(frozen=True, slots=True)
class ItemText:
    """What a merchant wrote of a product; every field may be empty."""

    title: str = ""
    kind: str = ""
    vendor: str = ""
    tags: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    description: str = ""


def words(text: str) -> list[str]:
    """Its words in lower case, plurals and singulars as one, numbers left out: sizes and years are no likeness."""
    return [_singular(word) for word in WORD.findall(normalize("NFKC", text).casefold())]


def terms(text: ItemText) -> dict[int, float]:
    """The attributes of one product, from 0 to 2^31 - 1, and their weights: the `MOST` heaviest."""
    weights: dict[int, float] = {}
    fields = [(text.title, TITLE), (text.kind, KIND), (text.description, DESCRIPTION)]
    fields += [(tag, TAG) for tag in text.tags] + [(option, OPTION) for option in text.options]
    for field, weight in fields:
        for word in words(field):
            # A word counts once, where it says most: what a title repeats is not meant twice.
            number = _number("word", word)
            weights[number] = max(weights.get(number, 0.0), weight)
    wholes = [("kind", text.kind, WHOLE_KIND), ("vendor", text.vendor, VENDOR)]
    wholes += [("tag", tag, WHOLE_TAG) for tag in text.tags]
    for name, value, weight in wholes:
        if whole := " ".join(normalize("NFKC", value).casefold().split()):
            weights[_number(name, whole)] = weight
    return dict(sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST])


def attributes_from(texts: Iterable[tuple[int, ItemText]], items: int) -> Attributes:
    """The attributes of a catalogue; the texts are read one by one and not kept.

    Args:
        texts: positions in the catalogue and texts; a position at most once, in any order, and some may be missing.
        items: N.
    """
    position: list[npt.NDArray[np.int32]] = []
    number: list[npt.NDArray[np.int32]] = []
    weight: list[npt.NDArray[np.float32]] = []
    for place, text in texts:
        found = terms(text)
        position.append(np.full(len(found), place, dtype=np.int32))
        number.append(np.fromiter(found.keys(), np.int32, len(found)))
        weight.append(np.fromiter(found.values(), np.float32, len(found)))
    if not position:
        return attributes_of(np.empty(0, np.int32), np.empty(0, np.int32), items=items)
    item, attribute, value = np.concatenate(position), np.concatenate(number), np.concatenate(weight)
    if len(position) >= LEAST_FOR_STOPPING:
        _, column, sizes = np.unique(attribute, return_inverse=True, return_counts=True)
        telling = (sizes <= STOP_SHARE * len(position))[column]
        item, attribute, value = item[telling], attribute[telling], value[telling]
    return attributes_of(item, attribute, value, items=items)


def _number(name: str, value: str) -> int:
    return crc32(f"{name}:{value}".encode(errors="replace")) >> 1


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
