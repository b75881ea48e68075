"""The sweeper: hint again at everything that is due, because a queue may forget and workers may be killed."""

from __future__ import annotations

from app import jobs
from app.ports import DueWork, Jobs

BATCH = 500
AGAIN_S = 60.0
"""How soon the same work is hinted at again; jobs that find it taken or not yet due end at once."""


def sweep_due_work(due: DueWork, queue: Jobs) -> int:
    """Enqueue the jobs of all due work; returns how many hints were given.

    A queue that is long already gets none: it has not forgotten, it is behind, and hints would keep it so.
    """
    given: set[tuple[int | str, ...]] = set()
    behind = {name for name in jobs.QUEUES if queue.waiting(name) >= BATCH}
    while items := due.take_due(limit=BATCH, again_s=AGAIN_S):
        for item in items:
            kind = jobs.DUE.get(item.kind)
            if kind is None or jobs.queue_of(kind.job) in behind:
                continue
            arguments: tuple[int | str, ...] = (item.shop, item.id) if kind.takes_id else (item.shop,)
            # A job that takes no id does all of the shop's work of its kind.
            if (kind.job, *arguments) not in given:
                queue.enqueue(kind.job, *arguments)
                given.add((kind.job, *arguments))
        if len(items) < BATCH:
            break
    return len(given)
