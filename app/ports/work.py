"""What every service may need: the clock, the queue, shops, due work and claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from app.core.ids import (
        ShopDomain,
        ShopId,
    )
    from app.core.shops import Shop

Json = Mapping[str, Any]
T = TypeVar("T")


class Clock(Protocol):
    """Store time: the wall clock in production, the devstore's clock in demo and tests."""

    def now(self) -> datetime: ...


class Jobs(Protocol):
    """The queue. A job is only a hint: what is due stands in PostgreSQL, and the sweeper finds it."""

    def enqueue(self, name: str, *arguments: str | int | bool | None) -> None:
        """Ask a worker to run the job `name` (see `app.jobs`, also for its queue). Call it after the commit."""

    def waiting(self, queue: str) -> int:
        """How many jobs wait in the queue; 0 when it does not answer."""

    def forget(self, shop: ShopId) -> int:
        """Take the shop's waiting jobs out of all queues; returns how many there were."""


class ShopsByDomain(Protocol):
    def by_domain(self, domain: ShopDomain) -> Shop | None: ...


class Shops(ShopsByDomain, Protocol):
    def by_id(self, shop: ShopId) -> Shop | None: ...

    def installed(self) -> Sequence[Shop]: ...


@dataclass(frozen=True, slots=True)
class DueItem:
    shop: ShopId
    kind: str
    id: str


class DueWork(Protocol):
    """What is still to be done, in PostgreSQL. The sweeper enqueues it again and again until `done` is called."""

    def put(self, shop: ShopId, kind: str, id: str = "", *, after_s: float = 30.0) -> None:
        """Note work of a kind that `app.jobs.DUE` knows. The caller enqueues it itself, the sweeper after `after_s`."""

    def done(self, shop: ShopId, kind: str, id: str = "") -> None: ...

    def waits(self, shop: ShopId, kind: str) -> bool:
        """Whether work of this kind is still to be done in the shop."""

    def waiting(self, shop: ShopId, kind: str, *, limit: int = 1000) -> Sequence[str]:
        """The ids of the shop's work of this kind, whether its time has come or not."""

    def put_off(self, shop: ShopId, kind: str, *, after_s: float) -> None:
        """Leave all work of the kind due, but not before then: what can't be done now is not tried every minute."""

    def take_due(self, *, limit: int, again_s: float) -> Sequence[DueItem]:
        """What is due now, put off by `again_s` in the same step so that two sweepers don't both get it."""


class Claims(Protocol):
    """Per-shop serialisation: one holder per shop and name, by compare-and-set on a row."""

    def hold(self, shop: ShopId, name: str, *, seconds: float) -> AbstractContextManager[bool]:
        """Try to take the claim for at most `seconds`; yields whether it was taken, and gives it back at the end."""

    def keep(self, shop: ShopId, name: str, *, seconds: float) -> AbstractContextManager[bool]:
        """As `hold`, but renewed until the block ends: for work of any length whose killed holder is soon replaced."""
