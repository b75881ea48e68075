"""What the doctor says about the sources: what was measured last, or what is measured now where that is too old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from app.core.errors import Busy
from app.core.findings import Finding, warned
from app.core.shops import Shop
from app.core.sources.contracts import CONTRACTS
from app.services.data_quality import measure_sources
from app.wiring.worker import Worker

OLD = timedelta(hours=1)


def sources(wiring: Worker, shop: Shop) -> Iterator[Finding]:
    """A line for each thing that was looked at."""
    at, judged = wiring.source_quality.latest(shop.id)
    if at is None or abs(wiring.clock.now() - at) > OLD:
        try:
            judged = measure_sources(shop, wiring.measuring_sources)
        except Busy:
            yield warned("data quality", "it is being measured by somebody else", "ask again in a minute")
    for line in judged:
        title = CONTRACTS[line.source].title
        yield Finding(f"{title}: {line.check}", line.grade, line.detail, line.remedy)
