"""Record the merchant's decision on training: who, when, on which text (law 1).

A withdrawal has everything that was learnt deleted: that is noted in the same transaction, and done by a job.
"""

from __future__ import annotations

from dataclasses import dataclass

from app import jobs
from app.core.shops import Shop
from app.ports import Clock, ConsentRecord, Consents, Jobs


@dataclass(frozen=True, slots=True)
class Ports:
    consents: Consents
    jobs: Jobs
    clock: Clock


def record_consent(shop: Shop, *, granted: bool, by: str, text_version: str, ports: Ports) -> ConsentRecord:
    """Add the decision and have it acted upon; returns it.

    Args:
        by: the person, as they are known where they decided: a Shopify user id, or a name on the command line.
        text_version: which consent text they were shown.
    """
    decision = ConsentRecord(granted=granted, by=by, text_version=text_version, at=ports.clock.now())
    ports.consents.record(shop.id, decision)
    if granted:
        ports.jobs.enqueue(jobs.TRAIN_MODELS, shop.id, queue=jobs.QUEUE_TRAINING)
    else:
        ports.jobs.enqueue(jobs.FORGET_MODELS, shop.id)
    return decision
