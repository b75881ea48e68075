"""What a series is made of: flows, each with its trigger, its mails and the times between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.core.email.names import Arm, Trigger


class Series(StrEnum):
    """The series as the merchant knows them."""

    WELCOME = "welcome"
    CART = "cart"
    POST_PURCHASE = "post_purchase"
    WIN_BACK = "win_back"


class Part(StrEnum):
    """What a mail can show besides its words and products."""

    CART = "cart"
    """A button that leads back to the cart."""
    CARE = "care"
    """The article on how to look after what was bought."""
    PRODUCT = "product"
    """The product that the mail is about."""
    OFFER = "offer"
    """The code, what it is good for, and until when."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. Words may hold Klaviyo's variables; `grid` is the heading above the products."""

    key: str
    name: str
    subject: str
    preheader: str
    heading: str
    words: tuple[str, ...]
    grid: str
    parts: tuple[Part, ...] = ()
    most: int = 4
    """How many products are shown."""
    later: bool = False
    """Whether an earlier mail of the flow has shown the first of the event's products."""

    def template_key(self, arm: Arm) -> str:
        return f"{self.key}_{arm}"

    def template_name(self, arm: Arm) -> str:
        return f"Attune: {self.name}" + (" (control group)" if arm is Arm.CONTROL else "")


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause before the next mail; `unit` is one of Klaviyo's minutes, hours, days."""

    value: int
    unit: str


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """One flow. `rest_days` is how long nobody enters it a second time; 0 for no limit."""

    key: str
    series: Series
    name: str
    trigger: Trigger
    steps: tuple[Mail | Wait, ...]
    rest_days: int
    until_order: bool
    """Whether an order ends it."""

    @property
    def mails(self) -> tuple[Mail, ...]:
        return tuple(step for step in self.steps if isinstance(step, Mail))
