"""Bring the figures by day up to the lake: every day with new events is counted anew, whole.

Counting anew makes everything harmless that streams do: a batch delivered twice, events out of order, an event of
yesterday that arrives today. A day that changes while it is counted stays due.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.core.errors import Busy
from app.core.shop_days import bounds, shop_days, zone_of
from app.core.shops import Shop
from app.ports import Claims, Clock, EventCounts, LakeUpkeep, RollUps
from app.services.checkpoints import Checkpoint, carry_on

CLAIM: Final = "roll_up"
CLAIM_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Ports:
    roll_ups: RollUps
    counts: EventCounts
    upkeep: LakeUpkeep
    claims: Claims
    clock: Clock


def roll_up_events(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on) -> int:
    """Count what has changed; returns how many of the shop's days were counted.

    Raises:
        Busy: another worker is at it; the work stays due.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as mine:
        if not mine:
            raise Busy(f"the figures of {shop.domain} are being counted")
        changed = ports.roll_ups.changed_days(shop.id)
        name = ports.roll_ups.timezone(shop.id)
        zone = zone_of(name)
        oldest = ports.roll_ups.oldest(shop.id, now=ports.clock.now())
        for each in changed:
            ports.upkeep.merge_parts(shop.id, each.day)
        checkpoint("merged")
        days = sorted({day for each in changed for day in shop_days(each.day, zone)})
        for day in days:
            since, until = bounds(day, zone)
            if since >= oldest:
                ports.roll_ups.replace(shop.id, day, name, ports.counts.count(shop.id, since, until))
                checkpoint("counted")
        ports.roll_ups.settle(shop.id, changed)
        return len(days)
