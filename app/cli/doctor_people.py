"""What the doctor says about people: when segments were counted last, and erasures that have not come to their end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.adapters.db.diagnosis import ShopPeople
from app.core.findings import Finding, failed, passed, warned
from app.core.shops import Shop
from app.wiring.worker import Worker

COUNTED_OLD = timedelta(hours=36)
"""Counting is nightly; a night and a half means that one was left out."""
ERASURE_LATE = timedelta(days=1)
"""An erasure takes seconds, and one that meets trouble is tried again within half an hour."""
RUN = "check that workers and the clock run, and look at the log of segment_customers"


def people(wiring: Worker, shop: Shop) -> Iterator[Finding]:
    """A line for the segments, and one for erasures."""
    found, now = wiring.diagnosis.people(shop.id), wiring.clock.now()
    yield _segments(found, shop, now)
    yield _erasures(found, shop, now)


def _segments(found: ShopPeople, shop: Shop, now: datetime) -> Finding:
    remedy = f"{RUN}; `attune segments {shop.domain}` counts them now"
    if found.counted_at is None:
        if found.customers:
            return failed("segments", f"never counted, though there are {found.customers:,} customers", remedy)
        return passed("segments", "nobody to count yet")
    detail = (
        f"{found.segments:,} segments of {found.counted_people:,} people, "
        f"counted on {found.counted_at:%Y-%m-%d at %H:%M} UTC"
    )
    return warned("segments", detail, remedy) if now - found.counted_at > COUNTED_OLD else passed("segments", detail)


def _erasures(found: ShopPeople, shop: Shop, now: datetime) -> Finding:
    if not found.open_erasures or found.oldest_erasure is None:
        return passed("erasures", "all finished")
    open_ones = f"{found.open_erasures:,} not finished, the oldest of {found.oldest_erasure:%Y-%m-%d %H:%M} UTC"
    if now - found.oldest_erasure <= ERASURE_LATE:
        return passed("erasures", f"{open_ones}; under way")
    return failed(
        "erasures",
        open_ones,
        "the privacy page names the places that are not empty; see that workers and the clock run, and that the lake "
        "and Redis can be written. It is tried again by itself; "
        f"a customer's also by `attune erase {shop.domain} --customer ID`",
    )
