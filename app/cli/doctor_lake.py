"""What the doctor looks at in the event lake: whether it can be written, how full its disk is, how old its news are."""

from __future__ import annotations

from collections.abc import Iterator

from app.adapters.db.diagnosis import ShopHealth
from app.core.findings import Finding, failed, passed, warned
from app.core.shops import Shop
from app.wiring.worker import Worker

LITTLE_SPACE = 0.10
NO_SPACE = 0.02
BEHIND_S = 600.0
"""Counting is due after seconds and hinted at every half minute; so late, workers or clock don't run."""


def lake(wiring: Worker) -> Iterator[Finding]:
    """The lake itself: written to once, and its disk."""
    files, url = wiring.lake_files, wiring.settings.lake_url
    probe = f"{files.root}/.doctor"
    files.write_bytes(probe, b"")
    files.delete(probe)
    free = files.free_share()
    if free is None or free > LITTLE_SPACE:
        space = "" if free is None else f", {free:.0%} of its disk is free"
        yield passed("lake", f"{url} can be written{space}")
    elif free > NO_SPACE:
        yield warned("lake", f"{free:.0%} of the disk of {url} is free", "make room, or shorten the retention setting")
    else:
        remedy = "make room now: events wait in Redis until files can be written again"
        yield failed("lake", f"only {free:.1%} of the disk of {url} is free", remedy)


def events(wiring: Worker, shop: Shop, health: ShopHealth) -> Iterator[Finding]:
    """One shop's part: the newest event, what is not counted yet, what could not be read."""
    damaged = wiring.lake_files.damaged(shop.id)
    if damaged:
        detail = f"{len(damaged)} damaged files were set aside, the first {damaged[0].path}"
        yield warned("lake files", detail, "restore them from a back-up under their old names, or delete them")
    if health.behind_s is not None and health.behind_s > BEHIND_S:
        detail = f"days not counted yet: {health.days_behind}, for {health.behind_s / 60:.0f} minutes"
        yield warned("figures", detail, "check that worker and clock run")
    else:
        yield passed("figures", f"counted in time, days with news: {health.days_behind}")
    newest = wiring.lake_upkeep.newest(shop.id)
    if newest is None:
        yield passed("events", "none yet")
    else:
        hours = (wiring.clock.now() - newest).total_seconds() / 3600
        yield passed("events", f"the newest is {max(hours, 0):.1f} hours old")
