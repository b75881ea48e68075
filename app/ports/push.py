"""What mails are filled from, and what stands in Klaviyo's profiles: products, people, and the pushes so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.core.email.products import MailItem
    from app.core.ids import CustomerId, ProductId, ShopId
    from app.core.profiles.consent import ShopperConsent
    from app.core.recommend.blend import Blend, Mask, Ranked
    from app.core.recommend.histories import History
    from app.core.recommend.past_orders import PastOrder
    from app.core.shops import Shop


@dataclass(frozen=True, slots=True)
class MailGoods:
    """The shop's products at one moment."""

    items: Mapping[ProductId, MailItem]
    """Those that can be bought now, without a reason."""
    titles: Mapping[ProductId, str]
    """Of all, because a reason may name what is sold out."""
    kinds: Mapping[ProductId, str]
    """The product type of all; empty where the merchant gives none."""


@dataclass(frozen=True, slots=True)
class MailPerson:
    """A customer as mails need them; `orders` are the newest first, and none where nothing may be used."""

    customer: CustomerId
    consent: ShopperConsent
    address: str
    """A keyed hash that changes with the e-mail address; empty where there is none."""
    hidden: frozenset[ProductId] = frozenset()
    """What they don't want to be shown, and what they ignored in mails."""
    hidden_kinds: frozenset[str] = frozenset()
    segments: Sequence[tuple[int, str]] = ()
    """Number, and key of a built-in one."""
    orders: tuple[PastOrder, ...] = ()
    bought: int = 0
    discounted: int = 0
    """Of `bought` orders, those with a discount."""
    last_s: int = 0
    net: int = 0


class ManyRanker(Protocol):
    """A blend made ready to be asked about many shoppers at once."""

    def ranked(self, histories: Iterable[History], mask: Mask | None = None, *, places: int) -> Iterator[Ranked]:
        """For every history at most so many items that it lacks and that suit it best, the best first."""


class RankMany(Protocol):
    def __call__(self, blend: Blend, /) -> ManyRanker: ...


class MailShelf(Protocol):
    def goods(self, shop: Shop) -> MailGoods: ...


class MailPeople(Protocol):
    def of(self, shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[CustomerId, MailPerson]:
        """Those of them that the shop knows."""

    def numbers(self, shop: ShopId) -> Iterator[Sequence[CustomerId]]:
        """The numbers of all customers, some at a time."""

    def emails(self, shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[CustomerId, str]:
        """Their addresses, opened; who has none is left out."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was pushed of one customer. Nothing is known of a `sending` one but that it may stand there."""

    digest: str
    address: str
    state: str
    """sending, sent (a job is under way), done or refused."""


@dataclass(frozen=True, slots=True)
class Push:
    """What is about to be pushed of one customer."""

    customer: CustomerId
    digest: str
    address: str
    """A keyed hash of `email`."""
    products: Sequence[ProductId]
    email: str = field(repr=False)
    """Under which the profile is found; kept sealed."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Klaviyo's complaint, and how many customers it is about."""

    complaint: str
    customers: int
    some: Sequence[CustomerId] = ()
    """A few of them."""


@dataclass(frozen=True, slots=True)
class PushState:
    """The last push, and what stands."""

    at: datetime | None = None
    """When the last push ended."""
    sent: int = 0
    """Profiles in that push."""
    standing: int = 0
    waiting: int = 0
    refusals: Sequence[Refusal] = field(default_factory=tuple)


class Pushes(Protocol):
    def state(self, shop: ShopId) -> PushState: ...

    def of(self, shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[CustomerId, Pushed]: ...

    def sending(self, shop: ShopId, pushes: Sequence[Push], *, at: datetime) -> None: ...

    def sent(self, shop: ShopId, customers: Sequence[CustomerId], job: str) -> None: ...

    def refused(self, shop: ShopId, complaints: Mapping[CustomerId, str]) -> None: ...

    def settled(self, shop: ShopId, job: str) -> None:
        """The job has ended: what was not refused stands."""

    def begun(self, shop: ShopId, pushes: Sequence[Push], *, at: datetime) -> None:
        """An event is about to write something of ours into these profiles; whoever was pushed stays as they are."""

    def jobs(self, shop: ShopId) -> Sequence[str]:
        """Those that are not known to have ended."""

    def of_job(self, shop: ShopId, job: str) -> Mapping[CustomerId, str]:
        """Whose profiles are in a job that has not ended, with the addresses, opened, that name them in it."""

    def addresses(self, shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[CustomerId, str]:
        """The addresses, opened, under which their profiles were pushed."""

    def opened(self, shop: ShopId, waiting: str) -> str:
        """The address that an erasure has left sealed as due, until its profile is empty."""

    def withdrawn(self, shop: ShopId, customers: Iterable[CustomerId]) -> None:
        """Nothing of ours stands in their profiles."""

    def all(self, shop: ShopId) -> Sequence[CustomerId]: ...

    def moved(self, shop: ShopId) -> Sequence[CustomerId]:
        """Customers who have another address than the one under which something stands, and which no other has now."""

    def strangers(self, shop: ShopId) -> Sequence[CustomerId]:
        """Customers of whom something stands in Klaviyo and whom the shop no longer knows."""

    def products(self, shop: ShopId) -> frozenset[ProductId]:
        """All that stand in some profile."""

    def holding(self, shop: ShopId, products: Iterable[ProductId]) -> Sequence[CustomerId]: ...

    def ended(self, shop: ShopId, *, sent: int, at: datetime) -> None: ...
