"""What a win-back offers, and the arithmetic that keeps its cost within the merchant's budget.

A code costs at most `OfferTerms.greatest_cost`. Before one is given out, the codes that are out count at that much and
those that were used at what they really took off; both together with the new one never exceed the budget.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.core.errors import DomainError
from app.core.money import written
from app.core.shop_days import DAY

HAND_OUT: Final = timedelta(days=7)
"""The codes of one discount end together, so they are given out within a week, and then another discount is made."""
LATE: Final = timedelta(days=2)
"""So long after its end an unused code still counts as out, because its order may come late."""
MOST_READY: Final = 5_000
"""Codes that lie ready at most, so that a night's win-backs find theirs."""
MOST_MONEY: Final = 10**11
LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without letters and figures that are taken for each other."""
LENGTH: Final = 10
"""Fifty random bits: nobody finds a code by trying."""
PREFIX: Final = "BACK-"


class BadMailSetting(DomainError):
    """A setting out of its bounds; `field` names it."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What a code takes off an order, and how much all codes may cost. Amounts are in minor units."""

    is_on: bool = False
    percent: int = 0
    """Off an order; 0 where `amount` is."""
    amount: int = 0
    least_order: int = 0
    """What the order must come to; 0 for any."""
    largest_order: int = 0
    """With a percentage, the largest order that is reckoned with, because Shopify limits no percentage."""
    days: int = 14
    """How long a code is good, at least."""
    budget: int = 0
    """What all codes together may cost, the used ones included."""

    @property
    def greatest_cost(self) -> int:
        """What one code costs at most; a percentage is rounded up."""
        return self.amount or -(-self.percent * self.largest_order // 100)

    @property
    def key(self) -> str:
        """What one discount in Shopify stands for: other terms need another one."""
        return f"{self.percent}:{self.amount}:{self.least_order}:{self.largest_order}:{self.days}"

    def words(self, currency: str) -> str:
        """What the mail says of it."""
        off = f"{self.percent} %" if self.percent else written(self.amount, currency)
        least = f" of {written(self.least_order, currency)} or more" if self.least_order else ""
        return f"{off} off your next order{least}"

    def checked(self) -> OfferTerms:
        """Itself.

        Raises:
            BadMailSetting: something is out of bounds.
        """
        for name in ("percent", "amount", "least_order", "largest_order", "budget"):
            if not 0 <= getattr(self, name) <= MOST_MONEY:
                raise BadMailSetting("write an amount that is not below zero, and no more than a shop can spend", name)
        if self.percent and self.amount:
            raise BadMailSetting("take off a percentage or an amount, not both; empty one of them", "amount")
        if self.percent > 50:
            raise BadMailSetting("an offer takes at most 50 percent off", "percent")
        if not 1 <= self.days <= 90:
            raise BadMailSetting("a code is good for 1 to 90 days", "days")
        if self.percent and self.least_order > self.largest_order > 0:
            raise BadMailSetting("the largest order can't be below the least one", "largest_order")
        return self._complete() if self.is_on else self

    def _complete(self) -> OfferTerms:
        if not self.percent and not self.amount:
            raise BadMailSetting("say how much a code takes off: a percentage, or an amount", "percent")
        if self.percent and not self.largest_order:
            raise BadMailSetting("say the largest order you reckon with: it bounds what a code costs", "largest_order")
        if self.budget < self.greatest_cost:
            raise BadMailSetting("the budget must pay for one code at least", "budget")
        return self


@dataclass(frozen=True, slots=True)
class Ledger:
    """What became of all codes that were given out; costs in minor units."""

    out: int = 0
    """Given out, and neither used nor ended `LATE` ago."""
    out_cost: int = 0
    """What those cost at most."""
    used: int = 0
    used_cost: int = 0
    """What those really took off."""
    unused: int = 0
    """Ended without having been used; they cost nothing."""
    larger: int = 0
    """Of the used ones, those that cost more than was reckoned with."""
    ready: int = 0
    """Lie ready at Shopify for the terms as they are, and nobody has them."""

    @property
    def committed(self) -> int:
        """What all codes have cost and may still cost."""
        return self.out_cost + self.used_cost

    def left(self, terms: OfferTerms) -> int:
        """Of the budget; below zero where larger orders came than were reckoned with, or the budget was lowered."""
        return terms.budget - self.committed

    def affordable(self, terms: OfferTerms) -> int:
        """How many more codes the budget pays for."""
        return max(self.left(terms), 0) // terms.greatest_cost if terms.greatest_cost else 0


def new_code(draw: Callable[[str], str]) -> str:
    """A code that nobody can guess.

    Args:
        draw: takes one letter of those it is given, all alike, by a source fit for secrets.
    """
    return PREFIX + "".join(draw(LETTERS) for _ in range(LENGTH))


def last_day_of(until: datetime, days: int, zone: ZoneInfo) -> date:
    """The last day, in the shop, on which a code is good that may be given out until then."""
    return until.astimezone(zone).date() + days * DAY


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """When the shop's day is over."""
    return datetime.combine(day + DAY, time.min, zone)


def day_in_words(ends_at: datetime, zone: ZoneInfo) -> str:
    """The last whole day before a code ends, such as ``8 December``."""
    last = (ends_at - timedelta(seconds=1)).astimezone(zone)
    return f"{last.day} {last:%B}"


def apply_link(origin: str, code: str) -> str:
    """Shopify's shareable link of a discount: the storefront takes the code, so that the checkout knows it."""
    return f"{origin}/discount/{code}?redirect=%2F"
