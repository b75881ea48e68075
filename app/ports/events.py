"""Decisions and visitor events on their way into the lake, and what is counted of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from app.core.events import Event
    from app.core.ids import (
        ProductId,
        ShopId,
    )
    from app.ports.work import Json, T


@dataclass(frozen=True, slots=True)
class Decision:
    """What the shopper was shown for one request, enough to replay it."""

    request_id: str
    at: datetime
    placement: str
    rail: str
    product_id: ProductId | None
    visitor: str | None
    """Only of a visitor who had consented; None otherwise."""
    strategy: str
    variant: str
    """``<experiment>:<arm>`` of every experiment that touched the rail, with commas between them, or ``default``."""
    model_version: str | None
    items: Sequence[Json]
    """``{"product_id", "position", "score", "reason", "propensity"}`` in order; ``"team"`` where two rankings share.

    The propensity is the chance with which the place got this product, given those before it: 1 without exploration.
    """
    unit: str | None = None
    """Who was assigned, where that is not the visitor: the first id of a customer known from another browser."""
    failed: int = 0
    """How many sources of the cascade failed, and were passed over."""
    show: str = "ours"
    """What stood in the rail's place (`app.core.experiments.types.Show`); a control's items are what would have."""


class LakeTurn(Protocol):
    def append(self, events: Sequence[Event], decisions: Sequence[Decision]) -> Sequence[Event]:
        """Store them; returns the events that were kept: not those of visitors who were erased since.

        Appending the same event or decision twice, in whatever batches, stores it once for every reader.
        """


class Lake(Protocol):
    """Where events and decisions end."""

    def turn(self, shop: ShopId) -> AbstractContextManager[LakeTurn]:
        """Append to the shop's part; all is stored when the block ends, and an erasure waits until then.

        Any number of consumers have their turns at once.

        Raises:
            Retryable: the lake or PostgreSQL does not take anything now.
            Permanent: one of the records cannot be stored.
        """


RecordKind = Literal["events", "decisions", "engagement", "ga4", "tickets"]
"""The kinds of the lake's records."""


class LakeReader(Protocol):
    def read(
        self, shop: ShopId, first: date, last: date, work: Callable[[Any], T], *, kind: RecordKind = "events"
    ) -> T:
        """Do the work on the shop's records of the UTC days `first` to `last`, both included.

        The work gets an Arrow data set, in which a record may stand twice. It is done again from the beginning when
        files were replaced meanwhile, or when one of them is damaged and had to be set aside.
        """


class LakeUpkeep(Protocol):
    def merge_parts(self, shop: ShopId, day: date) -> int:
        """Merge the day's small files of events where they have become many; returns how many went."""

    def tidy(self, shop: ShopId, *, today: date, checkpoint: Callable[[str], None]) -> int:
        """Merge what closed days, and closed months of small shops, are scattered over; returns how many files went.

        `today` is UTC's. Every record stays readable at any moment, also when this is killed.
        """

    def forget_before(self, shop: ShopId, moment: datetime) -> int:
        """Delete what happened earlier; returns how many records went."""


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """A UTC day with events that the roll-ups do not know yet; `marks` grows with every batch that adds to it."""

    day: date
    marks: int


@dataclass(frozen=True, slots=True)
class EventCount:
    """How many events of a type there were; `placement` and `rail` are empty for what happens on no rail."""

    placement: str
    rail: str
    type: str
    count: int


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What is counted of one of the shop's days; see `app.services.report.DEFINITIONS`."""

    events: Sequence[EventCount]
    visitors: int
    sessions: int
    impressions: Mapping[ProductId, int] = field(default_factory=dict)
    """How often each product's card was in view."""


class EventCounts(Protocol):
    def count(self, shop: ShopId, since: datetime, until: datetime) -> DayCounts:
        """Count the shop's events in [since, until), each once; a visit counts where it began."""


class RollUps(Protocol):
    """The figures by day in PostgreSQL, and which of them are behind the lake."""

    def changed_days(self, shop: ShopId) -> Sequence[ChangedDay]: ...

    def timezone(self, shop: ShopId) -> str: ...

    def oldest(self, shop: ShopId, *, now: datetime) -> datetime:
        """From when on events are kept: figures of earlier days stay as they are."""

    def replace(self, shop: ShopId, day: date, zone: str, counts: DayCounts) -> None:
        """Put the figures in the place of the day's old ones, in one transaction."""

    def settle(self, shop: ShopId, counted: Sequence[ChangedDay]) -> None:
        """These days are counted, as far as they have not changed again; nothing is due once none is left."""

    def mark_moved(self, shop: ShopId) -> int:
        """Mark the days that were counted by another time zone than the shop's; returns how many."""

    def link_orders(self, shop: ShopId) -> int:
        """Note whose clicks stand behind order lines, before the decisions go; returns how many links are new."""


class VisitorStates(Protocol):
    def fold(self, shop: ShopId, events: Iterable[Event]) -> None:
        """Add the events to their visitors' live state; folding one twice changes nothing.

        An event that names both a visitor and a client teaches that they are one browser. What came with the client's
        id alone is kept apart until then.

        Raises:
            Retryable: live state takes nothing now.
        """


class DecisionLog(Protocol):
    def record(self, shop: ShopId, decision: Decision) -> None:
        """Take the decision for storing; never waits and never raises. What does not fit is dropped and counted."""


class EventLog(Protocol):
    def append(self, shop: ShopId, events: Sequence[Event]) -> None:
        """Put the events where a consumer will store them; they are safe when this returns.

        Raises:
            Retryable: nothing was taken, because the stream does not answer or because it is full.
        """
