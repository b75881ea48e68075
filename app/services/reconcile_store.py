"""Repair, every night, what webhooks lost: import what changed since last time, and compare ids to find the rest.

Changes are asked for by `updated_at`, with an overlap, because Shopify's index of dates lags a little. What was deleted
no longer changes, so ids are exported too and compared with ours. Both are runs of the register, so a worker that is
killed is continued, and `sync_runs.repaired` tells how much webhooks had missed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import Shop
from app.core.syncs import COUNTERPART, RECORDS, Reason, Resource, changed_since
from app.services.checkpoints import Checkpoint, carry_on
from app.services.sync_store import CLAIM, CLAIM_S, Outcome, Ports, work_off

OVERLAP: Final = timedelta(minutes=10)


def reconcile_store(
    shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on, wait: Callable[[float], None] = time.sleep
) -> Outcome:
    """Bring the shop's data to what the store holds now.

    Raises:
        Busy: the shop is being imported.
        Permanent: there is no usable token.
        Retryable: Shopify can't be reached; what is done stays done, the rest is due.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"{shop.domain} is being imported already")
        before = work_off(shop, ports, checkpoint=checkpoint, wait=wait)
        # From here on the runs are due like those of an import: whoever takes them up finishes them.
        ports.due.put(shop.id, "sync")
        _request(shop.id, ports)
        checkpoint("requested")
        outcome = work_off(shop, ports, checkpoint=checkpoint, wait=wait)
        ports.due.done(shop.id, "sync")
        return Outcome(
            before.lines + outcome.lines,
            before.problems + outcome.problems,
            before.repaired + outcome.repaired,
            before.failed + outcome.failed,
        )


def _request(shop: ShopId, ports: Ports) -> None:
    now = ports.clock.now()
    for resource in RECORDS:
        seen = ports.runs.last_done(shop, resource)
        # A collection's date does not tell that a product joined it, so collections always come whole.
        whole = seen is None or resource is Resource.COLLECTIONS
        search = "" if whole or seen is None else changed_since(seen - OVERLAP)
        ports.runs.request(shop, [resource], Reason.RECONCILE, at=now, search=search)
    ports.runs.request(shop, list(COUNTERPART), Reason.RECONCILE, at=now)
