"""Jobs of the trainer: train a shop's models, and forget them after its owner has withdrawn consent."""

from __future__ import annotations

import logging
from typing import Final

from app import jobs
from app.core.errors import Busy, NoConsent
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.errors import Permanent, Retryable
from app.services import ask_for_training as asking
from app.services import forget_models as forgetting
from app.services import hold_out as holding_out
from app.services import train_models as training
from app.services.note_news import note_version
from app.wiring.worker import Worker, current
from workers.jobs import push
from workers.jobs.watch import close_trial

_log = logging.getLogger(__name__)

AGAIN_S: Final = 300.0
"""How long after its start a training that has not ended is tried again. One that still runs keeps the others out."""


def train_models(shop_id: int) -> None:
    """Train, examine, publish, and ask for the lists, if a training is due. Without consent none is, and that is no
    failure. What was due at the start is done at the end: a killed training is followed by another within minutes."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED:
        return
    asked = wiring.due_work.waiting(shop.id, asking.DUE)
    if not asked:
        return  # It was done while this hint, given again, waited in the queue.
    wiring.due_work.put_off(shop.id, asking.DUE, after_s=AGAIN_S)
    try:
        close_trial(shop, wiring)
        trained = training.train_models(shop, wiring.training)
    except (Busy, Retryable) as reason:
        _log.info("training of shop %d put off: %s", shop_id, reason)
        return
    except NoConsent as reason:
        _log.info("training of shop %d skipped: %s", shop_id, reason)
        trained = None
    except Exception:
        # What went wrong may do so again, so the next try waits; the job fails, and the log has the reason.
        wiring.due_work.put_off(shop.id, asking.DUE, after_s=jobs.PUT_OFF_S)
        raise
    for id in asked:
        wiring.due_work.done(shop.id, asking.DUE, id)
    if trained is not None and trained.version is not None:
        wiring.jobs.enqueue(jobs.PUBLISH_LISTS, shop_id)
        note_version(shop.id, trained.version, wiring.due_work, wiring.jobs)
        _hold_out(shop, wiring)
        push.after_count(shop)


def _hold_out(shop: Shop, wiring: Worker) -> None:
    """From the first model on there is somebody to compare with. What comes between waits for the next training."""
    try:
        holding_out.ensure_hold_out(shop, share=wiring.settings.hold_out_share, ports=wiring.holding_out)
    except (Busy, Retryable) as reason:
        _log.info("the hold-out of shop %d waits for the next training: %s", shop.id, reason)


def forget_models(shop_id: int) -> None:
    """Forget what was learnt; while a training holds the models the work stays due, and the sweeper comes back."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None:
        return
    try:
        forgetting.forget_models(shop, wiring.forgetting)
        # What was told about customers goes with the consent as well.
        wiring.due_work.put(shop.id, jobs.TELL_DUE)
        wiring.jobs.enqueue(jobs.TELL_SEGMENTS, shop.id)
        push.after_count(shop)  # Profiles in Klaviyo get what is popular instead.
    except Busy as reason:
        _log.info("forgetting of shop %d put off: %s", shop_id, reason)
    except Permanent:
        wiring.due_work.put_off(shop.id, forgetting.DUE, after_s=jobs.PUT_OFF_S)
        raise
