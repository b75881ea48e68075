"""What a data contract says of a source: its fields, what is required, what is personal, its key and its clock.

Readers find a file's columns by it, the Data page shows it, and data quality asks it which fields should not be empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class Source(StrEnum):
    """Where data come from; the value is what the command line takes."""

    SHOPIFY = "shopify"
    STOREFRONT = "storefront"
    KLAVIYO = "klaviyo"
    GA4 = "ga4"
    TICKETS = "tickets"
    AD_SPEND = "ad-spend"
    STOCK = "stock"


class Holds(StrEnum):
    """What a field may hold."""

    TEXT = "text"
    ID = "id"
    MOMENT = "moment"
    DAY = "day"
    WHOLE = "whole number"
    MONEY = "amount of money"
    SCORE = "score"
    EMAIL = "e-mail address"
    YES_NO = "yes or no"
    ITEMS = "list of items"


class Personal(StrEnum):
    """Whether a field is about a person, and what becomes of it."""

    NO = "no"
    PSEUDONYM = "an id of a browser or profile"
    HASHED = "hashed at once, never kept as it is"
    ENCRYPTED = "kept encrypted"
    NOT_KEPT = "read past, never kept"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a source.

    `names` are its headings in files, or its path in JSON; they are compared without case, blanks and punctuation.
    `column` is where it is kept; empty where it is only looked at. `matches` says with what of the store it must agree.
    """

    name: str
    holds: Holds
    meaning: str
    names: tuple[str, ...] = ()
    required: bool = False
    unit: str = ""
    personal: Personal = Personal.NO
    column: str = ""
    matches: str = ""
    expected: bool = False
    """Not required, but a row is of little use without it: its share of empty values is watched."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What a source promises.

    `key` names the fields by which a row that comes twice is known. `clock` says whose time its moments are in.
    `every` is how often it usually brings something new; None where it comes when somebody brings it.
    """

    source: Source
    title: str
    about: str
    formats: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    clock: str
    every: timedelta | None
    kind: str = ""
    """The kind of the lake's records that it becomes; empty for what stands in tables."""
    imported: bool = True
    """Whether files are brought by hand."""

    def field(self, name: str) -> Field:
        """Raises KeyError for a field that the contract does not have."""
        found = next((field for field in self.fields if field.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    @property
    def watched(self) -> tuple[Field, ...]:
        """The fields with a column that should hold something."""
        return tuple(field for field in self.fields if field.column and (field.required or field.expected))


DAY: Final = timedelta(days=1)
