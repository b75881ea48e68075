"""What other systems deliver, on its way in: files, where rows go, what the store knows of them, and the register."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from app.core.profiles.consent import OwnSwitches

if TYPE_CHECKING:
    from app.core.ids import OrderId, ProductId, ShopId, VariantId
    from app.core.sources.contract import Source
    from app.core.sources.outside_stock import StockRule
    from app.core.sources.quality import Judged, Measured
    from app.core.sources.report import Refused, Report
    from app.core.sources.rows import Found
    from app.core.sources.values import DayOrder
    from app.ports.work import Json


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands in the file, and its number there."""

    number: int
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that the file itself has spoilt."""

    number: int
    refused: Refused


class SourceFile(Protocol):
    """One delivered file."""

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int:
        """In bytes."""

    def digest(self) -> str:
        """Of the content, whatever the file is called."""

    def rows(self) -> Iterator[RawRow | BadRow]:
        """The rows from the beginning.

        Raises:
            BadFile: nothing of it can be used, or nothing from here on.
        """

    def notes(self) -> list[str]:
        """What was noticed about the file, once its rows were read."""

    def day_order(self) -> DayOrder | None:
        """How the file writes days such as 03/04/2026, as far as it shows that itself."""


class State(StrEnum):
    """How far a delivery is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SourceDelivery:
    """One file or batch that was delivered, and what became of it (`Report.as_json`)."""

    id: str
    source: Source
    name: str
    by: str
    at: datetime
    state: State
    size: int = 0
    finished_at: datetime | None = None
    first: date | None = None
    last: date | None = None
    report: Json = field(default_factory=dict)
    error: str = ""


class SourceDeliveries(Protocol):
    """The register of deliveries. A delivery's id is made of its source and its content."""

    def begin(
        self, shop: ShopId, id: str, source: Source, *, name: str, size: int, by: str, at: datetime
    ) -> SourceDelivery | None:
        """Note that it is being taken in; returns the finished delivery if the same content was taken in before."""

    def finish(self, shop: ShopId, id: str, report: Report, *, at: datetime) -> None: ...

    def fail(self, shop: ShopId, id: str, error: str, *, at: datetime) -> None: ...

    def add(
        self, shop: ShopId, id: str, source: Source, report: Report, *, name: str, size: int, by: str, at: datetime
    ) -> None:
        """Add what became of one more part to a delivery that comes in parts; the first one begins it."""

    def one(self, shop: ShopId, id: str) -> SourceDelivery | None: ...

    def latest(self, shop: ShopId, *, limit: int) -> Sequence[SourceDelivery]:
        """The newest first."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that waits in the database, sealed, until a worker takes it in."""

    id: str
    source: Source
    name: str
    by: str
    at: datetime
    order: DayOrder | None
    content: bytes = b""


class Uploads(Protocol):
    def put(self, shop: ShopId, upload: Upload) -> None:
        """Keep it, and note in the same transaction that it is to be taken in."""

    def get(self, shop: ShopId, id: str) -> Upload | None: ...

    def waiting(self, shop: ShopId) -> Sequence[Upload]:
        """Without their contents."""

    def done(self, shop: ShopId, id: str) -> None:
        """Delete it."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A record and the number of its row."""

    row: int
    found: Found


@dataclass(frozen=True, slots=True)
class Kept:
    """What a store did with a batch, by place in the batch.

    `fresh` were not there; `again` were there already, `own` were there by an earlier try of this very delivery;
    `changed` took the place of another figure; `older` and `erased` were let go; `contradictions` have the key of an
    earlier row of the same delivery and say something else.
    """

    fresh: frozenset[int] = frozenset()
    own: frozenset[int] = frozenset()
    again: frozenset[int] = frozenset()
    changed: frozenset[int] = frozenset()
    older: frozenset[int] = frozenset()
    erased: frozenset[int] = frozenset()
    contradictions: frozenset[int] = frozenset()


class SourceStore(Protocol):
    """Where the rows of a source end."""

    def keep(self, shop: ShopId, delivery: str, rows: Sequence[Numbered]) -> Kept:
        """Store the batch in one step. Storing the same rows again, in whatever batches, changes nothing.

        Raises:
            Retryable: it takes nothing now.
        """


@dataclass(frozen=True, slots=True)
class KnownCustomers:
    """Who has an e-mail: how many customers, whether one of them has opted out, and what they switched off.

    A switch of one of them, or of one of their own browsers, counts for all who share the address.
    """

    customers: int
    opted_out: bool
    own: OwnSwitches = field(default_factory=OwnSwitches)


class StoreKeys(Protocol):
    """What the store knows of the keys that other systems use."""

    def currency(self, shop: ShopId) -> str: ...

    def timezone(self, shop: ShopId) -> str: ...

    def oldest(self, shop: ShopId, *, now: datetime) -> datetime:
        """From when on behaviour is kept."""

    def products(self, shop: ShopId, items: Iterable[str]) -> Mapping[str, tuple[ProductId, VariantId | None]]:
        """What the items are: a SKU, the number of a product or variant, or ``product:variant``."""

    def orders(self, shop: ShopId, names: Iterable[str]) -> Mapping[str, OrderId]:
        """Orders by their number or their name, with or without #."""

    def customers(self, shop: ShopId, hashes: Iterable[str]) -> Mapping[str, KnownCustomers]:
        """By the keyed hash of their e-mail; each with the strictest of what they and their browsers have set."""

    def browsers(self, shop: ShopId, ids: Iterable[str]) -> Mapping[str, KnownCustomers]:
        """The persons behind Google's ids of browsers, as far as a profile knows them."""


class StockRules(Protocol):
    """The merchant's rule which stock counts."""

    def all(self, shop: ShopId) -> Sequence[StockRule]: ...

    def put(self, shop: ShopId, rule: StockRule) -> None:
        """Set it in the place of one for the same product and location; what may be shown follows within a second."""

    def remove(self, shop: ShopId, rule: StockRule) -> None: ...


class StockKeys(Protocol):
    """The secret with which an outside system signs."""

    def secret(self, shop: ShopId) -> bytes | None: ...

    def renew(self, shop: ShopId, *, at: datetime) -> str:
        """Make a new one; the old one ends at once."""

    def made_at(self, shop: ShopId) -> datetime | None: ...


class SourceMeasures(Protocol):
    def measure(self, shop: ShopId, *, now: datetime, since: date) -> Sequence[Measured]:
        """What is stored of each source from that UTC day on."""


class FirstEvents(Protocol):
    def first_event(self, shop: ShopId) -> datetime | None:
        """When the oldest of our own events that are kept happened."""


class SourceQuality(Protocol):
    """What was measured and judged last, for pages and the doctor."""

    def put(self, shop: ShopId, measured: Sequence[Measured], judged: Sequence[Judged], *, at: datetime) -> None: ...

    def latest(self, shop: ShopId) -> tuple[datetime | None, Sequence[Judged]]: ...

    def days(self, shop: ShopId, *, since: date) -> Mapping[Source, Mapping[date, int]]:
        """Rows by source and day."""

    def drop_uploads(self, shop: ShopId, *, before: datetime) -> None:
        """Delete files that nobody took in."""

    def first_own(self, shop: ShopId) -> datetime | None:
        """When the shop's first event of our own was: from then on Google's records are no behaviour any more."""

    def note_first_own(self, shop: ShopId, at: datetime) -> None:
        """Write it down once: it stays when the event itself is forgotten."""
