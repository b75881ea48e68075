"""What shoppers allow, who opens personal fields, what retention removes, and what the receipts say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from app.core.governance.terms import Term
    from app.core.ids import ClientId, CustomerId, ShopId, VisitorId
    from app.core.profiles.consent import OwnSwitches
    from app.core.profiles.preferences import Changed, Preferences


@dataclass(frozen=True, slots=True)
class ShopperNames:
    """Under which names a shopper is known; at least one is there. A customer's number is one that Shopify signed."""

    visitor: VisitorId | None = None
    customer: CustomerId | None = None
    clients: tuple[ClientId, ...] = ()

    @property
    def browsers(self) -> tuple[str, ...]:
        return ((self.visitor,) if self.visitor else ()) + self.clients


@dataclass(frozen=True, slots=True)
class KeptPreferences:
    """One name's settings; `who` as in the history. All that is hidden stands in `products`."""

    kind: str
    who: str
    preferences: Preferences


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """One line of the history. `who` is a customer's number or a digest."""

    at: datetime
    kind: str
    who: str
    what: str
    was: str
    became: str
    source: str


class ShopperConsents(Protocol):
    def named(self, shop: ShopId, names: ShopperNames) -> ShopperNames:
        """The same names, with the pixel's ids of the visitor's browser."""

    def of(self, shop: ShopId, names: ShopperNames) -> Preferences:
        """What stands under any of the names; a no under one of them is a no."""

    def save(
        self,
        shop: ShopId,
        names: ShopperNames,
        preferences: Preferences,
        changes: Sequence[Changed],
        *,
        source: str,
        at: datetime,
    ) -> Sequence[KeptPreferences]:
        """Write the settings under each name, and each change once into the history; returns them as `kept` does."""

    def kept(self, shop: ShopId) -> Iterator[KeptPreferences]:
        """Everybody's settings by name, the products of hidden kinds among the hidden ones."""

    def history(self, shop: ShopId, names: ShopperNames | None = None, *, limit: int) -> Sequence[ConsentEntry]:
        """The last changes, newest first; of everybody where no names are given."""


class LivePreferences(Protocol):
    """The copy of shoppers' settings that serving and storing read at once."""

    def keep(self, shop: ShopId, rows: Iterable[KeptPreferences]) -> int:
        """Write what stands under each name; returns how many names.

        Raises:
            Retryable: the copy does not take it.
        """

    def switches(self, shop: ShopId, browsers: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], OwnSwitches]:
        """What these browsers have switched, by kind (visitor or client) and id; who never did is left out.

        Raises:
            Retryable: the copy does not answer.
        """


class ForgetsBrowsers(Protocol):
    def forget(self, shop: ShopId, browsers: Iterable[str]) -> int:
        """Drop the live state of these visitors and clients, and what the stream still carries of them."""


class Boxes(Protocol):
    """Authenticated encryption, bound to a shop and a column (`app.adapters.crypto`)."""

    def seal(self, shop: ShopId, column: str, plain: bytes) -> bytes: ...

    def open(self, shop: ShopId, column: str, box: bytes) -> bytes:
        """Raises:
        Permanent: the box was altered, belongs elsewhere, or its key is gone.
        """


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody is about to read personal fields, and says why."""

    reader: str
    """A Shopify user, a name on the command line, or the part of the app that has to."""
    why: str


@dataclass(frozen=True, slots=True)
class AccessEntry:
    at: datetime
    reader: str
    subject_kind: str
    subject_id: str
    fields: str
    why: str


class AccessLog(Protocol):
    def note(
        self, shop: ShopId, access: Access, *, subject_kind: str, subject_id: str, fields: str, at: datetime
    ) -> None:
        """Write it down; committed before anything is opened."""

    def entries(self, shop: ShopId, *, limit: int, subject_id: str = "") -> Sequence[AccessEntry]:
        """The newest first, of one subject or of all."""


@dataclass(frozen=True, slots=True)
class RetentionEntry:
    """What one run removed in one place; `days` is the term that it went by."""

    at: datetime
    place: str
    days: int
    removed: int
    seconds: float = 0.0
    problem: str = ""


class Retention(Protocol):
    """What goes after its term, by place; the lake has a port of its own."""

    @property
    def places(self) -> Sequence[str]: ...

    def terms(self, shop: ShopId) -> Mapping[Term, int]:
        """The terms in force, in days."""

    def set_terms(self, shop: ShopId, terms: Mapping[Term, int], *, at: datetime) -> None:
        """Change some of them; they have been checked against their bounds."""

    def term_of(self, place: str) -> Term: ...

    def apply_in(self, shop: ShopId, place: str, *, now: datetime) -> int:
        """Delete what is too old in one place; returns how many records."""


class RetentionRuns(Protocol):
    def note(self, shop: ShopId, entries: Sequence[RetentionEntry]) -> None: ...

    def latest(self, shop: ShopId, *, limit: int) -> Sequence[RetentionEntry]:
        """The newest run first, its places by name."""


@dataclass(frozen=True, slots=True)
class ReceiptEntry:
    """A privacy request and what was done: `places` as the receipt has it, by place."""

    id: str
    kind: str
    subject: str
    requested_at: datetime
    finished_at: datetime | None
    places: Mapping[str, Any]
    has_export: bool = False


class Receipts(Protocol):
    def latest(self, shop: ShopId, *, limit: int) -> Sequence[ReceiptEntry]:
        """The newest first, without what was exported."""

    def export(self, shop: ShopId, id: str, access: Access) -> bytes | None:
        """What was exported, as JSON; None where there is none, or no longer. The access log has it first."""
