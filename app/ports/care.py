"""What is kept of the care of products: the articles to pick from, what was picked, and what metafields say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.email.care import Care, CarePick
    from app.core.ids import ProductId, ShopId
    from app.core.shops import Shop


@dataclass(frozen=True, slots=True)
class Article:
    """A published article; `url` is its path in the store, `text` its beginning."""

    id: int
    title: str
    url: str
    text: str


@dataclass(frozen=True, slots=True)
class CareReading:
    """How the last reading ended."""

    at: datetime | None = None
    trouble: str = ""


class CareShelf(Protocol):
    def articles(self, shop: ShopId) -> Sequence[Article]:
        """By title."""

    def keep_articles(self, shop: ShopId, articles: Iterable[Article]) -> None:
        """In place of those that are kept."""

    def types(self, shop: ShopId) -> Sequence[str]:
        """The product types of what is sold, by name."""

    def products(self, shop: ShopId, product_type: str) -> Sequence[ProductId]: ...

    def picks(self, shop: ShopId) -> Sequence[CarePick]:
        """By product type."""

    def pick(self, shop: ShopId, pick: CarePick) -> None:
        """In place of what was picked for the type."""

    def drop(self, shop: ShopId, product_type: str) -> None: ...

    def keep_texts(self, shop: ShopId, texts: Mapping[ProductId, Care]) -> None:
        """In place of those that are kept."""

    def reading(self, shop: ShopId) -> CareReading: ...

    def was_read(self, shop: ShopId, reading: CareReading) -> None: ...

    def of(self, shop: Shop, products: Iterable[ProductId]) -> Mapping[ProductId, Care]:
        """The care of those products for whose type something is picked that is there."""
