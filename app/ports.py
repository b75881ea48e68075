"""What the services need from the outside, as protocols; `app.wiring` decides what stands behind each.

Every method that touches a shop's data takes the shop first. Failures come as `app.errors.Retryable` or `.Permanent`,
decided by the adapter; a method's docstring names only what else may happen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from app.core.events import Event
from app.core.ids import (
    ClientId,
    CollectionId,
    CustomerId,
    ModelVersion,
    OrderId,
    ProductId,
    ShopDomain,
    ShopId,
    VariantId,
    VisitorId,
)
from app.core.recommend.served import ServedModel
from app.core.recommend.types import ReasonCode
from app.core.records import Kind, Record
from app.core.shops import Shop
from app.core.syncs import Reason, Resource, Run, RunState

Json = Mapping[str, Any]
T = TypeVar("T")


class Clock(Protocol):
    """Store time: the wall clock in production, the devstore's clock in demo and tests."""

    def now(self) -> datetime: ...


class Jobs(Protocol):
    """The queue. A job is only a hint: what is due stands in PostgreSQL, and the sweeper finds it."""

    def enqueue(self, name: str, *arguments: str | int | bool | None) -> None:
        """Ask a worker to run the job `name` (see `app.jobs`, also for its queue). Call it after the commit."""

    def waiting(self, queue: str) -> int:
        """How many jobs wait in the queue; 0 when it does not answer."""

    def forget(self, shop: ShopId) -> int:
        """Take the shop's waiting jobs out of all queues; returns how many there were."""


class ShopsByDomain(Protocol):
    def by_domain(self, domain: ShopDomain) -> Shop | None: ...


class Shops(ShopsByDomain, Protocol):
    def by_id(self, shop: ShopId) -> Shop | None: ...

    def installed(self) -> Sequence[Shop]: ...


@dataclass(frozen=True, slots=True)
class DueItem:
    shop: ShopId
    kind: str
    id: str


class DueWork(Protocol):
    """What is still to be done, in PostgreSQL. The sweeper enqueues it again and again until `done` is called."""

    def put(self, shop: ShopId, kind: str, id: str = "", *, after_s: float = 30.0) -> None:
        """Note work of a kind that `app.jobs.DUE` knows. The caller enqueues it itself, the sweeper after `after_s`."""

    def done(self, shop: ShopId, kind: str, id: str = "") -> None: ...

    def waits(self, shop: ShopId, kind: str) -> bool:
        """Whether work of this kind is still to be done in the shop."""

    def waiting(self, shop: ShopId, kind: str, *, limit: int = 1000) -> Sequence[str]:
        """The ids of the shop's work of this kind, whether its time has come or not."""

    def put_off(self, shop: ShopId, kind: str, *, after_s: float) -> None:
        """Leave all work of the kind due, but not before then: what can't be done now is not tried every minute."""

    def take_due(self, *, limit: int, again_s: float) -> Sequence[DueItem]:
        """What is due now, put off by `again_s` in the same step so that two sweepers don't both get it."""


class Claims(Protocol):
    """Per-shop serialisation: one holder per shop and name, by compare-and-set on a row."""

    def hold(self, shop: ShopId, name: str, *, seconds: float) -> AbstractContextManager[bool]:
        """Try to take the claim for at most `seconds`; yields whether it was taken, and gives it back at the end."""

    def keep(self, shop: ShopId, name: str, *, seconds: float) -> AbstractContextManager[bool]:
        """As `hold`, but renewed until the block ends: for work of any length whose killed holder is soon replaced."""


# -- Shopify ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """A bulk operation as Shopify reports it; `url` is None for an empty result."""

    id: str
    status: str
    error_code: str | None
    object_count: int
    url: str | None
    partial_url: str | None


class AdminApi(Protocol):
    """One shop's GraphQL Admin API. `document` is the name of a file in ``app/adapters/shopify/queries``."""

    def run(self, document: str, variables: Json | None = None) -> dict[str, Any]:
        """Execute the document and return its ``data``; waits out throttling, refreshes the token when needed."""

    def start_bulk_query(self, document: str, *, search: str | None = None) -> BulkOperation:
        """Start the bulk export that the document describes, restricted by Shopify's search syntax if given."""

    def start_bulk_mutation(self, document: str, lines: Iterator[bytes]) -> BulkOperation:
        """Upload JSONL variables (at most 100 MB) and run the mutation once a line."""

    def bulk_operation(self, operation_id: str) -> BulkOperation: ...

    def lines(self, url: str, *, offset: int = 0) -> Iterator[bytes]:
        """The lines of a bulk file from byte `offset`, without their line ends; resumes a cut connection by itself."""


class AdminApis(Protocol):
    def of(self, shop: Shop) -> AdminApi:
        """The shop's Admin API.

        Raises:
            Permanent: there is no usable token; the merchant must open the app.
        """


@dataclass(frozen=True, slots=True)
class TokenPair:
    """An expiring offline access token with its refresh token. Both times are wall time."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    scopes: str
    access_expires_at: datetime
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True)
class StoredToken:
    """The pair as it stands in the database. `generation` counts rotations."""

    pair: TokenPair
    generation: int


class Credentials(Protocol):
    """Each shop's token pair, encrypted at rest."""

    def load(self, shop: ShopId) -> StoredToken | None: ...

    def rotate(self, shop: ShopId, pair: TokenPair, *, generation: int) -> bool:
        """Replace the pair if it still is of this generation; returns whether it was."""

    def drop(self, shop: ShopId, *, generation: int) -> None:
        """Forget a pair that Shopify refuses, if it still is of this generation."""

    def set_scopes(self, shop: ShopId, scopes: str) -> None:
        """Record what is granted now; nothing happens without a pair."""


class TokenIssuer(Protocol):
    def exchange(self, domain: ShopDomain, id_token: str) -> TokenPair:
        """Trade a verified ID token for an expiring offline token pair.

        Raises:
            Permanent: Shopify refuses the token.
        """


@dataclass(frozen=True, slots=True)
class ShopProfile:
    """What Shopify says about the shop, and the key of our own doors."""

    name: str
    currency: str
    timezone: str
    collect_key: str
    installed_at: datetime | None
    uninstalled_at: datetime | None


class Installations(Protocol):
    """The life of an installation; each method is one transaction."""

    def install(self, domain: ShopDomain, pair: TokenPair, *, at: datetime) -> Shop:
        """Create the shop or bring it back: state, token pair, collect key, and the set-up noted as due."""

    def profile(self, shop: ShopId) -> ShopProfile | None: ...

    def describe(self, shop: ShopId, *, name: str, currency: str, timezone: str) -> None: ...

    def uninstall(self, shop: ShopId, *, at: datetime) -> None:
        """Token pair and due work go at once; webhooks about the uninstall itself and about privacy stay."""


@dataclass(frozen=True, slots=True)
class ConnectedPixel:
    """The web pixel as Shopify was last told of it. `installed_at` is the installation's time that it belongs to."""

    id: str
    settings: Mapping[str, str]
    installed_at: datetime | None


class Pixels(Protocol):
    """What we know of each shop's web pixel."""

    def connected(self, shop: ShopId) -> ConnectedPixel | None: ...

    def record(self, shop: ShopId, pixel: ConnectedPixel) -> None: ...

    def forget(self, shop: ShopId) -> None: ...


# -- The store's data ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Card:
    """What a rail shows of a product, and whether it may be bought now (law 5). `image` may be empty."""

    product_id: ProductId
    variant_id: VariantId
    handle: str
    title: str
    image: str
    buyable: bool


class CatalogReader(Protocol):
    def now(self) -> datetime:
        """The clock by which changes of the catalogue are stamped."""

    def cards(self, shop: ShopId, *, changed_since: datetime | None = None) -> Sequence[Card]:
        """All cards, or those that changed since; deleted products come as not buyable."""

    def cards_of(self, shop: ShopId, products: Iterable[ProductId]) -> Sequence[Card]:
        """The cards of the products that are known, in no order."""


class CatalogSignals(Protocol):
    """How the web processes learn that the catalogue has moved on. Call after the commit."""

    def changed(self, shop: ShopId) -> None:
        """Products or stock have changed: read on from where you were."""

    def reloaded(self, shop: ShopId) -> None:
        """A whole import has been committed: read everything again."""


class StoreRecords(Protocol):
    """What webhooks change, a few records at a time. What is stored and younger stays; the same twice is harmless."""

    def currency(self, shop: ShopId) -> str:
        """The shop's currency code; empty while it is not known."""

    def apply(self, shop: ShopId, records: Sequence[Record], *, triggered_at: datetime | None) -> None:
        """Write what is newer than what is stored. Shopify dates to seconds: `triggered_at` orders what is as old."""

    def remove(self, shop: ShopId, kind: Kind, number: int, *, at: datetime | None) -> None:
        """The store deleted it: an older copy that arrives later does not bring it back."""

    def refunds_lacking_lines(self, shop: ShopId, *, limit: int) -> Sequence[int]:
        """Refunds of which only the amount is known, the newest first."""

    def close_refunds(self, shop: ShopId, refunds: Sequence[int]) -> None:
        """Stop asking for the lines of these refunds."""


class SyncRuns(Protocol):
    """The register of imports: what is under way, how far it is, and how it ended."""

    def unfinished(self, shop: ShopId) -> Sequence[Run]:
        """In the order in which they are to be imported."""

    def request(
        self, shop: ShopId, resources: Sequence[Resource], reason: Reason, *, at: datetime, search: str = ""
    ) -> None:
        """Note a run for each resource, all in one transaction."""

    def move(
        self,
        shop: ShopId,
        run: Run,
        state: RunState,
        *,
        document: str | None = None,
        operation_id: str | None = None,
        objects: int | None = None,
    ) -> Run:
        """Set a checkpoint; returns the run as it stands then."""

    def progress(self, shop: ShopId, run: Run, lines: int) -> None: ...

    def fail(self, shop: ShopId, run: Run, error: str, *, at: datetime) -> None: ...

    def done_since(self, shop: ShopId, moment: datetime | None) -> frozenset[Resource]:
        """The resources of which everything has been imported, requested at `moment` or later (ever, if None)."""

    def last_done(self, shop: ShopId, resource: Resource) -> datetime | None:
        """When the newest finished run of the resource was requested: what changed before then has been seen."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of one bulk file. `repaired` counts, in a reconciliation, what had been missed or differed."""

    lines: int
    applied: int
    repaired: int
    problems: int


class StoreImporter(Protocol):
    def load(self, shop: ShopId, run: Run, lines: Iterator[bytes], *, progress: Callable[[int], None]) -> Imported:
        """Import a whole bulk file and mark the run as done, in one transaction; nothing of it if the lines fail.

        What had to be left out because parts of it were unusable is asked for again by runs of its own, noted in the
        same transaction.
        """


@dataclass(frozen=True, slots=True)
class Purchases:
    """Order lines as parallel arrays of equal length, oldest order first; no customer is named.

    `order` int64 (running number of the order), `product` int64 (Shopify's ids), `quantity` int32 (net of refunds,
    at least 1), `day` int32 (days since 1970-01-01), `customer` int64 (running number of the person, 0 for guests).
    """

    order: npt.NDArray[np.int64]
    product: npt.NDArray[np.int64]
    quantity: npt.NDArray[np.int32]
    day: npt.NDArray[np.int32]
    customer: npt.NDArray[np.int64]


class OrderHistory(Protocol):
    def purchases(self, shop: ShopId, *, since: datetime, until: datetime) -> Purchases:
        """What was bought in [since, until): no tests, cancellations, refunds in full, objectors or erased people."""


class ProductKinds(Protocol):
    """What the merchant says of which products are alike; `app.core.recommend.groups` decides what to make of it."""

    def types(self, shop: ShopId) -> Mapping[ProductId, str]:
        """The product types as written, often empty."""

    def collections(self, shop: ShopId) -> Mapping[CollectionId, frozenset[ProductId]]: ...


class CustomerHistory(Protocol):
    """What each customer bought last; only of those who have not objected and are not erased."""

    def newest(self, shop: ShopId, *, since: datetime, most: int) -> Iterator[tuple[CustomerId, Sequence[ProductId]]]:
        """Every customer's distinct products, newest first, at most so many."""

    def barred(self, shop: ShopId) -> Sequence[CustomerId]:
        """Those of whom nothing may be kept: they object or are erased."""


class CustomerStore(Protocol):
    """The keyed store beside the hot path: what signed-in customers bought last. Rewritten by every training."""

    def replace(self, shop: ShopId, rows: Iterable[tuple[CustomerId, Sequence[ProductId]]]) -> int:
        """Keep these customers' products and nobody else's; returns how many customers there are."""

    def drop(self, shop: ShopId, customers: Iterable[CustomerId]) -> None: ...

    def forget(self, shop: ShopId) -> None:
        """Remove everybody's."""


@dataclass(frozen=True, slots=True)
class ViewedSessions:
    """Product views as parallel arrays of equal length, session by session and in time's order; nobody is named.

    `session` int64 (running number from 0, never falling), `product` int64 (Shopify's ids), `day` int32 (days since
    1970-01-01, UTC).
    """

    session: npt.NDArray[np.int64]
    product: npt.NDArray[np.int64]
    day: npt.NDArray[np.int32]


class ViewHistory(Protocol):
    def sessions(self, shop: ShopId, *, since: datetime, until: datetime) -> ViewedSessions:
        """Product views of consenting visitors in [since, until); 30 minutes without a view end a session.

        Left out are erased visitors and those known to be customers who opted out.
        """


# -- Models ----------------------------------------------------------------------------------------------------------


class ArtefactStore(Protocol):
    """Immutable, versioned model files. What is published never changes; a half-written version is never visible."""

    def write(
        self, shop: ShopId, version: ModelVersion, arrays: Mapping[str, npt.NDArray[Any]], meta: Json
    ) -> None: ...

    def read(self, shop: ShopId, version: ModelVersion) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Memory-mapped arrays and the manifest's meta, checksums verified.

        Raises:
            Permanent: the version is missing or damaged.
        """

    def delete(self, shop: ShopId, version: ModelVersion) -> None: ...

    def delete_all(self, shop: ShopId) -> int:
        """Remove every version of the shop, half-written ones included; returns how many there were."""

    def versions(self, shop: ShopId) -> Sequence[ModelVersion]: ...


@dataclass(frozen=True, slots=True)
class ModelRecord:
    version: ModelVersion
    state: str
    strategy: str
    trained_at: datetime
    orders: int
    products: int
    metrics: Mapping[str, Any]
    note: str


class Models(Protocol):
    """The register of trainings and the pointer to the version in use."""

    def current(self, shop: ShopId) -> ModelVersion | None: ...

    def in_use(self, shop: ShopId) -> ModelRecord | None:
        """What the register says of the current version."""

    def record(self, shop: ShopId, record: ModelRecord) -> None: ...

    def publish(self, shop: ShopId, version: ModelVersion, *, at: datetime) -> None:
        """Flip the pointer in one transaction; the version before it stays for a roll-back."""

    def roll_back(self, shop: ShopId, *, at: datetime, available: Collection[ModelVersion]) -> ModelVersion | None:
        """Flip back to the version before, one of those whose artefact is `available`; None when there is none.

        A roll-back that was killed before its lists were published is finished, not followed by another one.
        """

    def lists_settled(self, shop: ShopId, version: ModelVersion | None) -> None:
        """The lists of `version` stand in the store; they stay due if the pointer has moved since."""

    def history(self, shop: ShopId, *, limit: int = 20) -> Sequence[ModelRecord]: ...

    def forget(self, shop: ShopId) -> None:
        """Remove the register and the pointer (withdrawn consent, shop erasure)."""


class ModelSignals(Protocol):
    def model_changed(self, shop: ShopId) -> None:
        """Tell every process that the pointer to the shop's model has moved."""


class ListCache(Protocol):
    """The item-level lists beside the hot path, for processes that have not mapped the shop's model yet."""

    def replace(self, shop: ShopId, lists: Mapping[ProductId, StoredList]) -> None:
        """Put these lists in the place of all that stand there, in one step."""

    def forget(self, shop: ShopId) -> None: ...


@dataclass(frozen=True, slots=True)
class ListPlace:
    """An active product, and the digest of the list in its metafields; None when it has none."""

    product_id: ProductId
    digest: str | None


class PublishedLists(Protocol):
    """What we know to stand in the store's metafields."""

    def places(self, shop: ShopId) -> Sequence[ListPlace]:
        """All active products."""

    def standing(self, shop: ShopId) -> Sequence[ProductId]:
        """The products whose metafields hold a list, active or not."""

    def record(self, shop: ShopId, digests: Mapping[ProductId, str], *, at: datetime) -> None: ...

    def remove(self, shop: ShopId, products: Iterable[ProductId]) -> None: ...

    def record_failures(self, shop: ShopId, failures: Mapping[ProductId, str], *, at: datetime) -> None:
        """Keep what Shopify said of the lists that it refused."""


# -- Serving ---------------------------------------------------------------------------------------------------------


class Shelf(Protocol):
    """One shop's catalogue and model as the web process holds them; stock is at most a second old."""

    @property
    def model(self) -> ServedModel | None: ...

    @property
    def titles(self) -> Mapping[ProductId, str]: ...

    @property
    def handles(self) -> Mapping[ProductId, str]: ...

    def is_buyable(self, product: ProductId) -> bool: ...

    def cannot_be_bought(self, product: ProductId) -> bool:
        """Whether the product is known and may not be recommended now; False for one that the shelf has never seen."""

    def card_json(self, product: ProductId) -> bytes:
        """The members of the product's JSON object that are the same in every answer, without the braces.

        Raises:
            KeyError: the shelf does not hold the product.
        """


class Shelves(Protocol):
    def mapped(self, shop: ShopId) -> Shelf | None:
        """The shop's shelf; None when it is not in memory yet, which is then seen to in the background."""

    def small(self, shop: ShopId, products: Iterable[ProductId]) -> Shelf:
        """A shelf of just these products, read now: what an unmapped shop is answered from meanwhile."""


@dataclass(frozen=True, slots=True)
class StoredList:
    """A product's item-level list, as it also stands in the store's metafields; best first."""

    code: ReasonCode
    products: tuple[ProductId, ...]


@dataclass(frozen=True, slots=True)
class VisitorState:
    """What is known right now about the visitor of a request. Empty without consent, and when Redis does not answer."""

    viewed: tuple[ProductId, ...] = ()
    """The last product pages looked at, newest first, as in all of these."""
    clicked: tuple[ProductId, ...] = ()
    """The last cards of ours clicked."""
    seen: tuple[ProductId, ...] = ()
    """The last cards of ours that were in view."""
    carted: tuple[ProductId, ...] = ()
    """The last products put into the cart."""
    bought: tuple[ProductId, ...] = ()
    """The last purchases of the signed-in customer; empty for everybody who is not proved to be one."""
    arm: str | None = None
    """The experiment arm that the visitor was put into by hand."""
    stored: StoredList | None = None


class LiveState(Protocol):
    def read(
        self,
        shop: ShopId,
        visitor: VisitorId | None,
        *,
        list_of: ProductId | None,
        customer: CustomerId | None = None,
    ) -> VisitorState:
        """The visitor's state and, if asked for, a product's stored list, in one round trip; never raises.

        Args:
            customer: only one whose id Shopify has signed: a visitor id proves nothing about who somebody is.
        """


@dataclass(frozen=True, slots=True)
class ActiveVisitor:
    """A consenting visitor, and when they last got a rail."""

    visitor: VisitorId
    at: datetime


@dataclass(frozen=True, slots=True)
class ActiveCustomer:
    """A customer, when they last ordered, and how many orders the shop counts for them."""

    customer: CustomerId
    at: datetime
    orders: int


class Shoppers(Protocol):
    """Who was active lately, for the admin's preview; customers who opted out or were erased never appear."""

    def visitors(self, shop: ShopId, *, limit: int) -> Sequence[ActiveVisitor]:
        """The last active first."""

    def customers(self, shop: ShopId, *, limit: int) -> Sequence[ActiveCustomer]:
        """The last to order first."""

    def bought(self, shop: ShopId, customer: CustomerId, *, limit: int) -> Sequence[ProductId]:
        """What the customer bought and kept, each product once, newest first; empty when nothing may be used."""


# -- Live state and the lake -----------------------------------------------------------------------------------------


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
    model_version: str | None
    items: Sequence[Json]
    """``{"product_id", "position", "score", "reason"}`` in order."""


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


class LakeReader(Protocol):
    def read(self, shop: ShopId, first: date, last: date, work: Callable[[Any], T]) -> T:
        """Do the work on the shop's events of the UTC days `first` to `last`, both included.

        The work gets an Arrow data set, in which an event may stand twice. It is done again from the beginning when
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


# -- Webhooks --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as it was received, its signature verified. `triggered_at` is store time."""

    webhook_id: str
    topic: str
    event_id: str
    triggered_at: datetime | None
    payload: bytes
    attempts: int = 0
    """How often it has been tried, the present try included."""
    unreadable: str = ""
    """Why the payload is empty, where what is stored cannot be opened."""


class Inbox(Protocol):
    """Received webhooks, each stored in one transaction with the note that it is due."""

    def receive(self, shop: ShopId, delivery: Delivery, *, at: datetime) -> bool:
        """Store it as pending; False when this webhook id is known already."""

    def claim(self, shop: ShopId, webhook_id: str, *, seconds: float) -> Delivery | None:
        """Take a pending delivery for `seconds` by compare-and-set; None when it is done, taken, or has to wait."""

    def keep(self, shop: ShopId, delivery: Delivery, *, seconds: float) -> AbstractContextManager[None]:
        """Renew the claim until the block ends: a handler may take any time, and a killed one is soon replaced."""

    def is_overtaken(self, shop: ShopId, topic: str, triggered_at: datetime) -> bool:
        """Whether a delivery of the topic that was triggered later has been received."""

    def finish(self, shop: ShopId, webhook_id: str, *, at: datetime, keep_payload: bool) -> None:
        """It is done, and no longer due; both in one transaction."""

    def retry(self, shop: ShopId, webhook_id: str, *, after_s: float, error: str) -> None: ...

    def give_up(self, shop: ShopId, webhook_id: str, *, at: datetime, error: str) -> None:
        """Keep it as failed, for the doctor."""


# -- The merchant's consent, privacy requests --------------------------------------------------------------------------


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


class ErasablePlace(Protocol):
    """One place where a person's or a shop's data stand. `app.wiring` registers all; a test knows if one is missing."""

    @property
    def name(self) -> str: ...

    def erase_customer(self, shop: ShopId, subject: Subject) -> int:
        """Remove or unlink what belongs to the person; returns how many records. Idempotent."""

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

    def note_place(self, shop: ShopId, id: str, place: str, *, records: int, at: datetime) -> None:
        """Write into the receipt how many records a place has erased, on top of what a killed try had noted."""

    def close_receipt(
        self, shop: ShopId, id: str, *, at: datetime, places: Json, export: bytes | None = None
    ) -> dict[str, Any]:
        """Finish it; returns all that it says by place."""
