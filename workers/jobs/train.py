"""Jobs of the trainer: train a shop's models, and forget them after its owner has withdrawn consent."""

from __future__ import annotations

import logging

from app import jobs
from app.core.errors import Busy, NoConsent
from app.core.ids import ShopId
from app.core.shops import ShopState
from app.errors import Permanent
from app.services import forget_models as forgetting
from app.services import train_models as training
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def train_models(shop_id: int) -> None:
    """Train, examine, publish, and ask for the lists. Without consent nothing is trained, and that is no failure."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED:
        return
    try:
        trained = training.train_models(shop, wiring.training)
    except (NoConsent, Busy) as reason:
        _log.info("training of shop %d skipped: %s", shop_id, reason)
        return
    if trained.version is not None:
        wiring.jobs.enqueue(jobs.PUBLISH_LISTS, shop_id)


def forget_models(shop_id: int) -> None:
    """Forget what was learnt; while a training holds the models the work stays due, and the sweeper comes back."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None:
        return
    try:
        forgetting.forget_models(shop, wiring.forgetting)
    except Busy as reason:
        _log.info("forgetting of shop %d put off: %s", shop_id, reason)
    except Permanent:
        wiring.due_work.put_off(shop.id, forgetting.DUE, after_s=jobs.PUT_OFF_S)
        raise
