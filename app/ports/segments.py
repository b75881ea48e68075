"""Segments: where they are kept, what is counted of everybody, and the store's sales as tables for the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NewType, Protocol

if TYPE_CHECKING:
    from app.core.ids import ShopId
    from app.core.segments.builtin import Builtin
    from app.core.segments.rfm import Cuts
    from app.core.segments.rules import Kind, Measure, Rule, Selection

SegmentId = NewType("SegmentId", int)
ProfileId = str
"""A profile's opaque id, see `app.core.profiles.identity`."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as it is kept; `size` is None until it was counted for the first time."""

    id: SegmentId
    name: str
    rule: Rule
    sentence: str
    is_builtin: bool = False
    key: str = ""
    """Of a built-in one."""
    live: bool = False
    size: int | None = None
    counted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SegmentDay:
    """One count of a segment: how many there were, and how many came and went since the count before."""

    day: date
    size: int
    entered: int
    left: int


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a segment, by one of their customers; `why` holds the values of the rule's measures, in order."""

    profile: ProfileId
    customer: int | None
    since: datetime
    why: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class SegmentChange:
    profile: ProfileId
    customer: int | None
    at: datetime
    entered: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would catch. `state` is waiting, done or failed; `sample` holds members without `since`."""

    id: str
    rule: Rule
    state: str
    count: int | None = None
    everybody: int | None = None
    sample: Sequence[tuple[ProfileId, int | None, Sequence[int | None]]] = ()
    """Profile, one of its customers' numbers, and the values that decided."""
    complaint: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What a night changed."""

    members: int
    entered: int
    left: int


class SegmentRegister(Protocol):
    def all(self, shop: ShopId) -> Sequence[Segment]:
        """Built-in ones first, then by name. A rule of a newer release, which isn't understood, is left out."""

    def one(self, shop: ShopId, id: SegmentId) -> Segment | None: ...

    def put_builtin(self, shop: ShopId, segments: Sequence[Builtin], sentences: Mapping[str, str]) -> None:
        """Have exactly these built-in segments; sentences by key."""

    def save(self, shop: ShopId, name: str, rule: Rule, sentence: str, *, at: datetime, by: str) -> SegmentId:
        """Keep a new segment of the merchant's.

        Raises:
            DomainError: another one has the name, or there are too many.
        """

    def rename(self, shop: ShopId, id: SegmentId, name: str) -> None:
        """Raises DomainError as `save`, and for a built-in one."""

    def delete(self, shop: ShopId, id: SegmentId) -> None:
        """With its members and its history; a built-in one stays (DomainError)."""

    def members(self, shop: ShopId, id: SegmentId, *, limit: int) -> Sequence[Member]:
        """The newest first."""

    def changes(self, shop: ShopId, id: SegmentId, *, limit: int) -> Sequence[SegmentChange]: ...

    def days(self, shop: ShopId, id: SegmentId, *, limit: int) -> Sequence[SegmentDay]:
        """The oldest first."""

    def last_days(self, shop: ShopId) -> Mapping[SegmentId, SegmentDay]:
        """The newest count of each segment."""

    def of_profile(self, shop: ShopId, profile: ProfileId) -> Mapping[SegmentId, Sequence[int | None]]:
        """The segments that somebody is in, with the values that decided."""


class SegmentPreviews(Protocol):
    def ask(self, shop: ShopId, id: str, rule: Rule, *, at: datetime) -> None:
        """Note that somebody waits for it; what is older than a day goes."""

    def one(self, shop: ShopId, id: str) -> Preview | None: ...

    def answer(self, shop: ShopId, preview: Preview) -> None:
        """Keep what was found; the sample's customers are looked up here."""


class MembershipWriter(Protocol):
    def replace(
        self,
        shop: ShopId,
        counted: Iterable[tuple[SegmentId, Iterable[Any]]],
        *,
        at: datetime,
        day: date,
        scale: Scaled,
    ) -> Done:
        """Bring the members of these segments to what was counted, and note who came and who went.

        Args:
            counted: by segment, Arrow batches of ``profile, why``.
        """


@dataclass(frozen=True, slots=True)
class Scaled:
    """What a count found of the shop as a whole."""

    people: int
    usual_s: int
    cuts: Cuts


@dataclass(frozen=True, slots=True)
class Moments:
    """When is counted, when the shop's day began, and from when on behaviour is kept."""

    now: datetime
    today: datetime
    oldest: datetime


class Counted(Protocol):
    """Everybody's measures, while the block runs in which they were counted."""

    @property
    def scale(self) -> Scaled: ...

    def members(self, rule: Rule) -> Iterator[Any]:
        """Arrow batches of ``profile, why`` of those who fulfil the rule."""

    def sample(self, rule: Rule, *, limit: int) -> tuple[int, Sequence[tuple[ProfileId, str]]]:
        """How many fulfil it, and a few of them with the values that decided, as JSON; the same ones every time."""


class Segmenter(Protocol):
    def counted(self, shop: ShopId, measures: Sequence[Measure], moments: Moments) -> AbstractContextManager[Counted]:
        """Count all measures of everybody of whom something may be learnt."""


@dataclass(frozen=True, slots=True)
class Sales:
    """Arrow tables and data sets by the names of `app.analytics.customers`; `profiles[person]` is a profile's id."""

    tables: Mapping[str, Any]
    profiles: Any


class SalesTables(Protocol):
    def opened(
        self, shop: ShopId, selections: Sequence[Selection], tags: Sequence[str]
    ) -> AbstractContextManager[Sales]:
        """The store's people, orders, lines and products as they are now; gone when the block ends."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that a rule may name."""

    selection: Selection
    title: str


class SegmentCatalogue(Protocol):
    """What the shop's rules may be about."""

    def choices(self, shop: ShopId, kind: Kind, *, limit: int = 500) -> Sequence[Choice]:
        """By title."""

    def titles(self, shop: ShopId, selections: Iterable[Selection]) -> Mapping[Selection, str]:
        """Those that there are."""

    def currency(self, shop: ShopId) -> str: ...
