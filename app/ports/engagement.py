"""Engagement read back from Klaviyo: how far it was read, the webhook, links of mails, and what shoppers ignore."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.email.ignored import Chosen, Received
    from app.core.ids import CustomerId, ProductId, RequestId, ShopId
    from app.core.profiles.identity import Named


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a metric of Klaviyo's was read, or one of ours was told of the past; `trouble` says what failed last."""

    metric: str
    read_until: datetime
    asked_at: datetime
    trouble: str = ""


class EngagementMarks(Protocol):
    def all(self, shop: ShopId) -> Mapping[str, Mark]:
        """By the metric's name."""

    def put(self, shop: ShopId, mark: Mark) -> None:
        """Note it; `read_until` never goes back."""


@dataclass(frozen=True, slots=True)
class Hook:
    """The webhook in the merchant's account, and the secret with which Klaviyo signs."""

    webhook: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Hook({self.webhook})"


class EngagementHooks(Protocol):
    def of(self, shop: ShopId) -> Hook | None: ...

    def put(self, shop: ShopId, hook: Hook, *, at: datetime) -> None: ...

    def drop(self, shop: ShopId) -> None: ...


@dataclass(frozen=True, slots=True)
class MailLink:
    """The token of a link in a mail, and a browser that came through it."""

    token: str
    browser: Named
    hours: tuple[int, ...]


class MailLinks(Protocol):
    """Tokens that nobody has exchanged yet."""

    def waiting(self, shop: ShopId, *, limit: int) -> Sequence[MailLink]: ...

    def exchanged(self, shop: ShopId, link: MailLink, profile: str, email: str | None) -> None:
        """Tie the browser to Klaviyo's profile, and this to its address's keyed hash, in the token's place."""

    def drop(self, shop: ShopId, token: str) -> None:
        """Forget the token and what it ties."""


class IgnoredProducts(Protocol):
    """What shoppers leave alone in mails."""

    def ignored(self, shop: ShopId, customers: Iterable[CustomerId]) -> Mapping[CustomerId, frozenset[ProductId]]:
        """Products that were in three mails or more and never clicked; customers without any are left out."""

    def replace(self, shop: ShopId, counts: Mapping[tuple[CustomerId, ProductId], int]) -> None:
        """Take these counts in the place of all others."""


@dataclass(frozen=True, slots=True)
class FlowCount:
    """Mails that were received; people who opened one, and who clicked in one."""

    received: int
    opened: int
    clicked: int


@dataclass(frozen=True, slots=True)
class MailDeeds:
    """What people did with mails, by the keyed hash of their address, and what became of each flow of Klaviyo's.

    `received` are mails that show products of ours.
    """

    received: Mapping[str, Sequence[Received]]
    clicked: Mapping[str, Sequence[tuple[RequestId, int | None]]]
    flows: Mapping[str, FlowCount]


class MailDeedsReader(Protocol):
    def read(
        self, shop: ShopId, *, since: datetime, counted_since: datetime, until: datetime, flows: Collection[str]
    ) -> MailDeeds:
        """Everything in [since, until), each event once; the figures of flows are of [counted_since, until).

        Args:
            flows: Klaviyo's ids of those that we made.
        """


class MailChoices(Protocol):
    """What was chosen for customers' mails, and whose address is whose."""

    def chosen(self, shop: ShopId, *, since: datetime) -> Mapping[CustomerId, Sequence[Chosen]]: ...

    def customers(self, shop: ShopId, hashes: Iterable[str]) -> Mapping[str, CustomerId]:
        """By the keyed hash of the address; one that several customers have is left out."""


class MailCounts(Protocol):
    def put(self, shop: ShopId, counts: Mapping[str, FlowCount], *, at: datetime) -> None:
        """Take these in the place of all others."""


@dataclass(frozen=True, slots=True)
class SeriesCount:
    """One trigger in a period: who was counted at it, by arm, and what they bought within the days after it.

    `spent` and its square are sums over customers, in minor units.
    """

    trigger: str
    arm: str
    customers: int
    bought: int
    spent: int
    spent_squares: float


class MailOutcomes(Protocol):
    """What is told of mails on pages."""

    def flows(self, shop: ShopId) -> Mapping[str, FlowCount]:
        """By the key under which we made the flow (`klaviyo_flows`)."""

    def counted_at(self, shop: ShopId) -> datetime | None: ...

    def arms(self, shop: ShopId, *, since: datetime, until: datetime, days: int) -> Sequence[SeriesCount]:
        """Each customer once a trigger, from their first occasion in [since, until) on."""

    def clicked_revenue(self, shop: ShopId, *, since: datetime) -> tuple[int, int]:
        """Orders with a product that was clicked in a mail, and what those products brought, net, in minor units."""
