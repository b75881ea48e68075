"""What a reader makes of one row, what it is told beside the row, and how a CSV file's columns are found."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.core.errors import DomainError
from app.core.sources.contract import Contract, Field
from app.core.sources.report import Reason, Refused
from app.core.sources.values import Clock

Raw = Mapping[str, Any]


class BadFile(DomainError):
    """Nothing of the file can be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a row does not say itself: the clock, the shop's currency, and an address's keyed hash in hexadecimal."""

    clock: Clock
    currency: str
    hash_email: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Found:
    """A row that can be used.

    `key` is the same whenever the row comes again. `values` are columns of where it goes. `items` are SKUs or ids of
    products as the source writes them, `order` an order likewise; the store knows what they mean.
    """

    key: str
    at: datetime
    values: Mapping[str, Any]
    items: tuple[str, ...] = ()
    order: str = ""
    also: tuple[Found, ...] = field(default=())
    """Further records that the same row is."""


Read = Callable[[Raw, Given], Found]
"""Raises `Refused` or `LetGo`."""


def key_of(*parts: object) -> str:
    """A key of 32 hexadecimal digits that is the same for the same parts."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:32]


def bare(heading: str) -> str:
    """A heading as headings are compared: small letters, digits, single blanks."""
    return re.sub(r"[\W_]+", " ", heading.lower()).strip()


def _called(field: Field) -> str:
    """Such as ``“day” (or “date”, “datum”)``."""
    others = ", ".join(f"“{name}”" for name in field.names if name != field.name)
    return f"“{field.name}” (or {others})" if others else f"“{field.name}”"


class Columns:
    """Which heading of a file is which field of the contract.

    Raises:
        BadFile: a required field has no column.
    """

    def __init__(self, contract: Contract, headings: Sequence[str]) -> None:
        known = {bare(heading): heading for heading in reversed(headings)}
        self._heading: dict[str, str] = {}
        for one in contract.fields:
            there = [known[bare(name)] for name in one.names if bare(name) in known]
            if there:
                self._heading[one.name] = there[0]
        lacking = [one for one in contract.fields if one.required and one.name not in self._heading]
        if lacking:
            wanted = " or ".join(_called(one) for one in lacking)
            has = ", ".join(f"“{heading}”" for heading in headings[:30]) or "none"
            raise BadFile(f"the file has no column for {wanted}. Its columns are: {has}.")
        self._required = [one.name for one in contract.fields if one.required]

    def heading(self, name: str) -> str | None:
        """The file's own heading of a field."""
        return self._heading.get(name)

    def pick(self, row: Mapping[str, str]) -> dict[str, str]:
        """The contract's fields of a row; empty texts where it has none.

        Raises:
            Refused: a required field is empty.
        """
        found = {name: (row.get(heading) or "").strip() for name, heading in self._heading.items()}
        for name in self._required:
            if not found[name]:
                raise Refused(Reason.MISSING, f"“{self._heading[name]}” is empty")
        return found
