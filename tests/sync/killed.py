"""Run an import or a reconciliation and end it with SIGKILL: ``python -m tests.sync.killed NAME CHECKPOINT TIME``."""

from __future__ import annotations

import os
import signal
import sys

from app.services.reconcile_store import reconcile_store
from app.services.sync_store import sync_store
from app.wiring.worker import current
from tests.sync.store import SHOP_DOMAIN

SERVICES = {"sync": sync_store, "reconcile": reconcile_store}


def main(name: str, kill_at: str, times: int) -> None:
    """Run the service; when the checkpoint is reached for the given time the process ends as if by kill -9."""
    reached_at: list[str] = []

    def checkpoint(reached: str) -> None:
        reached_at.append(reached)
        if reached_at.count(kill_at) == times:
            os.kill(os.getpid(), signal.SIGKILL)

    wiring = current()
    shop = wiring.shops.by_domain(SHOP_DOMAIN)
    assert shop is not None
    SERVICES[name](shop, wiring.syncing, checkpoint=checkpoint)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
