"""The store's data as it stands here: catalogue, records, imports, and the histories that training reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from app.core.ids import (
        CollectionId,
        CustomerId,
        ProductId,
        ShopId,
        VariantId,
    )
    from app.core.recommend.item_words import ItemText
    from app.core.recommend.past_orders import PastOrder
    from app.core.records import Kind, Record
    from app.core.syncs import Reason, Resource, Run, RunState


@dataclass(frozen=True, slots=True)
class Card:
    """What a rail shows of a product, and whether it may be bought now (law 5). `image` may be empty."""

    product_id: ProductId
    variant_id: VariantId
    handle: str
    title: str
    image: str
    buyable: bool
    created_at: datetime | None = None
    """When the store made the product; None where it does not say."""
    stock: int | None = None
    """Units over all variants; None where it never runs out: not counted, or some variant sells on at 0."""


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


@dataclass(frozen=True, slots=True)
class ProductNumbers:
    """Numbers of a shop's products as parallel arrays, by product id; NaN where something is not known.

    `product` int64. `price` float32: the lowest price above 0, in minor units. `created` float32: days since
    1970-01-01. `cover` float32: for how many days the stock lasts at the present rate of sales, 365 at most; not known
    where the stock is not counted or more may be sold than there is. `shown` bool: whether it may stand in a rail at
    all (`core.catalog.may_be_shown`), whatever its stock is.
    """

    product: npt.NDArray[np.int64]
    price: npt.NDArray[np.float32]
    created: npt.NDArray[np.float32]
    cover: npt.NDArray[np.float32]
    shown: npt.NDArray[np.bool_]


class ProductFacts(Protocol):
    """What is known of the products themselves: of all that are neither deleted nor gift cards."""

    def texts(self, shop: ShopId) -> Iterator[tuple[ProductId, ItemText]]:
        """What the merchant wrote of each, a batch at a time."""

    def numbers(self, shop: ShopId, *, now: datetime) -> ProductNumbers: ...


class CustomerHistory(Protocol):
    """What each customer bought last; only of those who have not objected and are not erased."""

    def newest(self, shop: ShopId, *, since: datetime) -> Iterator[tuple[CustomerId, Sequence[PastOrder]]]:
        """Every customer's last orders, newest first, as many as are kept (`past_orders.newest_of`)."""

    def of(self, shop: ShopId, customer: CustomerId) -> Sequence[PastOrder]:
        """One customer's, as `newest` gives them; empty when nothing may be used."""

    def barred(self, shop: ShopId) -> Sequence[CustomerId]:
        """Those of whom nothing may be kept: they object or are erased."""


class CustomerStore(Protocol):
    """The keyed store beside the hot path: what signed-in customers bought last. Rewritten by every training."""

    def replace(self, shop: ShopId, rows: Iterable[tuple[CustomerId, Sequence[PastOrder]]]) -> int:
        """Keep these customers' orders and nobody else's; returns how many customers there are."""

    def renew(self, shop: ShopId, rows: Iterable[tuple[CustomerId, Sequence[PastOrder]]]) -> None:
        """Keep these customers' orders; without any, nothing of theirs. Everybody else's stay."""

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
