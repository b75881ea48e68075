"""What a merchant finds on the pages after the very first import, before any night has passed."""

from __future__ import annotations

from collections.abc import Callable

from app import jobs
from app.core.shops import Shop
from app.core.sources.contract import Source
from app.services.sync_store import request_sync
from app.wiring.worker import Worker


def test_an_import_ends_in_segments_and_in_figures_about_the_data(
    installed_shop: Shop, worker_wiring: Worker, work: Callable[[], None]
) -> None:
    request_sync(installed_shop, worker_wiring.syncing)
    worker_wiring.jobs.enqueue(jobs.SYNC_STORE, installed_shop.id)
    work()
    counted = worker_wiring.segments.last_days(installed_shop.id)
    assert sum(one.size for one in counted.values()) > 0
    at, judged = worker_wiring.source_quality.latest(installed_shop.id)
    assert at is not None
    newest = {one.source: one.figure for one in judged if one.check == "freshness"}
    assert newest[Source.SHOPIFY] != "–"
