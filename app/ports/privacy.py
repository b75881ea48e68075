"""The merchant's consent, the report, and where a person's data can be erased and exported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from app.core.ids import (
        ClientId,
        CustomerId,
        OrderId,
        ShopId,
        VisitorId,
    )
    from app.ports.work import Json


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One recorded decision on training (law 1)."""

    granted: bool
    by: str
    text_version: str
    at: datetime


class Consents(Protocol):
    def current(self, shop: ShopId) -> ConsentRecord | None:
        """The latest decision; None when there never was one. Only ``granted`` permits training."""

    def record(self, shop: ShopId, decision: ConsentRecord) -> None:
        """Add the decision; a withdrawal also notes, in the same transaction, that the models are to be forgotten."""

    def history(self, shop: ShopId) -> Sequence[ConsentRecord]:
        """All decisions, the newest first."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an erasure or export is about, with what was found to belong to them before anything was touched."""

    customer: CustomerId
    orders: tuple[OrderId, ...] = ()
    visitors: tuple[VisitorId, ...] = ()
    clients: tuple[ClientId, ...] = ()
    """Browsers that the pixel knows by these ids, and that one of the visitors or orders belongs to."""
    emails: tuple[str, ...] = ()
    """Keyed hashes of the person's e-mail under every key, in hexadecimal digits."""
    klaviyo: tuple[str, ...] = ()
    """Klaviyo's ids of the person's profiles."""
    ga4: tuple[str, ...] = ()
    """Google's ids of the person's browsers (user_pseudo_id)."""
    profiles: tuple[str, ...] = ()
    """The profiles in which the customer or the e-mail stands."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One day and placement; see `app.services.report.DEFINITIONS`. Revenue in minor units."""

    day: date
    placement: str
    rail: str
    exposures: int
    clicks: int
    orders: int
    revenue: int


@dataclass(frozen=True, slots=True)
class VisitsRow:
    """One day of the whole shop. Visitors of several days cannot be added up: who comes back would count again."""

    day: date
    visitors: int
    sessions: int


class Reports(Protocol):
    def roll_up(self, shop: ShopId, first: date, last: date) -> Sequence[ReportRow]:
        """One row a day (the shop's), placement and rail that had anything, both days included."""

    def visits(self, shop: ShopId, first: date, last: date) -> Sequence[VisitsRow]:
        """One row a day on which anybody was there."""

    def day_of(self, shop: ShopId, moment: datetime) -> date:
        """The day that it is in the shop at that moment."""

    def currency(self, shop: ShopId) -> str: ...


@dataclass(frozen=True, slots=True)
class Buried:
    """Which of the people that were asked about have been erased, and when."""

    emails: Mapping[str, datetime]
    """By keyed hash, in hexadecimal digits."""
    customers: Mapping[CustomerId, datetime]

    def bars(self, at: datetime, *, email: str | None = None, customer: CustomerId | None = None) -> bool:
        """Whether something that happened then must not be taken in, because the person was erased after it."""
        moments = (self.emails.get(email) if email else None, self.customers.get(customer) if customer else None)
        return any(moment is not None and at <= moment for moment in moments)


class ErasablePlace(Protocol):
    """One place where a person's or a shop's data stand. `app.wiring` registers all; a test knows if one is missing."""

    @property
    def name(self) -> str: ...

    def erase_customer(self, shop: ShopId, subject: Subject) -> int:
        """Remove or unlink what belongs to the person; returns how many records. Idempotent."""

    def remaining(self, shop: ShopId, subject: Subject) -> int:
        """Read the place again: how many records of it still name the person."""

    def erase_shop(self, shop: ShopId) -> int: ...

    def export_customer(self, shop: ShopId, subject: Subject) -> Sequence[Json]:
        """What the place holds about the person, personal fields opened."""


class Privacy(Protocol):
    """What erasures and exports need besides the places: who is meant, tombstones, receipts."""

    def subject(
        self, shop: ShopId, customer: CustomerId, orders: Sequence[OrderId], *, email: str | None = None
    ) -> Subject:
        """Find the person's orders, and the visitors and clients known to stand behind them.

        Args:
            customer: 0 for a guest.
            orders: orders that the request names; they belong to the person whatever stands in them.
            email: the address that the request names: a guest, or a customer who is deleted already, is found by it.
        """

    def bury(
        self, shop: ShopId, customer: CustomerId, orders: Sequence[OrderId], *, email: str | None = None, at: datetime
    ) -> Subject:
        """As `subject`, and sets tombstones, so that late webhooks and bulk lines bring neither customer nor contacts
        back."""

    def open_receipt(self, shop: ShopId, id: str, kind: str, subject: str, *, at: datetime) -> bool:
        """Begin a receipt; False when the same request has been answered already."""

    def bury_browsers(self, shop: ShopId, subject: Subject, *, at: datetime) -> None:
        """Set tombstones for the subject's browsers alone: what they did until then is not stored any more."""

    def buried(self, shop: ShopId, *, email_hashes: Iterable[str] = (), customers: Iterable[CustomerId] = ()) -> Buried:
        """Who of these was erased: what late deliveries and backfills bring of them from before is left out.

        Args:
            email_hashes: `Sealer.email_hashes` in hexadecimal digits; ask with all of an address's hashes where a key
                was changed lately.
        """

    def note_place(self, shop: ShopId, id: str, place: str, *, records: int, at: datetime) -> None:
        """Write into the receipt how many records a place has erased, on top of what a killed try had noted."""

    def note_left(self, shop: ShopId, id: str, place: str, *, left: int, at: datetime) -> None:
        """Write into the receipt how many records of the person the place was found to hold when it was read again."""

    def close_receipt(
        self, shop: ShopId, id: str, *, at: datetime, places: Json, export: bytes | None = None
    ) -> dict[str, Any]:
        """Finish it; returns all that it says by place."""
