"""What starts mails: the merchant's switches, what browsers did lately, and the occasions that come of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.email.names import Arm, Trigger
    from app.core.email.picked import MailAsk, Picked
    from app.core.email.products import MailItem
    from app.core.email.settings import MailSettings
    from app.core.email.triggers import Occasion
    from app.core.events import Event
    from app.core.ids import ProductId, ShopId
    from app.core.profiles.consent import ShopperConsent
    from app.core.shops import Shop


class MailSettingsStore(Protocol):
    def of(self, shop: ShopId) -> MailSettings:
        """Everything is off where nothing was saved."""

    def save(self, shop: ShopId, settings: MailSettings, *, by: str, at: datetime) -> None: ...


class MailDeeds(Protocol):
    def add(self, shop: ShopId, events: Sequence[Event]) -> None:
        """Note views, carts and checkouts; adding an event again changes nothing, a purchase empties the cart."""


class Occasions(Protocol):
    def collect(self, shop: ShopId, settings: MailSettings, *, now: datetime) -> Mapping[Trigger, int]:
        """Find what is due by the rules of `app.core.email.triggers`; each occasion is written down once."""


class Fate(StrEnum):
    """What became of an occasion."""

    SENT = "sent"
    WITHHELD = "withheld"
    """By the shopper's word, or because no address is known."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An occasion whose event is not sent yet, with what its shopper has said of mails; never printed."""

    occasion: Occasion
    consent: ShopperConsent
    email: str
    """Empty where none is known."""

    def __repr__(self) -> str:
        return f"Waiting({self.occasion.trigger}, {self.occasion.key})"


@dataclass(frozen=True, slots=True)
class MailCount:
    """How often a trigger ended in which way, since a moment, on each side of the hold-out."""

    trigger: Trigger
    attune: int = 0
    control: int = 0
    waiting: int = 0
    withheld: int = 0
    refused: int = 0
    complaint: str = ""
    """The newest refusal in Klaviyo's words."""


class MailTriggers(Protocol):
    def waiting(self, shop: ShopId, *, limit: int) -> Sequence[Waiting]:
        """The oldest first."""

    def settle(
        self,
        shop: ShopId,
        occasion: Occasion,
        fate: Fate,
        *,
        at: datetime,
        arm: Arm | None = None,
        request_id: str = "",
        complaint: str = "",
    ) -> None: ...

    def counts(self, shop: ShopId, *, since: datetime) -> Sequence[MailCount]: ...


class MailGoods(Protocol):
    def items(self, shop: Shop, products: Iterable[ProductId]) -> Mapping[ProductId, MailItem]:
        """Of these, the ones that can be bought now."""


class Picks(Protocol):
    def __call__(self, shop: Shop, asks: Sequence[tuple[MailAsk, Arm]]) -> Sequence[Picked]:
        """Choose products for mails, in the order of the asks; see `app.services.pick_by_arm`."""
