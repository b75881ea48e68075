"""Product feeds: what goes into them, where they are kept, and the secret in their addresses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.email.feeds import Good
    from app.core.ids import ProductId, ShopId
    from app.core.shops import Shop


@dataclass(frozen=True, slots=True)
class Feed:
    """A prepared feed; `trouble` says why Klaviyo does not know it, and what to do."""

    name: str
    etag: str
    items: int
    changed_at: datetime
    checked_at: datetime
    klaviyo_id: str = ""
    registered: str = ""
    """A digest of the address under which Klaviyo knows it."""
    trouble: str = ""


class Goods(Protocol):
    def buyable(self, shop: Shop, *, now: datetime) -> Sequence[Good]:
        """All products that can be bought now."""

    def are_buyable(self, shop: ShopId, products: Collection[ProductId]) -> bool:
        """Whether each of them can be bought now."""


class Feeds(Protocol):
    def put(self, shop: ShopId, name: str, body: bytes, *, items: int, at: datetime) -> bool:
        """Keep it; whether it differs from what stood there."""

    def all(self, shop: ShopId) -> Sequence[Feed]: ...

    def read(self, shop: ShopId, name: str, *, known: Collection[str] = ()) -> tuple[Feed, bytes] | None:
        """The feed, and its body unless its ETag is one of the `known` ones."""

    def products(self, shop: ShopId) -> frozenset[ProductId]:
        """All that stand in some feed."""

    def drop(self, shop: ShopId, names: Sequence[str]) -> None: ...

    def registered(self, shop: ShopId, name: str, *, klaviyo_id: str, url: str, trouble: str = "") -> None:
        """Note under which id and address (its digest is kept) Klaviyo knows it, or why it does not."""


class CatalogLooks(Protocol):
    def moved(self, shop: ShopId) -> str | None:
        """Where products and stock stand now; None where they stand as they were last looked at."""

    def looked(self, shop: ShopId, place: str) -> None:
        """Note that they were looked at as they stood there."""


class FeedKeys(Protocol):
    """A secret begins with the shop's number, so that the shop is known before its rows may be read."""

    def secret(self, shop: ShopId) -> str | None: ...

    def made_at(self, shop: ShopId) -> datetime | None: ...

    def renew(self, shop: ShopId, *, at: datetime) -> str:
        """Make a new one; the old one ends at once."""
