"""The merchant switches on, or off, something that segments do elsewhere; a job then does it, or takes it away."""

from __future__ import annotations

from dataclasses import dataclass

from app import jobs
from app.core.errors import DomainError
from app.core.segments.outlets import Outlet
from app.core.segments.outlets_audiences import BY_KEY
from app.core.shops import Shop
from app.ports import Clock, DueWork, Jobs
from app.ports.outlets import Outlets
from app.ports.segments import SegmentId

OF_SHOP = frozenset({Outlet.METAFIELDS, Outlet.CHURN})


@dataclass(frozen=True, slots=True)
class Ports:
    outlets: Outlets
    due: DueWork
    jobs: Jobs
    clock: Clock


def switch_outlet(shop: Shop, outlet: Outlet, segment: SegmentId, key: str, *, on: bool, by: str, ports: Ports) -> None:
    """Note what the merchant wants and have it done.

    Raises:
        DomainError: there is no such segment or audience, or it cannot be switched on yet.
    """
    if outlet is Outlet.AUDIENCE and key not in BY_KEY:
        raise DomainError("there is no such audience")
    if outlet in (Outlet.NATIVE, Outlet.FLOW) and not segment:
        raise DomainError("there is no such segment; it may have been deleted meanwhile")
    own = SegmentId(0) if outlet in OF_SHOP or outlet is Outlet.AUDIENCE else segment
    about = key if outlet is Outlet.AUDIENCE else ""
    if on and outlet in (Outlet.NATIVE, Outlet.AUDIENCE) and not is_on(shop, ports.outlets):
        raise DomainError("tell Shopify about your segments first; its segments find customers by what it was told")
    ports.outlets.switch(shop.id, outlet, own, about, on=on, by=by, at=ports.clock.now())
    ports.due.put(shop.id, jobs.TELL_DUE)
    ports.jobs.enqueue(jobs.TELL_SEGMENTS, shop.id)


def is_on(shop: Shop, outlets: Outlets) -> bool:
    """Whether the merchant has Shopify told about segments."""
    return any(one.outlet is Outlet.METAFIELDS and one.wanted for one in outlets.all(shop.id))
