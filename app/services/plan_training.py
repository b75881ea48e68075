"""Have a shop trained more often than nightly before and in its own peak seasons, and its news stand beside its model.

The seasons are found in the shop's own orders (`core.recommend.season`), which takes a year of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Final

from app import jobs
from app.core.recommend.season import Season, season_of
from app.core.shops import Shop
from app.ports import Clock, Consents, DueWork, ExperimentRegister, FreshStore, Jobs, Models, NewsOfShop
from app.services.learn_news import versions_that_serve
from app.services.note_news import note_version
from app.services.training_claim import has_consent

LOOKED_AT: Final = timedelta(days=2 * 365)
"""Last year's season, and the half years before and after it that it stands out from."""
PAUSE: Final = timedelta(hours=6)
"""Between two trainings of a shop in season."""
BUSY: Final = frozenset({Season.BEFORE, Season.PEAK})


@dataclass(frozen=True, slots=True)
class Ports:
    consents: Consents
    models: Models
    experiments: ExperimentRegister
    news: NewsOfShop
    fresh: FreshStore
    due: DueWork
    jobs: Jobs
    clock: Clock


def plan_training(shop: Shop, ports: Ports) -> bool:
    """Look at one shop, hourly; returns whether a training was asked for. Without a model or consent nothing is."""
    used = ports.models.in_use(shop.id)
    if used is None or not has_consent(shop, ports.consents):
        return False
    for version in versions_that_serve(shop.id, ports.models, ports.experiments):
        if ports.fresh.get(shop.id, version) is None:
            # It serves by another way than a training: a roll-back, or an experiment.
            note_version(shop.id, version, ports.due, ports.jobs)
    now = ports.clock.now()
    # The newest may be a canary, or one that was taken back: the model in use says nothing of when was trained last.
    newest = max([used, *ports.models.history(shop.id, limit=1)], key=lambda one: one.trained_at)
    if now - newest.trained_at < PAUSE or ports.due.waits(shop.id, jobs.TRAINING_DUE):
        return False
    today = int(now.astimezone(UTC).timestamp() // 86400)
    if season_of(ports.news.order_days(shop.id, since=now - LOOKED_AT), today) not in BUSY:
        return False
    ports.due.put(shop.id, jobs.TRAINING_DUE)
    ports.jobs.enqueue(jobs.TRAIN_MODELS, shop.id)
    return True
