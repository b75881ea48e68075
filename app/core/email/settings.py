"""What the merchant has switched on for mails: pushing, each trigger, the hold-out, and the terms of an offer.

Everything is off until they switch it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.core.email.hold_out import MOST_SHARE, USUAL_SHARE
from app.core.email.names import Trigger
from app.core.errors import DomainError


class BadMailSetting(DomainError):
    """A setting out of its bounds; `field` names it."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What a win-back offers. The budget counts codes, so that it can't be overdrawn by orders of any size."""

    percent: int = 10
    days: int = 14
    """How long a code is valid."""
    most_codes: int = 0
    """How many codes may be given out in all; 0: no offers."""


@dataclass(frozen=True, slots=True)
class MailSettings:
    salt: str = ""
    """Of the hold-out; made once, when the settings are first saved."""
    push: bool = False
    """Whether profiles are written."""
    triggers: Mapping[Trigger, datetime] = field(default_factory=dict)
    """Those whose events are sent, with when each was switched on: what came about before is no occasion."""
    hold_out: float = USUAL_SHARE
    """The part of all customers who get the merchant's own block."""
    offer: OfferTerms = field(default_factory=OfferTerms)
    care: str = ""
    """Where care content is taken from: “blog” or “metafield” with a name behind a colon; empty for none."""

    def checked(self) -> MailSettings:
        """Itself.

        Raises:
            BadMailSetting: something is out of bounds.
        """
        if not 0 <= self.hold_out <= MOST_SHARE:
            raise BadMailSetting("between none and half of the shoppers can be held out", "hold_out")
        if not 1 <= self.offer.percent <= 50:
            raise BadMailSetting("an offer takes 1 to 50 percent off", "percent")
        if not 1 <= self.offer.days <= 90:
            raise BadMailSetting("a code is valid for 1 to 90 days", "days")
        if not 0 <= self.offer.most_codes <= 100_000:
            raise BadMailSetting("at most 100,000 codes can be given out", "most_codes")
        return self
