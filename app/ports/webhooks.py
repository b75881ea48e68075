"""Received webhooks, each kept until it is done."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.ids import (
        ShopId,
    )


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as it was received, its signature verified. `triggered_at` is store time."""

    webhook_id: str
    topic: str
    event_id: str
    triggered_at: datetime | None
    payload: bytes
    attempts: int = 0
    """How often it has been tried, the present try included."""
    unreadable: str = ""
    """Why the payload is empty, where what is stored cannot be opened."""


class Inbox(Protocol):
    """Received webhooks, each stored in one transaction with the note that it is due."""

    def receive(self, shop: ShopId, delivery: Delivery, *, at: datetime) -> bool:
        """Store it as pending; False when this webhook id is known already."""

    def claim(self, shop: ShopId, webhook_id: str, *, seconds: float) -> Delivery | None:
        """Take a pending delivery for `seconds` by compare-and-set; None when it is done, taken, or has to wait."""

    def keep(self, shop: ShopId, delivery: Delivery, *, seconds: float) -> AbstractContextManager[None]:
        """Renew the claim until the block ends: a handler may take any time, and a killed one is soon replaced."""

    def is_overtaken(self, shop: ShopId, topic: str, triggered_at: datetime) -> bool:
        """Whether a delivery of the topic that was triggered later has been received."""

    def finish(self, shop: ShopId, webhook_id: str, *, at: datetime, keep_payload: bool) -> None:
        """It is done, and no longer due; both in one transaction."""

    def retry(self, shop: ShopId, webhook_id: str, *, after_s: float, error: str) -> None: ...

    def give_up(self, shop: ShopId, webhook_id: str, *, at: datetime, error: str) -> None:
        """Keep it as failed, for the doctor."""
