"""Domain errors: what a business rule refuses. The web turns them into problem documents, the CLI into messages."""

from __future__ import annotations


class DomainError(Exception):
    """A rule of the house refuses this; the message says what to do."""


class UnknownShop(DomainError):
    """No installed shop has this domain."""


class NoConsent(DomainError):
    """The merchant has not consented to training (law 1), or has withdrawn."""


class NotEnoughData(DomainError):
    """A model or an exam needs more orders than the shop has."""


class BadEvent(DomainError):
    """A visitor event does not fit the closed vocabulary."""


class Busy(DomainError):
    """Another worker holds the claim on this shop's work; the caller may try again later."""
