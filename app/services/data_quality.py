"""Measure every source and judge it: for the Data page, and for the doctor. Each night, and after an import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.core.errors import Busy
from app.core.shops import Shop
from app.core.sources.quality import WEEKS, Judged, judge
from app.ports import Claims, Clock
from app.ports.sources import FirstEvents, SourceMeasures, SourceQuality

CLAIM: Final = "measure sources"
CLAIM_S: Final = 45.0
LOOK_BACK: Final = timedelta(weeks=WEEKS, days=2)
UPLOADS_FOR: Final = timedelta(days=7)
"""How long a file waits for a worker before it is given up: it is about people, and nobody misses it any more."""


@dataclass(frozen=True, slots=True)
class Ports:
    measures: Sequence[SourceMeasures]
    events: FirstEvents
    quality: SourceQuality
    claims: Claims
    clock: Clock


def measure_sources(shop: Shop, ports: Ports) -> Sequence[Judged]:
    """Measure and judge all sources of the shop, and keep what came of it.

    Raises:
        Busy: another worker is at it.
    """
    with ports.claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"the data of {shop.domain} are being measured already")
        now = ports.clock.now()
        since = (now - LOOK_BACK).date()
        measured = [one for each in ports.measures for one in each.measure(shop.id, now=now, since=since)]
        judged = [line for one in measured for line in judge(one, now)]
        ports.quality.put(shop.id, measured, judged, at=now)
        ports.quality.drop_uploads(shop.id, before=now - UPLOADS_FOR)
        if ports.quality.first_own(shop.id) is None and (first := ports.events.first_event(shop.id)):
            ports.quality.note_first_own(shop.id, first)
        return judged
