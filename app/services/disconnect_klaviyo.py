"""Leave a Klaviyo account: nothing is sent from the moment the merchant says so, and Klaviyo is told to forget us.

What was due stays due, so that a new connection goes on where this one stopped. A connection that Klaviyo has ended is
not left: everything of it stays in place until the merchant connects anew, or says so here.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from app import jobs
from app.core.ids import ShopId
from app.core.shops import Shop
from app.errors import KlaviyoRefused, Permanent, Retryable
from app.ports import Clock, DueWork, Jobs
from app.ports.engagement import EngagementHooks, Hook
from app.ports.klaviyo import KlaviyoConnections
from app.ports.klaviyo_link import KlaviyoAskings, KlaviyoGate, KlaviyoLinks, StoredSecret

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
    hooks: EngagementHooks
    gate: KlaviyoGate
    due: DueWork


def disconnect(shop: Shop, ports: Ports) -> None:
    """Stop at once, and have the tokens revoked."""
    ports.askings.drop(shop.id)
    ports.connections.broken(shop.id, LEAVING, at=ports.clock.now())
    ports.due.put(shop.id, jobs.KLAVIYO_LEAVE_DUE)
    ports.jobs.enqueue(jobs.LEAVE_KLAVIYO, shop.id)


def leave(shop: ShopId, ports: WorkPorts) -> bool:
    """Take our webhook away, revoke and forget; returns whether there was anything to leave.

    Feeds that Klaviyo knows stay there, because mails that are on their way look products up in them.

    Raises:
        Retryable: Klaviyo does not answer, or the tokens have just changed; the work stays due, and nothing is sent.
    """
    connection = ports.links.of(shop)
    # Whoever has connected anew since then stays connected.
    stored = None if connection is None or connection.works else ports.links.any_secret(shop)
    if stored is not None:
        stored = _unhooked(shop, stored, ports)
        with suppress(Permanent):  # Dead tokens can't be revoked, and need not be.
            ports.gate.revoke(stored.secret)
        dropped = ports.links.drop(shop, generation=stored.generation)
        if not dropped and (now := ports.links.of(shop)) is not None and not now.works:
            raise Retryable("a worker was still refreshing the tokens")
    ports.due.done(shop, jobs.KLAVIYO_LEAVE_DUE)
    return stored is not None


def _unhooked(shop: ShopId, stored: StoredSecret, ports: WorkPorts) -> StoredSecret:
    """The secret that is good after our webhook was taken away, as far as Klaviyo lets us."""
    hook = ports.hooks.of(shop)
    if hook is None:
        return stored
    try:
        ports.gate.unhook(stored.secret, hook.webhook)
    except KlaviyoRefused as refused:
        if refused.status == 401 and stored.secret.refresh:
            return _with_fresh(shop, stored, hook, ports)
    except Retryable:
        pass  # Revoking ends our access all the same, and what the webhook delivers is not taken any more.
    return stored


def _with_fresh(shop: ShopId, stored: StoredSecret, hook: Hook, ports: WorkPorts) -> StoredSecret:
    """The access token has run out: refresh the pair, which is kept at once, for the old one may be dead with it."""
    try:
        fresh = StoredSecret(ports.gate.refresh(stored.secret), stored.generation + 1, stored.account)
    except (Permanent, Retryable):
        return stored
    if not ports.links.rotate(shop, fresh.secret, generation=stored.generation):
        return stored
    with suppress(Permanent, Retryable):
        ports.gate.unhook(fresh.secret, hook.webhook)
    return fresh
