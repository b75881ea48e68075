"""The names of all jobs, as strings, so that the web process can enqueue work without importing what does it.

A job's arguments are JSON values, the shop's id first. RQ only carries the hint; what is due stands in PostgreSQL.
"""

from __future__ import annotations

from typing import Final

PROCESS_WEBHOOK: Final = "workers.jobs.webhooks.process_webhook"
SYNC_STORE: Final = "workers.jobs.sync.sync_store"
RECONCILE_STORE: Final = "workers.jobs.sync.reconcile_store"
TRAIN_MODELS: Final = "workers.jobs.train.train_models"
PUBLISH_LISTS: Final = "workers.jobs.publish.publish_lists"
FORGET_MODELS: Final = "workers.jobs.train.forget_models"
SWEEP: Final = "workers.jobs.sweep.sweep"
APPLY_RETENTION: Final = "workers.jobs.sweep.apply_retention"
REFRESH_TOKENS: Final = "workers.jobs.sweep.refresh_tokens"

QUEUE_DEFAULT: Final = "default"
"""Webhooks, syncs, publishing: short-lived workers of the pool."""
QUEUE_TRAINING: Final = "training"
"""Model training: spawned workers, apart from the rest because a training holds memory and threads."""
