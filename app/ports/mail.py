"""What starts mails: the merchant's switches, what browsers did lately, and the occasions that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    from app.core.ids import CustomerId, ProductId, ShopId, VariantId
    from app.core.profiles.consent import ShopperConsent
    from app.core.shops import Shop


class MailSettingsStore(Protocol):
    def of(self, shop: ShopId) -> MailSettings:
        """Everything is off where nothing was saved."""

    def save(self, shop: ShopId, settings: MailSettings, *, by: str, at: datetime) -> None: ...

    def change(
        self, shop: ShopId, changed: Callable[[MailSettings], MailSettings], *, by: str, at: datetime
    ) -> MailSettings:
        """Save what comes of what stands, and return it; of two changes at once the second waits for the first.

        What `changed` raises leaves everything as it is.
        """


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
    """By the shopper's word, because no address is known, or because there was nothing to show."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An occasion whose event is not sent yet, with what its shopper has said of mails; never printed."""

    occasion: Occasion
    consent: ShopperConsent
    email: str
    """Empty where none is known."""
    address: str = ""
    """A keyed hash of `email`."""

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
        items: Sequence[ProductId] = (),
    ) -> None:
        """Note what became of it; `items` are the products that the event has carried."""

    def counts(self, shop: ShopId, *, since: datetime) -> Sequence[MailCount]: ...


class MailPromises(Protocol):
    """What the mails of flows that are under way will show, because their event has brought it."""

    def of(
        self, shop: ShopId, *, since: datetime, customers: Sequence[CustomerId] | None = None
    ) -> Mapping[CustomerId, frozenset[ProductId]]:
        """By customer the products of events sent since then; whoever has none is left out.

        Args:
            customers: these only; everybody where it is None.
        """


class MailGoods(Protocol):
    def items(self, shop: Shop, products: Iterable[ProductId]) -> Mapping[ProductId, MailItem]:
        """Of these, the ones that can be bought now."""

    def cart_url(self, shop: Shop, lines: Mapping[VariantId, int]) -> str:
        """The address that fills a cart with what of it can be bought now; empty where nothing can."""


class Picks(Protocol):
    def __call__(self, shop: Shop, asks: Sequence[tuple[MailAsk, Arm]]) -> Sequence[Picked]:
        """Choose products for mails, in the order of the asks; see `app.services.pick_by_arm`."""
