"""An exam: histories to learn from, and questions with their answers, over one catalogue.

Items that only the questions know have no position: as part of a history they are left out, as answers they are
counted, and nobody can find them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from app.core.errors import DomainError
from app.core.recommend.histories import Histories, History, Ids, Items
from app.core.recommend.item_facts import ItemFacts
from app.core.recommend.tasks import Task

Number = TypeVar("Number", bound=np.generic)


class BadData(DomainError):
    """The data do not make an exam; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question: a history, and the items that followed, at least one of them.

    `targets` int32 [T]: positions in the catalogue, each once. `unknown`: how many answers the catalogue does not have.
    """

    history: History
    targets: Items
    unknown: int

    @property
    def answers(self) -> int:
        """How many items followed, those that nobody can find included."""
        return len(self.targets) + self.unknown


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """The questions of an exam.

    `histories`: one person for each of the Q questions; histories may be empty. `starts` int64 [Q + 1], `target` int32:
    the answers of question q are `target[starts[q]:starts[q + 1]]`. `unknown` int64 [Q] as in `Case`. `now`: the day on
    which they are asked, None where days are not known.
    """

    histories: Histories
    starts: Ids
    target: Items
    unknown: Ids
    now: float | None = None

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __iter__(self) -> Iterator[Case]:
        for number in range(len(self)):
            low, high = self.starts[number : number + 2].tolist()
            history = self.histories.of(number, now=self.now)
            yield Case(history, self.target[low:high], int(self.unknown[number]))

    def take(self, numbers: npt.NDArray[np.int64]) -> Cases:
        """Only these questions, by their numbers."""
        starts, target = _take(self.starts, self.target, numbers)
        lines, item = _take(self.histories.starts, self.histories.item, numbers)
        _, step = _take(self.histories.starts, self.histories.step, numbers)
        day = None
        if self.histories.day is not None:
            _, day = _take(self.histories.starts, self.histories.day, numbers)
        return Cases(
            Histories(self.histories.items, lines, item, step, day), starts, target, self.unknown[numbers], self.now
        )

    def sample(self, most: int, seed: int) -> Cases:
        """At most so many of them, drawn without replacement, in their order."""
        if len(self) <= most:
            return self
        drawn = np.random.default_rng(seed).choice(len(self), size=most, replace=False)
        return self.take(np.sort(drawn))


@dataclass(frozen=True, slots=True, eq=False)
class Exam:
    """What models may learn from, and what they are asked afterwards, once.

    `notes` are sentences about what was left out, merged or capped on the way here. `names` are the ids of the items in
    the order of the catalogue. `hidden` bool [N], where given, marks items whose every occurrence was taken away.
    """

    task: Task
    training: Histories
    cases: Cases
    names: tuple[str, ...]
    facts: ItemFacts | None = None
    notes: tuple[str, ...] = ()
    hidden: npt.NDArray[np.bool_] | None = None

    def noting(self, *sentences: str) -> Exam:
        return replace(self, notes=(*self.notes, *sentences))


def checked(exam: Exam) -> Exam:
    """The exam, if anything can be learnt and asked.

    Raises:
        BadData: there is nothing to learn from, only one item, nothing to ask, or no answer that anybody could find.
    """
    if not len(exam.training.item):
        raise BadData("The training part is empty: there is nothing to learn from.")
    if len(exam.training.items) < 2:
        raise BadData(
            "The training part has a single item: there is nothing to rank. Give data with two items or more."
        )
    if not len(exam.cases):
        if exam.hidden is not None:
            raise BadData("No list ends with a hidden item, so nothing is asked. Raise --cold, or give more lists.")
        raise BadData(f"The test part is empty: {_HOW_TO_ASK[exam.task]}")
    missing = int(exam.cases.unknown.sum())
    if not len(exam.cases.target):
        raise BadData(f"Not one item of the test part occurs in the training part. {_WHY_UNKNOWN[exam.task]}")
    if not missing:
        return exam
    total = missing + len(exam.cases.target)
    return exam.noting(
        f"{missing:,} of {total:,} answers are items that the training part does not have; they count as misses."
    )


_WHY_UNKNOWN = {
    Task.SESSION: "Check that TRAIN and TEST name items by the same ids.",
    Task.SEQUENCE: "Each user's last item is asked for; give users who share items with others.",
    Task.BASKET: "Check that all rows name items by the same ids.",
    Task.TIME: "Check that all files name items by the same ids, or move --until.",
}
_HOW_TO_ASK = {
    Task.SESSION: "give TEST rows with a prefix and a target.",
    Task.SEQUENCE: "no user has two items, one to learn from and one to ask for.",
    Task.BASKET: "no row is marked is_future; mark each user's last basket.",
    Task.TIME: "nobody is asked. Move --until, or add --days.",
}


def _take(starts: Ids, values: npt.NDArray[Number], numbers: npt.NDArray[np.int64]) -> tuple[Ids, npt.NDArray[Number]]:
    """Rows of a ragged array."""
    lengths = np.diff(starts)[numbers]
    ends = np.append(0, np.cumsum(lengths)).astype(np.int64)
    within = np.arange(int(ends[-1])) - np.repeat(ends[:-1], lengths)
    return ends, values[np.repeat(starts[numbers], lengths) + within]
