"""Record the merchant's decision on training: who, when, on which text (law 1).

A withdrawal has everything that was learnt deleted: that is noted in the same transaction, and done by a job, which may
have to wait for its turn. What shoppers see stops here and now.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from app import jobs
from app.core.shops import Shop
from app.errors import Retryable
from app.ports import Clock, ConsentRecord, Consents, Jobs, ListCache, Models, ModelSignals

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ports:
    consents: Consents
    jobs: Jobs
    clock: Clock
    models: Models
    signals: ModelSignals
    cache: ListCache


def record_consent(shop: Shop, *, granted: bool, by: str, text_version: str, ports: Ports) -> ConsentRecord:
    """Add the decision and have it acted upon; returns it.

    Args:
        by: the person, as they are known where they decided: a Shopify user id, or a name on the command line.
        text_version: which consent text they were shown.
    """
    decision = ConsentRecord(granted=granted, by=by, text_version=text_version, at=ports.clock.now())
    ports.consents.record(shop.id, decision)
    if granted:
        ports.jobs.enqueue(jobs.TRAIN_MODELS, shop.id)
    else:
        _stop_showing(shop, ports)
        ports.jobs.enqueue(jobs.FORGET_MODELS, shop.id)
    return decision


def _stop_showing(shop: Shop, ports: Ports) -> None:
    """Take the model from the web processes; the job does it again, so a Redis that is away only delays it."""
    ports.models.forget(shop.id)
    try:
        ports.signals.model_changed(shop.id)
        ports.cache.forget(shop.id)
    except Retryable as error:
        log.warning("what shop %d has withdrawn is shown until the job runs: %s", shop.id, error)
