"""How long each kind of data is kept: the house's terms, and how far a merchant may move them.

Where the law or a promise sets an end, the bound is there; the rest is the merchant's choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.core.errors import DomainError


class Term(StrEnum):
    """The names of the terms, as the setting ``retention`` has them."""

    BEHAVIOUR = "days"
    """Older than the other terms, hence its name."""
    DECISIONS = "decisions"
    PAYLOADS = "payloads"
    EXPORTS = "exports"
    CONSENT = "consent"
    ACCESS = "access"
    SEGMENTS = "segments"
    MAILS = "mails"
    TOMBSTONES = "tombstones"


@dataclass(frozen=True, slots=True)
class Bounds:
    """A term in days: what it is, what it is for, how long without a wish, and how far a wish may go."""

    title: str
    reason: str
    days: int
    least: int
    most: int

    @property
    def is_fixed(self) -> bool:
        return self.least == self.most


BOUNDS: Final[Mapping[Term, Bounds]] = {
    Term.BEHAVIOUR: Bounds(
        "What visitors did",
        "Events, clicks, Klaviyo and Analytics engagement, tickets, which browser stands behind an order, and what "
        "ties the names of visitors who never said who they are. A year and a month compares a season with the one "
        "before.",
        400,
        30,
        800,
    ),
    Term.DECISIONS: Bounds(
        "Recent decisions", "What was shown for a request, while an order may still refer to it.", 45, 14, 400
    ),
    Term.PAYLOADS: Bounds(
        "Raw webhooks", "Encrypted, kept a few days after they are done so that a fault can be followed.", 7, 1, 7
    ),
    Term.EXPORTS: Bounds(
        "Exports for customers", "So long you can fetch what a customer asked for; the receipt stays.", 30, 7, 90
    ),
    Term.CONSENT: Bounds(
        "History of consent", "What shoppers allowed and when: your proof if anybody asks.", 1095, 365, 2190
    ),
    Term.ACCESS: Bounds(
        "Access log, and reports of retention",
        "Who opened personal fields, and what each night removed.",
        730,
        90,
        2190,
    ),
    Term.SEGMENTS: Bounds("History of segments", "Who entered and left which segment, and why.", 400, 30, 800),
    Term.MAILS: Bounds(
        "What a mail may speak of",
        "What a browser looked at or put into the cart, so that a mail can remind of it. Where what visitors did is "
        "kept for a shorter time, so is this.",
        90,
        90,
        90,
    ),
    Term.TOMBSTONES: Bounds(
        "Erased browsers",
        "Events are at most a day old when they arrive; after this nothing late can come.",
        30,
        30,
        30,
    ),
}


class BadTerm(DomainError):
    """A term is no number of days within its bounds; the message says which."""


def terms_of(setting: Mapping[str, object] | None) -> dict[Term, int]:
    """The terms in force, from the stored setting; what is not set is the house's, and nothing outlasts the bounds."""
    found = setting or {}
    return {term: _within(found.get(term), bounds) for term, bounds in BOUNDS.items()}


def changed_terms(asked: Mapping[str, str]) -> dict[Term, int]:
    """The terms that a form sends.

    Raises:
        BadTerm: one is no whole number of days, or out of bounds.
    """
    new: dict[Term, int] = {}
    for term, bounds in BOUNDS.items():
        text = asked.get(term)
        if text is None or bounds.is_fixed:
            continue
        if not (text.isascii() and text.isdecimal() and bounds.least <= int(text) <= bounds.most):
            raise BadTerm(f"{bounds.title}: give whole days from {bounds.least} to {bounds.most}")
        new[term] = int(text)
    return new


def _within(value: object, bounds: Bounds) -> int:
    # Text comes from older versions of the setting, and so do terms that are shorter than a form takes now: they stay.
    days = int(value) if isinstance(value, int | str) and str(value).isdecimal() else 0
    return bounds.days if bounds.is_fixed or days < 1 else min(days, bounds.most)
