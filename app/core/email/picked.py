"""The products that were chosen for one shopper's mail, with the request id of the decision that is on record."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.email.products import MOST_ITEMS, MailItem
from app.core.ids import CustomerId, ProductId, RequestId
from app.core.recommend.types import Rail, Strategy


@dataclass(frozen=True, slots=True)
class MailAsk:
    """Whom products are wanted for, and which: those of a rail, about a product or a cart where the rail needs one."""

    customer: CustomerId
    rail: Rail = Rail.FOR_YOU
    product: ProductId | None = None
    cart: tuple[ProductId, ...] = ()
    without: frozenset[ProductId] = frozenset()
    """What the mail shows anyway."""
    limit: int = MOST_ITEMS
    instead: tuple[Rail, ...] = ()
    """Rails that are asked in turn where the first has nothing, or only what is popular."""


@dataclass(frozen=True, slots=True)
class Picked:
    """What a mail may show; nothing where the shopper has objected, or nothing can be bought."""

    customer: CustomerId
    request_id: RequestId
    strategy: Strategy
    items: tuple[MailItem, ...]
    popular: bool = False
    """Whether nothing of it was chosen for the shopper, a product or a cart: all of it sells, or is new."""

    def as_json(self) -> list[dict[str, str | int]]:
        """The objects as Klaviyo gets them, the best first."""
        return [item.as_json(self.request_id, place) for place, item in enumerate(self.items, start=1)]
