"""What the services need from the outside, as protocols; `app.wiring` decides what stands behind each.

Every method that touches a shop's data takes the shop first. Failures come as `app.errors.Retryable` or `.Permanent`,
decided by the adapter; a method's docstring names only what else may happen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from app.core.events import Event
from app.core.ids import CustomerId, ModelVersion, ProductId, ShopDomain, ShopId, VariantId
from app.core.shops import Shop

Json = Mapping[str, Any]


class Clock(Protocol):
    """Store time: the wall clock in production, the devstore's clock in demo and tests."""

    def now(self) -> datetime: ...


class Jobs(Protocol):
    """The queue. A job is only a hint: what is due stands in PostgreSQL, and the sweeper finds it."""

    def enqueue(self, name: str, *arguments: str | int | bool | None, queue: str = "default") -> None:
        """Ask a worker to run the job `name` (see `app.jobs`). Call it after the commit."""


class Shops(Protocol):
    def by_domain(self, domain: ShopDomain) -> Shop | None: ...

    def by_id(self, shop: ShopId) -> Shop | None: ...

    def installed(self) -> Sequence[Shop]: ...


class Claims(Protocol):
    """Per-shop serialisation: one holder per shop and name, by compare-and-set on a row."""

    def hold(self, shop: ShopId, name: str, *, seconds: float) -> AbstractContextManager[bool]:
        """Try to take the claim for at most `seconds`; yields whether it was taken, and gives it back at the end."""


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
    changed_at: datetime


class CatalogReader(Protocol):
    def cards(self, shop: ShopId, *, changed_since: datetime | None = None) -> Sequence[Card]:
        """All cards, or those that changed since; deleted products come as not buyable."""


@dataclass(frozen=True, slots=True)
class Purchases:
    """Order lines as parallel arrays of equal length, oldest order first; no customer is named.

    `order` int64 (running number of the order), `product` int64 (Shopify's ids), `quantity` int32 (net of refunds,
    at least 1), `day` int32 (days since 1970-01-01).
    """

    order: npt.NDArray[np.int64]
    product: npt.NDArray[np.int64]
    quantity: npt.NDArray[np.int32]
    day: npt.NDArray[np.int32]


class OrderHistory(Protocol):
    def purchases(self, shop: ShopId, *, since: datetime, until: datetime) -> Purchases:
        """What was bought in [since, until): no tests, cancellations, refunds in full, or customers who opted out."""


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

    def record(self, shop: ShopId, record: ModelRecord) -> None: ...

    def publish(self, shop: ShopId, version: ModelVersion, *, at: datetime) -> None:
        """Flip the pointer in one transaction; the version before it stays for a roll-back."""

    def roll_back(self, shop: ShopId, *, at: datetime) -> ModelVersion | None:
        """Flip back to the version before; None when there is none."""

    def history(self, shop: ShopId, *, limit: int = 20) -> Sequence[ModelRecord]: ...

    def forget(self, shop: ShopId) -> None:
        """Remove the register and the pointer (withdrawn consent, shop erasure)."""


# -- Live state and the lake -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decision:
    """What the shopper was shown for one request, enough to replay it."""

    request_id: str
    at: datetime
    placement: str
    product_id: ProductId | None
    visitor: str | None
    """Only of a visitor who had consented; None otherwise."""
    strategy: str
    variant: str
    model_version: str | None
    items: Sequence[Json]
    """``{"product_id", "position", "score", "reason"}`` in order."""


class Lake(Protocol):
    """Where events and decisions end. Appending the same event or decision twice stores it once."""

    def append_events(self, shop: ShopId, events: Sequence[Event]) -> int:
        """Store what is new; returns how many were."""

    def append_decisions(self, shop: ShopId, decisions: Sequence[Decision]) -> int: ...


class ErasablePlace(Protocol):
    """One place where a person's or a shop's data stand. `app.wiring` registers all; a test knows if one is missing."""

    name: str

    def erase_customer(self, shop: ShopId, customer: CustomerId) -> int:
        """Remove or unlink what belongs to the customer; returns how many records. Idempotent."""

    def erase_shop(self, shop: ShopId) -> int: ...

    def export_customer(self, shop: ShopId, customer: CustomerId) -> Sequence[Json]:
        """What the place holds about the customer, personal fields opened."""
