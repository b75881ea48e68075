"""The names of all jobs, as strings, so that the web process can enqueue work without importing what does it.

A job's arguments are JSON values, the shop's id first. RQ only carries the hint; what is due stands in PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PROCESS_WEBHOOK: Final = "workers.jobs.webhooks.process_webhook"
FINISH_INSTALL: Final = "workers.jobs.install.finish_install"
SYNC_STORE: Final = "workers.jobs.sync.sync_store"
RECONCILE_STORE: Final = "workers.jobs.sync.reconcile_store"
FETCH_REFUNDS: Final = "workers.jobs.sync.fetch_refunds"
TRAIN_MODELS: Final = "workers.jobs.train.train_models"
PUBLISH_LISTS: Final = "workers.jobs.publish.publish_lists"
FORGET_MODELS: Final = "workers.jobs.train.forget_models"
SWEEP: Final = "workers.jobs.sweep.sweep"
APPLY_RETENTION: Final = "workers.jobs.sweep.apply_retention"
REFRESH_TOKENS: Final = "workers.jobs.sweep.refresh_tokens"
RESEAL: Final = "workers.jobs.sweep.reseal"
EACH_NIGHT: Final = "workers.jobs.sweep.each_night"

QUEUE_DEFAULT: Final = "default"
"""Webhooks, syncs, publishing: short-lived workers of the pool."""
QUEUE_TRAINING: Final = "training"
"""Model training: spawned workers, apart from the rest because a training holds memory and threads."""


@dataclass(frozen=True, slots=True)
class Due:
    """How the sweeper enqueues one kind of due work: the job gets the shop's id, and the work's own if it has one."""

    job: str
    queue: str = QUEUE_DEFAULT
    takes_id: bool = False


PUT_OFF_S: Final = 3600.0
"""When due work that was refused (no usable token, a frozen shop) is tried again; opening the app brings it forward."""

DUE: Final = {
    "webhook": Due(PROCESS_WEBHOOK, takes_id=True),
    "install": Due(FINISH_INSTALL),
    "sync": Due(SYNC_STORE),
    "forget_models": Due(FORGET_MODELS),
    "publish_lists": Due(PUBLISH_LISTS),
}
"""The kinds of due work (`app.ports.DueWork`). The job itself calls ``done`` when nothing is left of it."""
