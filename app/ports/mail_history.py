"""Orders from before a trigger was switched on, in the order in which they were placed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.email.history import Past
    from app.core.ids import ShopId
    from app.ports.mail import Waiting


class MailHistory(Protocol):
    def begin(self, shop: ShopId, *, until: datetime) -> datetime:
        """Where the past begins that is told: a year before `until`, or later where the orders are too many."""

    def orders(self, shop: ShopId, *, after: datetime, until: datetime, limit: int) -> Sequence[Waiting]:
        """The oldest ones in (after, until], and all that were placed in the same moment as the last of them."""

    def state(self, shop: ShopId) -> Past | None:
        """None where the merchant has not switched the trigger on."""
