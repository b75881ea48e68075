"""What the merchant has switched on for mails: pushing, each trigger, the hold-out, and the terms of an offer.

Everything is off until they switch it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.core.email.hold_out import MOST_SHARE, USUAL_SHARE
from app.core.email.names import Trigger
from app.core.email.offers import BadMailSetting, OfferTerms


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

    def checked(self) -> MailSettings:
        """Itself.

        Raises:
            BadMailSetting: something is out of bounds.
        """
        if not 0 <= self.hold_out <= MOST_SHARE:
            raise BadMailSetting("between none and half of the shoppers can be held out", "hold_out")
        self.offer.checked()
        return self
