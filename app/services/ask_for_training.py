"""Ask for a training as soon as a shop's views suffice for the first time, instead of waiting for the night.

Asked after views were rolled up. A model in use that sat the exam of "Also viewed" with enough questions, whatever came
of it, is the end of this: from then on the nights suffice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app import jobs
from app.core.recommend.evaluate import LEAST_QUESTIONS
from app.core.recommend.sessions import suffice
from app.core.recommend.types import Rail
from app.core.shops import Shop
from app.ports import Clock, Consents, DueWork, Jobs, Models, ViewHistory
from app.services.gather_material import sessions_seen
from app.services.training_claim import has_consent

DUE: Final = jobs.TRAINING_DUE


@dataclass(frozen=True, slots=True)
class Ports:
    consents: Consents
    models: Models
    views: ViewHistory
    due: DueWork
    jobs: Jobs
    clock: Clock


def views_suffice(shop: Shop, ports: Ports) -> bool:
    """Whether there are enough sessions for the exam of views, which the shop's model has not sat yet.

    False without consent, and without a model: the first training follows the import by itself.
    """
    used = ports.models.in_use(shop.id)
    if used is None or not has_consent(shop, ports.consents):
        return False
    sat = used.metrics.get("rails", {}).get(Rail.ALSO_VIEWED.value, {}).get("questions", 0)
    return sat < LEAST_QUESTIONS and suffice(sessions_seen(shop, ports.views, now=ports.clock.now()), LEAST_QUESTIONS)


def ask_for_training(shop: Shop, ports: Ports) -> bool:
    """Have the shop trained if its views suffice now; returns whether it was asked for.

    A training that is due already is left alone: one that failed waits for its next turn.
    """
    if ports.due.waits(shop.id, DUE) or not views_suffice(shop, ports):
        return False
    ports.due.put(shop.id, DUE)
    ports.jobs.enqueue(jobs.TRAIN_MODELS, shop.id)
    return True
