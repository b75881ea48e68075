"""A file of items and their attributes, and an exam whose catalogue is described by it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app.adapters.data_files import columns
from app.adapters.data_files.tables import read
from app.core.recommend.item_facts import ItemFacts, attributes_of
from app.core.recommend.protocols.exam import Exam


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """`ids`: the items as text. `attributes`: of all items in one row, as text. `widths` int64: how many each has."""

    ids: Any
    attributes: Any
    widths: npt.NDArray[np.int64]


def read_items(path: Path) -> Described:
    """`item` and `attributes` of the file.

    Raises:
        BadData: the file cannot be read, lacks a column, or is empty.
    """
    rows = read(path, ["item", "attributes"])
    attributes, widths = columns.lists(rows["attributes"])
    return Described(columns.texts(rows["item"]).combine_chunks(), attributes, widths)


def describe(exam: Exam, described: Described) -> Exam:
    """The exam with the attributes of its catalogue's items; other items of the file are left aside."""
    place = {name: position for position, name in enumerate(exam.names)}
    position = np.array([place.get(name, -1) for name in described.ids.to_pylist()], dtype=np.int64)
    (attribute,), _ = columns.coded(described.attributes)
    owner = np.repeat(position, described.widths)
    there = owner >= 0
    attributes = attributes_of(owner[there], attribute[there], items=len(exam.names))
    facts = ItemFacts.unknown(len(exam.names)) if exam.facts is None else exam.facts
    return replace(exam, facts=replace(facts, attributes=attributes))
