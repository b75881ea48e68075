"""Note who is signed in on which browser, as Shopify's signature of an app-proxy request says: once an hour is enough.

The id of a visitor exists only after consent to analytics and preferences, so a request that carries one carries that
consent. Nothing waits for the note, and what is lost is said again with the next hour's first page.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Final

from app.core.events import Event, EventType
from app.core.ids import CustomerId, ShopId, VisitorId
from app.core.profiles.identity_ties import hour_of
from app.ports import Clock, SignInLog

MOST_REMEMBERED: Final = 20_000
CONSENT: Final = {"analytics": True, "preferences": True, "marketing": False}

Seen = tuple[ShopId, VisitorId, CustomerId, int]


class SignIns:
    """What one process has noted lately."""

    def __init__(self, events: SignInLog, clock: Clock) -> None:
        self._events, self._clock = events, clock
        self._noted: OrderedDict[Seen, None] = OrderedDict()

    def note(self, shop: ShopId, visitor: VisitorId | None, customer: CustomerId | None) -> None:
        """Note it, unless this hour knows it.

        Args:
            customer: only one whose number Shopify has signed.
        """
        if visitor is None or customer is None:
            return
        now = self._clock.now()
        seen = (shop, visitor, customer, hour_of(now))
        if seen in self._noted:
            return
        self._noted[seen] = None
        if len(self._noted) > MOST_REMEMBERED:
            self._noted.popitem(last=False)
        event = Event(secrets.token_hex(16), EventType.IDENTITY, now, visitor, None, CONSENT, customer_id=customer)
        self._events.tell(shop, event)
