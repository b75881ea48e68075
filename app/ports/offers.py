"""Codes for win-backs: what was made at Shopify, what lies ready, who was given which, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.email.offers import Ledger, OfferTerms
    from app.core.ids import CustomerId, ShopId


@dataclass(frozen=True, slots=True)
class OfferDiscount:
    """One discount of ours in Shopify, known by its first code."""

    first_code: str
    terms: str
    """`OfferTerms.key`."""
    words: str
    """What mails say of it."""
    most: int
    """What one of its codes costs at most, in minor units."""
    hand_out_until: datetime
    ends_at: datetime
    gid: str = ""
    """Shopify's name for it; empty until it is known to stand there."""
    trouble: str = ""
    """Why it gives no codes, in words for the merchant."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A code in one shopper's hands."""

    code: str
    words: str
    ends_at: datetime

    @property
    def in_words(self) -> str:
        return f"{self.words}, with the code {self.code}"


class Offers(Protocol):
    def ledger(self, shop: ShopId, terms: OfferTerms, *, now: datetime) -> Ledger:
        """What became of all codes, and how many lie ready for these terms."""

    def newest(self, shop: ShopId, terms: OfferTerms, *, now: datetime) -> OfferDiscount | None:
        """The discount whose codes may be given out now, or whose trouble stands in the way."""

    def begin(self, shop: ShopId, discount: OfferDiscount, *, at: datetime) -> None:
        """Note a discount before Shopify is asked to make it."""

    def made(self, shop: ShopId, discount: OfferDiscount, gid: str) -> None:
        """Shopify has it; its first code lies ready."""

    def troubled(self, shop: ShopId, discount: OfferDiscount, trouble: str) -> None: ...

    def start_anew(self, shop: ShopId) -> None:
        """Forget the troubles, so that another discount is made."""

    def add(self, shop: ShopId, discount: OfferDiscount, codes: Sequence[str]) -> None:
        """These lie ready at Shopify."""

    def reserve(self, shop: ShopId, customer: CustomerId, terms: OfferTerms, *, now: datetime) -> Offer | None:
        """The customer's code: the one that they have, or one that lies ready and that the budget pays for.

        One step with the reckoning: two workers never give out more than the budget. None where the customer used
        their code and it has not ended, where nothing lies ready, or where the budget is reached.
        """

    def held(self, shop: ShopId, customers: Sequence[CustomerId], *, now: datetime) -> Mapping[CustomerId, Offer]:
        """Codes that these can still use."""

    def count_used(self, shop: ShopId, *, now: datetime) -> int:
        """Take from the orders which codes were used and what they took off; how many changed."""
