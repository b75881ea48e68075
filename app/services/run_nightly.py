"""The night's work: every installed shop is reconciled and then trained anew, old data go, boxes change keys.

The reconciliation asks for the segments and the training at its end, because only exports tell who has opted out
meanwhile. Each is a job of its own; a hint that is lost is given again the next night.
"""

from __future__ import annotations

from app import jobs
from app.ports import Jobs, Shops


def run_nightly(shops: Shops, queue: Jobs) -> int:
    """Enqueue the jobs of all installed shops; returns how many shops there are."""
    installed = shops.installed()
    for shop in installed:
        queue.enqueue(jobs.RECONCILE_STORE, shop.id)
        queue.enqueue(jobs.RENEW_PREFERENCES, shop.id)
        queue.enqueue(jobs.MEASURE_SOURCES, shop.id)
        queue.enqueue(jobs.COUNT_MAILS, shop.id)
        queue.enqueue(jobs.RENEW_PROFILES, shop.id)
    queue.enqueue(jobs.APPLY_RETENTION)
    queue.enqueue(jobs.RESEAL)
    return len(installed)
