"""Domain errors: what a business rule refuses. The web turns them into problem documents, the CLI into messages."""

from __future__ import annotations

from enum import StrEnum


class DomainError(Exception):
    """A rule of the house refuses this; the message says what to do."""


class UnknownShop(DomainError):
    """No installed shop has this domain."""


class NoConsent(DomainError):
    """The merchant has not consented to training (law 1), or has withdrawn."""


class NotEnoughData(DomainError):
    """A model or an exam needs more orders than the shop has."""


class RefusalKind(StrEnum):
    """Why an event was refused, coarse enough to be counted."""

    SHAPE = "shape"
    """It is no object."""
    CONSENT = "consent"
    """The visitor has not allowed analytics, or nothing says that they have."""
    TYPE = "type"
    """The vocabulary has no such event."""
    IDENTITY = "identity"
    """It names nobody, or in a form that is not ours."""
    AGE = "age"
    """It says that it happened at an absurd time."""
    FIELD = "field"
    """A field is missing or absurd."""
    SURPLUS = "surplus"
    """There were too many in one batch."""


class BadEvent(DomainError):
    """A visitor event does not fit the closed vocabulary."""

    def __init__(self, message: str, kind: RefusalKind = RefusalKind.FIELD) -> None:
        super().__init__(message)
        self.kind = kind


class Busy(DomainError):
    """Another worker holds the claim on this shop's work; the caller may try again later."""
