"""The nightly segmentation: everybody's measures are counted once, every segment's members compared with last night's.

All segments of a shop are brought to the same moment in one transaction. Killed at any moment, it has changed nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.core.errors import Busy
from app.core.segments.builtin import BUILTIN
from app.core.segments.rules import Measure, measures
from app.core.segments.words import sentence
from app.core.shop_days import bounds, zone_of
from app.core.shops import Shop
from app.ports import Claims, Clock, RollUps
from app.ports.segments import (
    Counted,
    Done,
    MembershipWriter,
    Moments,
    Segment,
    SegmentCatalogue,
    Segmenter,
    SegmentId,
    SegmentRegister,
)
from app.services.checkpoints import Checkpoint, carry_on
from app.services.save_segment import wording_of

CLAIM: Final = "segments"
CLAIM_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Ports:
    register: SegmentRegister
    catalogue: SegmentCatalogue
    segmenter: Segmenter
    memberships: MembershipWriter
    roll_ups: RollUps
    claims: Claims
    clock: Clock


def segment_customers(shop: Shop, ports: Ports, *, checkpoint: Checkpoint = carry_on) -> Done:
    """Count all segments of the shop and keep who came and went.

    Raises:
        Busy: another worker is at it.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"the customers of {shop.domain} are being segmented already")
        put_builtin(shop, ports)
        segments = ports.register.all(shop.id)
        moments, day = moments_of(shop, ports.roll_ups, ports.clock.now())
        with ports.segmenter.counted(shop.id, wanted(segments), moments) as counted:
            checkpoint("counted")
            found = ports.memberships.replace(
                shop.id, _members(segments, counted), at=moments.now, day=day.date(), scale=counted.scale
            )
        checkpoint("written")
        return found


def put_builtin(shop: Shop, ports: Ports) -> None:
    """Have the built-in segments there, in the words of this release."""
    wording = wording_of(shop, ports.catalogue)
    ports.register.put_builtin(shop.id, BUILTIN, {one.key: sentence(one.rule, wording) for one in BUILTIN})


def moments_of(shop: Shop, roll_ups: RollUps, now: datetime) -> tuple[Moments, datetime]:
    """The moments of a count that runs now, and now in the shop's own time zone."""
    zone = zone_of(roll_ups.timezone(shop.id))
    local = now.astimezone(zone)
    today, _ = bounds(local.date(), zone)
    return Moments(now, today, roll_ups.oldest(shop.id, now=now)), local


def wanted(segments: Sequence[Segment]) -> tuple[Measure, ...]:
    """The measures of all rules, each once."""
    return tuple(dict.fromkeys(measure for segment in segments for measure in measures(segment.rule)))


def _members(segments: Sequence[Segment], counted: Counted) -> Iterator[tuple[SegmentId, Iterator[Any]]]:
    for segment in segments:
        yield segment.id, counted.members(segment.rule)
