"""What segments do elsewhere: what is switched on, what is told of whom, and what waits to be told to Shopify Flow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.ids import CustomerId, ShopId
    from app.core.profiles.consent import ShopperConsent
    from app.core.segments.outlets import Outlet
    from app.core.segments.rfm import Cuts
    from app.ports.segments import ProfileId, SegmentId


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that is switched on; where it is not `wanted` any more, what stands elsewhere is yet to be taken away.

    `segment` is 0 for the shop as a whole, `key` that of an audience, `shopify_id` the segment made in Shopify.
    """

    outlet: Outlet
    segment: SegmentId
    key: str
    wanted: bool
    at: datetime
    by: str
    shopify_id: str = ""
    complaint: str = ""


@dataclass(frozen=True, slots=True)
class Tellable:
    """A customer, their profile's wishes and segments (number, key of a built-in one), and what was told before."""

    customer: CustomerId
    consent: ShopperConsent
    segments: Sequence[tuple[int, str]]
    orders: int
    last_s: int | None
    """When the profile last ordered, in seconds since 1970."""
    net: int
    """Minor units, less refunds."""
    has_email: bool
    digest: str | None
    favourite: str = ""
    """The type of product that was in most of the profile's orders, of equal ones the one bought last."""


@dataclass(frozen=True, slots=True)
class AudienceSize:
    """How many an audience holds, how many of them may be put on it, and of how many of those the address is known."""

    members: int = 0
    allowed: int = 0
    with_email: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody's entry that Flow is to be told of. `key` is the segment's where it is built in."""

    handle: str
    segment: SegmentId
    name: str
    key: str
    at: datetime
    profile: ProfileId
    customer: CustomerId | None
    consent: ShopperConsent


@dataclass(frozen=True, slots=True)
class FlowCount:
    """What became of entries in the last days."""

    waiting: int = 0
    fired: int = 0
    withheld: int = 0
    refused: int = 0
    complaint: str = ""
    """Of the last one that was refused."""


class Outlets(Protocol):
    """The switches."""

    def all(self, shop: ShopId) -> Sequence[Switch]: ...

    def switch(
        self, shop: ShopId, outlet: Outlet, segment: SegmentId, key: str, *, on: bool, by: str, at: datetime
    ) -> None:
        """Note what the merchant wants. Switching on what is on changes nothing.

        Raises:
            DomainError: there is no such segment, or (for Flow) it has not been counted yet.
        """

    def made(self, shop: ShopId, switch: Switch, shopify_id: str) -> None:
        """Note the segment that stands in Shopify now."""

    def refused(self, shop: ShopId, switch: Switch, complaint: str) -> None: ...

    def gone(self, shop: ShopId, switch: Switch) -> None:
        """Forget a switch of which nothing is left."""


class ToldCustomers(Protocol):
    def withdraw(self, shop: ShopId, customers: Iterable[CustomerId]) -> None:
        """Have taken out of the store whatever was told about these, soon and by a job of its own."""


class Tellables(Protocol):
    def everybody(self, shop: ShopId) -> Iterator[Tellable]:
        """All customers of the store, by number; those that were erased and are still there may be told nothing."""

    def cuts(self, shop: ShopId) -> Cuts:
        """By which scores were given at the last count."""

    def record(self, shop: ShopId, digests: Mapping[CustomerId, str], *, at: datetime) -> None: ...

    def complain(self, shop: ShopId, complaints: Mapping[CustomerId, str], *, at: datetime) -> None:
        """Keep what Shopify said of those it refused; what stood there stands there still."""

    def remove(self, shop: ShopId, customers: Iterable[CustomerId]) -> None:
        """Nothing of ours stands there any more."""

    def strangers(self, shop: ShopId) -> Sequence[tuple[CustomerId, str]]:
        """Customers that are told of and no longer known, with their digests."""

    def told(self, shop: ShopId) -> tuple[int, int]:
        """Of how many customers something stands in Shopify, and how many it refused."""


class Audiences(Protocol):
    def sizes(self, shop: ShopId) -> Mapping[str, AudienceSize]:
        """As of the last count, by the audience's key."""

    def record(self, shop: ShopId, sizes: Mapping[str, AudienceSize], *, at: datetime) -> None: ...

    def addresses(self, shop: ShopId, customers: Sequence[CustomerId]) -> Iterator[str]:
        """The e-mail addresses of these customers, opened one after the other; who has none is left out."""


class FlowOutbox(Protocol):
    def collect(self, shop: ShopId, *, now: datetime) -> int:
        """Note the entries that are new since each switch was turned; how many."""

    def waiting(self, shop: ShopId, *, limit: int) -> Sequence[Entry]:
        """The oldest first."""

    def settle(self, shop: ShopId, entry: Entry, state: str, *, at: datetime, complaint: str = "") -> None:
        """Note what became of it: fired, withheld or refused."""

    def counts(self, shop: ShopId) -> FlowCount: ...
