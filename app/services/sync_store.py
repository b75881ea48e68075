"""Import a store: its catalogue, stock, collections, customers and orders, each by a bulk export of its own.

What is to be done stands in the register of runs, so a worker that is killed between any two steps is continued by the
next one: a run that was requested is exported, one whose export runs is waited for, one whose import was broken off is
imported again, and one that is done is left alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app import jobs
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import Shop
from app.core.syncs import RECORDS, Reason
from app.errors import Permanent
from app.ports import AdminApis, CatalogSignals, Claims, Clock, DueWork, Installations, StoreImporter, SyncRuns
from app.services.checkpoints import Checkpoint, carry_on
from app.services.run_exports import Exports

CLAIM: Final = "sync"
CLAIM_S: Final = 45.0
"""The claim is renewed while the worker lives, so this is how long a killed one blocks the next."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What importing needs from the outside."""

    apis: AdminApis
    runs: SyncRuns
    importer: StoreImporter
    installations: Installations
    signals: CatalogSignals
    claims: Claims
    due: DueWork
    clock: Clock


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import brought, over all its files."""

    lines: int = 0
    problems: int = 0
    repaired: int = 0
    failed: tuple[str, ...] = ()
    """The resources that could not be imported; the register says why."""


def request_sync(shop: Shop, ports: Ports, *, reason: Reason = Reason.COMMAND) -> None:
    """Note that everything is to be imported, now. `sync_store` does it."""
    ports.due.put(shop.id, "sync")
    ports.runs.request(shop.id, RECORDS, reason, at=ports.clock.now())


def sync_store(
    shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on, wait: Callable[[float], None] = time.sleep
) -> Outcome:
    """Do what the register says is unfinished; if nothing is, and the shop was never imported whole, import it.

    Raises:
        Busy: another worker is at it.
        Permanent: there is no usable token.
        Retryable: Shopify can't be reached, or runs as many exports as it allows; what is done stays done.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"{shop.domain} is being imported already")
        if not ports.runs.unfinished(shop.id) and not _is_complete(shop.id, ports):
            ports.runs.request(shop.id, RECORDS, Reason.BACKFILL, at=ports.clock.now())
            checkpoint("requested")
        outcome = work_off(shop, ports, checkpoint=checkpoint, wait=wait)
        ports.due.done(shop.id, "sync")
        checkpoint("finished")
        return outcome


def work_off(shop: Shop, ports: Ports, *, checkpoint: Checkpoint, wait: Callable[[float], None]) -> Outcome:
    """Bring every unfinished run of the shop to its end. The caller holds the claim."""
    try:
        return _work_off(shop, ports, checkpoint, wait)
    except Permanent:
        ports.due.put_off(shop.id, "sync", after_s=jobs.PUT_OFF_S)
        raise


def _work_off(shop: Shop, ports: Ports, checkpoint: Checkpoint, wait: Callable[[float], None]) -> Outcome:
    outcome = Outcome()
    if ports.runs.unfinished(shop.id):
        exports = Exports(
            shop.id, ports.apis.of(shop), ports.runs, ports.importer, ports.clock, checkpoint=checkpoint, wait=wait
        )
        while ports.runs.unfinished(shop.id):
            resource, imported = exports.next()
            if imported is None:
                outcome = _sum(outcome, failed=(resource,))
                continue
            outcome = _sum(outcome, imported.lines, imported.problems, imported.repaired)
            ports.signals.reloaded(shop.id)
    # A worker that was killed between the last commit and its signal is made up for here.
    ports.signals.reloaded(shop.id)
    return outcome


def _is_complete(shop: ShopId, ports: Ports) -> bool:
    """Whether everything has been imported since the present installation."""
    profile = ports.installations.profile(shop)
    installed_at = profile.installed_at if profile else None
    return ports.runs.done_since(shop, installed_at) >= set(RECORDS)


def _sum(
    so_far: Outcome, lines: int = 0, problems: int = 0, repaired: int = 0, failed: tuple[str, ...] = ()
) -> Outcome:
    return Outcome(so_far.lines + lines, so_far.problems + problems, so_far.repaired + repaired, so_far.failed + failed)
