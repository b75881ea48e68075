"""The jobs that watch new models: every few minutes where one is on trial, and once before the next is trained."""

from __future__ import annotations

import logging

from app import jobs
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.services import watch_models as watching
from app.services.note_news import note_version
from app.wiring.worker import Worker, current

_log = logging.getLogger(__name__)


def watch_models(shop_id: int) -> None:
    """Look at the shop's newest model, and have lists follow where that changed which one is in use."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is not None and shop.state is ShopState.INSTALLED:
        _look(shop, wiring, closing=False)


def watch_everywhere() -> None:
    """Ask for a look in every shop that has something to look at."""
    wiring = current()
    for shop in wiring.shops.installed():
        if watching.is_watched(shop, wiring.trials):
            wiring.jobs.enqueue(jobs.WATCH_MODELS, shop.id)


def close_trial(shop: Shop, wiring: Worker) -> None:
    """Decide on a canary before the next version is trained; what can't be read keeps no training from beginning."""
    try:
        _look(shop, wiring, closing=True)
    except Exception:
        _log.exception("the canary of shop %d could not be looked at", shop.id)


def _look(shop: Shop, wiring: Worker, *, closing: bool) -> None:
    if not watching.is_watched(shop, wiring.trials):
        return
    seen = watching.watch_models(shop, wiring.watching, closing=closing)
    if seen is None:
        return
    _log.info("model %s of shop %d: %s, %s", seen.version, shop.id, seen.ruling, seen.reason)
    used = wiring.models.current(shop.id) if seen.moved else None
    if used is not None:
        wiring.jobs.enqueue(jobs.PUBLISH_LISTS, shop.id)
        note_version(shop.id, used, wiring.due_work, wiring.jobs)
