"""What of the work for Klaviyo did not go through lately, for the merchant to read; what goes through is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.ids import ShopId


class KlaviyoWork(StrEnum):
    """The kinds of work, which go on independently of one another."""

    CONNECTION = "connection"
    PROFILES = "profiles"
    STALE = "stale"
    """Products in profiles that cannot be bought any more."""
    ERASED = "erased"
    """Profiles of whoever was erased."""
    TAKING_BACK = "taking_back"
    """What stands in profiles, of an account that was left."""
    EVENTS = "events"
    FLOWS = "flows"
    FEEDS = "feeds"
    ENGAGEMENT = "engagement"


@dataclass(frozen=True, slots=True)
class WorkTrouble:
    """Why a piece of work did not go through when it was last tried."""

    work: KlaviyoWork
    said: str
    """A sentence for the merchant, with nothing personal in it."""
    at: datetime
    since: datetime
    """When it first did not go through."""
    again: bool
    """Whether it is tried again by itself."""


class KlaviyoTroubles(Protocol):
    def note(self, shop: ShopId, work: KlaviyoWork, said: str, *, at: datetime, again: bool) -> None: ...

    def over(self, shop: ShopId, work: KlaviyoWork | None = None) -> None:
        """This work went through; without one, nothing of what was noted concerns the account any more."""

    def of(self, shop: ShopId) -> Sequence[WorkTrouble]: ...
