"""What became of a delivery's rows: taken, known already, let go, refused; with row numbers and reasons.

No report holds what a field said: a refused row may be about a person. Reasons are sentences about the form of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

MOST_PROBLEMS: Final = 100
"""Rows that a report names one by one; of the others it has counts by reason."""
MOST_UNMATCHED: Final = 20


class Reason(StrEnum):
    """Why a row was refused. What it says is for the merchant."""

    SHAPE = "not a row of this source"
    MISSING = "a required field is empty"
    MOMENT = "a time that cannot be read"
    AMBIGUOUS_DAY = "a day that could be read in two ways"
    FUTURE = "a time in the future"
    ABSURD = "a time before 2000"
    NUMBER = "a number that cannot be read"
    EMAIL = "not an e-mail address"
    SCORE = "a satisfaction that cannot be read"
    NOBODY = "it says nothing about whom it is"
    CONTRADICTION = "it contradicts another row of the file"
    ENCODING = "characters that cannot be read"


class Letting(StrEnum):
    """Why a row was let go although nothing is wrong with it."""

    MACHINE_OPEN = "opened by a mail program, not by a person"
    BOT_CLICK = "clicked by a scanner, not by a person"
    OTHER_EVENT = "an event of another kind"
    NO_CONSENT = "no consent to analytics"
    OPTED_OUT = "of a customer who opted out"
    SWITCHED_OFF = "of a shopper who switched it off"
    ERASED = "of somebody who was erased"
    TOO_OLD = "older than the shop keeps behaviour"
    OLDER = "older than what is known"


class Refused(Exception):
    """This row cannot be used."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail or str(reason))
        self.reason = reason
        self.detail = detail or str(reason)


class LetGo(Exception):
    """This row is not wanted."""

    def __init__(self, why: Letting) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(slots=True)
class Report:
    """Counts of one delivery. `rows` is the sum of all that follows; `first` and `last` are of what was taken."""

    rows: int = 0
    taken: int = 0
    again: int = 0
    """Rows that were there already, by this delivery or another one."""
    changed: int = 0
    """Taken rows that replaced an earlier figure of the same key."""
    let_go: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[int, str]] = field(default_factory=list)
    unmatched: Counter[str] = field(default_factory=Counter)
    """Taken rows that name something that the store does not have, by what: products, customers, orders."""
    strangers: list[str] = field(default_factory=list)
    """The first SKUs among them."""
    shared: int = 0
    """Taken rows whose e-mail belongs to several customers."""
    first: datetime | None = None
    last: datetime | None = None
    notes: list[str] = field(default_factory=list)

    def refuse(self, row: int, refused: Refused) -> None:
        self.rows += 1
        self.refused[str(refused.reason)] += 1
        # Batches end in no strict order of rows, so the list is put into order when it is shown.
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append((row, refused.detail))

    def drop(self, why: Letting) -> None:
        self.rows += 1
        self.let_go[str(why)] += 1

    def take(self, at: datetime) -> None:
        self.rows += 1
        self.taken += 1
        self.first = at if self.first is None else min(self.first, at)
        self.last = at if self.last is None else max(self.last, at)

    def repeat(self) -> None:
        self.rows += 1
        self.again += 1

    def miss(self, what: str, name: str = "") -> None:
        self.unmatched[what] += 1
        if name and name not in self.strangers and len(self.strangers) < MOST_UNMATCHED:
            self.strangers.append(name)

    def as_json(self) -> dict[str, Any]:
        """For a column of type JSON."""
        return {
            "rows": self.rows,
            "taken": self.taken,
            "again": self.again,
            "changed": self.changed,
            "let_go": dict(self.let_go),
            "refused": dict(self.refused),
            "problems": [{"row": row, "reason": reason} for row, reason in sorted(self.problems)],
            "unmatched": dict(self.unmatched),
            "strangers": self.strangers,
            "shared": self.shared,
            "notes": self.notes,
        }


def together(kept: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Two reports (`Report.as_json`) as one; what names single rows is kept of the newest, and no more than of one."""
    if not kept:
        return dict(new)
    summed: dict[str, Any] = {name: kept[name] + new[name] for name in SUMMED}
    for name in ("let_go", "refused", "unmatched"):
        summed[name] = dict(Counter(kept[name]) + Counter(new[name]))
    return {
        **summed,
        "problems": [*new["problems"], *kept["problems"]][:MOST_PROBLEMS],
        "strangers": list(dict.fromkeys([*new["strangers"], *kept["strangers"]]))[:MOST_UNMATCHED],
        "notes": list(dict.fromkeys([*kept["notes"], *new["notes"]])),
    }


SUMMED: Final = ("rows", "taken", "again", "changed", "shared")
