"""The lake's night: links that attribution and erasure need are kept, old events go, scattered files become few."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.shop_days import utc_day
from app.core.shops import Shop
from app.ports import Clock, LakeUpkeep, RollUps
from app.services.checkpoints import Checkpoint, carry_on


@dataclass(frozen=True, slots=True)
class Ports:
    upkeep: LakeUpkeep
    roll_ups: RollUps
    clock: Clock


def compact_lake(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on) -> dict[str, int]:
    """Do it all once; returns how many links were noted, records forgotten, files merged, days marked to be recounted.

    Killed at any moment it has lost nothing, and the next night goes on.
    """
    now = ports.clock.now()
    done = {
        "linked": ports.roll_ups.link_orders(shop.id),
        "moved": ports.roll_ups.mark_moved(shop.id),
        "forgotten": ports.upkeep.forget_before(shop.id, ports.roll_ups.oldest(shop.id, now=now)),
    }
    checkpoint("forgotten")
    return {**done, "merged": ports.upkeep.tidy(shop.id, today=utc_day(now), checkpoint=checkpoint)}
