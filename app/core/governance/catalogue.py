"""Every field that Attune keeps: where it comes from, what it is for, whether it is about a person, how long it stays.

A place is a table, a kind of record in the lake, a key in Redis or an artefact. Its fields stand here by how close they
come to a person; a test compares them with the real tables, schemas and keys, so a new one must be said here first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.core.governance.terms import BOUNDS, Term


class Source(StrEnum):
    """Who told us."""

    SHOPIFY = "Shopify"
    BROWSER = "Shoppers' browsers, with their consent"
    SHOPPER = "Shoppers themselves"
    MERCHANT = "You and your staff"
    KLAVIYO = "Klaviyo"
    ANALYTICS = "Google Analytics export"
    HELP_DESK = "Help desk export"
    FILES = "Your files"
    ATTUNE = "Made by Attune"


class Closeness(StrEnum):
    """How close a field comes to a person."""

    SEALED = "personal, encrypted"
    """It may hold a name, an address, an e-mail address or a telephone number; only a key opens it."""
    KEY = "key of the shop, encrypted"
    """A token or key of the shop's, about nobody."""
    PSEUDONYM = "tells people apart"
    """A number, a random id or a digest that says whose a record is, but not who that is."""
    ABOUT = "about a person"
    """What somebody did or wants, beside such an id."""
    NOBODY = "not personal"


UNTIL_ERASED: Final = "until the customer or the shop is erased"
WHILE_KNOWN: Final = "a customer's until they are erased; of visitors who never said who they are, as what they did"
WITH_SHOP: Final = "until the shop is erased"
UNTIL_REPLACED: Final = "until it is replaced by the next one"


@dataclass(frozen=True, slots=True)
class Place:
    """One place, its fields by closeness as words with blanks between.

    `term` is a `Term` or a sentence of its own.
    """

    name: str
    title: str
    source: Source
    purpose: str
    term: Term | str
    sealed: str = ""
    keys: str = ""
    pseudonyms: str = ""
    about: str = ""
    plain: str = ""

    def fields(self) -> Mapping[str, Closeness]:
        """Closeness by field."""
        said = (
            (self.sealed, Closeness.SEALED),
            (self.keys, Closeness.KEY),
            (self.pseudonyms, Closeness.PSEUDONYM),
            (self.about, Closeness.ABOUT),
            (self.plain, Closeness.NOBODY),
        )
        return {name: closeness for names, closeness in said for name in names.split()}

    @property
    def kept(self) -> str:
        """How long, in words, as the house has it."""
        return f"{BOUNDS[self.term].days} days" if isinstance(self.term, Term) else self.term


@dataclass(frozen=True, slots=True)
class Field:
    """One row of the catalogue."""

    place: str
    title: str
    name: str
    source: Source
    purpose: str
    closeness: Closeness
    term: Term | str

    @property
    def is_personal(self) -> bool:
        return self.closeness in {Closeness.SEALED, Closeness.PSEUDONYM, Closeness.ABOUT}

    def kept(self, terms: Mapping[Term, int]) -> str:
        """How long, by the terms that the shop has set."""
        return f"{terms[self.term]} days" if isinstance(self.term, Term) else self.term


def fields_of(places: tuple[Place, ...]) -> Iterator[Field]:
    """Every field of the places, in their order; the shop's own number is part of every key and is left out."""
    for place in places:
        for name, closeness in place.fields().items():
            yield Field(place.name, place.title, name, place.source, place.purpose, closeness, place.term)


def found(fields: Iterator[Field], *, words: str = "", personal: bool | None = None) -> list[Field]:
    """The fields that hold all the words anywhere, of people or not.

    Args:
        words: with blanks between; case does not matter.
        personal: None for both.
    """
    wanted = words.lower().split()
    return [
        field
        for field in fields
        if (personal is None or field.is_personal == personal) and all(word in _text(field) for word in wanted)
    ]


def _text(field: Field) -> str:
    return f"{field.place} {field.title} {field.name} {field.source} {field.purpose} {field.closeness}".lower()
