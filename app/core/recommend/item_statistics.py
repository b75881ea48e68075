"""What the histories of everybody say of each item: how much it is wanted, whether more so lately, and how often again.

Counted once per training; columns of the ranker beside what the signals say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.recommend.histories import Histories

Column = npt.NDArray[np.float32]
RECENT = 0.1
"""The newest share of all events that tells what is wanted lately."""
SMOOTHING = 2.0
"""Events granted to every item before its share of recent ones is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemStatistics:
    """Float32 [N] each.

    `wanted`: the logarithm of one more than the number of people who have the item. `lately`: the logarithm of its
    share of the newest events over its share of all, 0 where nothing has changed. `again`: the share of its people
    who came back for it in a later step, smoothed. `age`: the share of all events before its first one.
    """

    wanted: Column
    lately: Column
    again: Column
    age: Column

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> ItemStatistics:
        """What an artefact holds.

        Raises:
            ValueError: a column is missing, or they differ in length.
        """
        names = [field.name for field in fields(cls)]
        if missing := [name for name in names if name not in arrays]:
            raise ValueError(f"the items' statistics lack {', '.join(missing)}")
        if len({arrays[name].shape for name in names}) != 1:
            raise ValueError("the items' statistics differ in length")
        return cls(*(arrays[name] for name in names))

    def arrays(self) -> dict[str, Column]:
        """What an artefact holds of them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def statistics_of(histories: Histories) -> ItemStatistics:
    """Count. Where days are not known, people stand in the order in which they came, and that is time."""
    number, item = len(histories.items), histories.item
    person = histories.person
    order = np.arange(len(item)) if histories.day is None else np.argsort(histories.day, kind="stable")
    people, again = _people_and_returners(person, item, histories.step, number)
    counts = np.bincount(item, minlength=number)
    newest = item[order[int(len(order) * (1.0 - RECENT)) :]]
    recent = np.bincount(newest, minlength=number)
    expected = counts * (len(newest) / max(len(item), 1))
    first = np.full(number, len(item), dtype=np.int64)
    np.minimum.at(first, item[order], np.arange(len(order)))
    total = max(int(again.sum()), 0) / max(int(people.sum()), 1)
    return ItemStatistics(
        wanted=np.log1p(people).astype(np.float32),
        lately=np.log((recent + SMOOTHING) / (expected + SMOOTHING)).astype(np.float32),
        again=((again + 5.0 * total) / (people + 5.0)).astype(np.float32),
        age=(first / max(len(item), 1)).astype(np.float32),
    )


def _people_and_returners(
    person: npt.NDArray[np.int64], item: npt.NDArray[np.int32], step: npt.NDArray[np.int32], number: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Of every item: how many people have it, and how many have it in two or more steps."""
    new_visit = np.append(True, (person[1:] != person[:-1]) | (step[1:] != step[:-1]))[: len(item)]
    width = max(number, 1)
    cells = np.unique(np.cumsum(new_visit) * width + item)
    person_of_visit = person[new_visit]
    pairs, times = np.unique(person_of_visit[cells // width - 1] * width + cells % width, return_counts=True)
    of_pair = (pairs % width).astype(np.int64)
    return (
        np.bincount(of_pair, minlength=number),
        np.bincount(of_pair[times > 1], minlength=number),
    )
