"""One shop's side of Shopify: its Admin API, tokens, installation and pixel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from app.core.ids import (
        ShopDomain,
        ShopId,
    )
    from app.core.shops import Shop
    from app.ports.work import Json


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
