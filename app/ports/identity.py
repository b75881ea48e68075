"""Ties between names, profiles made of them, and customers that were merged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.events import Event
    from app.core.ids import CustomerId, OrderId, ShopId
    from app.core.profiles.identity import Cut, Member, Named, Tie


@dataclass(frozen=True, slots=True)
class Region:
    """The names around ties that are new, with all that decides about them."""

    ties: Sequence[Tie]
    cuts: Sequence[Cut]
    names: frozenset[Named]
    """Whose profiles may change. Of those that are not public all ties are there."""
    public: frozenset[Named]
    marks: Mapping[tuple[Named, Named, str], int] = field(default_factory=dict)
    """The new ties among them, as they were read."""


class StitchTurn(Protocol):
    """One transaction in which nobody else changes the shop's profiles."""

    def region(self, *, limit: int) -> Region | None:
        """What stands around at most `limit` new ties; None where none is new."""

    def settle(self, region: Region, members: Mapping[Named, Member], *, now: datetime) -> int:
        """Write the names' profiles and hold the ties for known; returns how many names have moved."""


class Stitches(Protocol):
    def turn(self, shop: ShopId) -> AbstractContextManager[StitchTurn]: ...

    def forget_stitches(self, shop: ShopId) -> None:
        """Hold all ties for new, so that every profile is made again."""


class TieSources(Protocol):
    """What the store's own rows say of who is who."""

    def note(self, shop: ShopId, ties: Iterable[Tie]) -> None:
        """Keep the ties; what is known already changes nothing. New ones make stitching due."""

    def of_orders(self, shop: ShopId, orders: Sequence[OrderId] | None = None) -> Iterator[Sequence[Tie]]:
        """What these orders say, or all, a batch at a time: their customers, addresses and browsers."""

    def of_customers(self, shop: ShopId, customers: Sequence[CustomerId] | None = None) -> Iterator[Sequence[Tie]]:
        """What the records of these customers say, or all."""

    def place_customers(self, shop: ShopId, *, now: datetime) -> int:
        """Give a profile to every customer whom nothing ties; returns to how many."""

    def drop_objectors(self, shop: ShopId) -> int:
        """Forget what ties objectors to anything, and names that nothing ties; returns how many ties went."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Two customers that Shopify has merged; `orders` were those of the one who is gone."""

    kept: CustomerId
    gone: CustomerId
    at: datetime
    orders: tuple[OrderId, ...] = ()
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """One person, as far as the shop can tell."""

    id: str
    since: datetime
    members: Mapping[Named, Member]
    ties: Sequence[Tie]
    """Of its names, also those to names of other profiles."""
    cuts: Sequence[Cut]
    merges: Sequence[Merge]
    elsewhere: Mapping[Named, Member] = field(default_factory=dict)
    """Where the names of other profiles stand that a tie leads to."""


class Profiles(Protocol):
    def find(self, shop: ShopId, name: Named) -> str | None:
        """The profile in which a name stands."""

    def one(self, shop: ShopId, profile: str) -> Profile | None: ...

    def members(self, shop: ShopId) -> Iterator[tuple[str, str, str]]:
        """Kind, id and profile of every name, a batch at a time."""

    def moments(self, shop: ShopId) -> Iterator[tuple[str, int, str]]:
        """Visitor, hour (since 1970) and profile for the hours in which somebody was known on a shared device."""

    def cut(self, shop: ShopId, cuts: Iterable[Cut], *, by: str, at: datetime) -> None:
        """Keep the merchant's word, and have the names around it stitched anew."""

    def mend(self, shop: ShopId, cuts: Iterable[Cut]) -> None:
        """Take it back."""


class Merges(Protocol):
    def merge(self, shop: ShopId, kept: CustomerId, gone: CustomerId, *, at: datetime) -> bool:
        """Move what the gone one bought to the kept one; False where either was erased, or it is known."""

    def undo(self, shop: ShopId, kept: CustomerId, gone: CustomerId, *, by: str, at: datetime) -> Merge | None:
        """Give both what was theirs; None where there is no such merge, or it is undone."""

    def hold_apart(self, shop: ShopId) -> Sequence[CustomerId]:
        """Undo again what imports have brought back of undone merges; returns whose orders moved."""


class Units(Protocol):
    """Who is assigned to experiments in whose place."""

    def part(self, shop: ShopId, visitors: Iterable[str]) -> None:
        """Have these browsers be assigned as themselves again: they are not who they were taken for."""


class SignInLog(Protocol):
    def tell(self, shop: ShopId, event: Event) -> None:
        """Take what the app itself has seen of a visitor; never waits and never raises."""
