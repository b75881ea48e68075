"""The lake's upkeep and storing as the kill tests run them: to the end, or until SIGKILL at a checkpoint."""

from __future__ import annotations

import os
import signal
from datetime import date

from app.core.ids import ShopDomain
from app.services.roll_up_events import roll_up_events
from app.wiring.worker import current
from tests.lake.conftest import event

TODAY = date(2026, 6, 1)


def tidy(kill_at: str, times: int) -> None:
    """Merge, until `kill_at` is reached for the given time."""
    reached_at: list[str] = []

    def checkpoint(reached: str) -> None:
        reached_at.append(reached)
        if reached_at.count(kill_at) == times:
            os.kill(os.getpid(), signal.SIGKILL)

    wiring = current()
    shop = wiring.shops.by_domain(ShopDomain("alice.myshopify.com"))
    assert shop is not None
    wiring.lake_upkeep.tidy(shop.id, today=TODAY, checkpoint=checkpoint)


def roll_up(kill_at: str) -> None:
    """Count, until `kill_at` is reached."""

    def checkpoint(reached: str) -> None:
        if reached == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    wiring = current()
    shop = wiring.shops.by_domain(ShopDomain("alice.myshopify.com"))
    assert shop is not None
    roll_up_events(shop, wiring.rolling_up, checkpoint=checkpoint)


def store_half() -> None:
    """Write the files of a batch, and die before anything of it is committed."""
    wiring = current()
    shop = wiring.shops.by_domain(ShopDomain("alice.myshopify.com"))
    assert shop is not None
    with wiring.lake.turn(shop.id) as turn:
        turn.append([event("e-1"), event("e-2")], [])
        os.kill(os.getpid(), signal.SIGKILL)
