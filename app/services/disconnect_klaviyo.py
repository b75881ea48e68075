"""Leave a Klaviyo account: nothing is sent from the moment the merchant says so, and Klaviyo is told to forget us.

What was due stays due, so that a new connection goes on where this one stopped.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from app import jobs
from app.core.ids import ShopId
from app.core.shops import Shop
from app.errors import Permanent
from app.ports import Clock, DueWork, Jobs
from app.ports.klaviyo import KlaviyoConnections
from app.ports.klaviyo_link import KlaviyoAskings, KlaviyoGate, KlaviyoLinks

LEAVING: Final = "It is being disconnected."


@dataclass(frozen=True, slots=True)
class Ports:
    """What the web process needs."""

    connections: KlaviyoConnections
    askings: KlaviyoAskings
    due: DueWork
    jobs: Jobs
    clock: Clock


@dataclass(frozen=True, slots=True)
class WorkPorts:
    links: KlaviyoLinks
    gate: KlaviyoGate
    due: DueWork


def disconnect(shop: Shop, ports: Ports) -> None:
    """Stop at once, and have the tokens revoked."""
    ports.askings.drop(shop.id)
    ports.connections.broken(shop.id, LEAVING, at=ports.clock.now())
    ports.due.put(shop.id, jobs.KLAVIYO_LEAVE_DUE)
    ports.jobs.enqueue(jobs.LEAVE_KLAVIYO, shop.id)


def leave(shop: ShopId, ports: WorkPorts) -> bool:
    """Revoke and forget; returns whether there was anything to leave.

    Raises:
        Retryable: Klaviyo does not answer; the work stays due, and nothing is sent meanwhile.
    """
    stored = ports.links.any_secret(shop)
    if stored is not None:
        with suppress(Permanent):  # Dead tokens can't be revoked, and need not be.
            ports.gate.revoke(stored.secret)
    ports.links.drop(shop)
    ports.due.done(shop, jobs.KLAVIYO_LEAVE_DUE)
    return stored is not None
