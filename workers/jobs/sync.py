"""Jobs around the store's data: the first import, the nightly reconciliation, the lines of refunds, opt-outs."""

from __future__ import annotations

import logging
import uuid

from app import jobs
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.services import ask_opt_outs as asking
from app.services import fetch_refunds as fetching
from app.services import reconcile_store as reconciling
from app.services import sync_store as syncing
from app.services.training_claim import has_consent
from app.wiring.worker import current
from workers.jobs import identity

_log = logging.getLogger(__name__)


def sync_store(shop_id: int) -> None:
    """Import what is due, then show what came: segments, the Data page, and with consent a training.

    While another worker is at it, it stays due.
    """
    wiring = current()
    shop = _installed(shop_id)
    if shop is None:
        wiring.due_work.done(ShopId(shop_id), "sync")
        return
    if not wiring.due_work.waits(shop.id, "sync"):
        return  # It was done while this hint, given again, waited in the queue.
    try:
        _log.info("import of shop %d: %s", shop_id, syncing.sync_store(shop, wiring.syncing))
    except Busy as reason:
        _log.info("import of shop %d put off: %s", shop_id, reason)
        return
    # The night does all this again; until then the merchant's first pages would be empty.
    identity.renew_profiles(shop.id)  # Segments are of profiles, so these come first.
    wiring.jobs.enqueue(jobs.SEGMENT_CUSTOMERS, shop.id)
    wiring.jobs.enqueue(jobs.MEASURE_SOURCES, shop.id)
    _train(shop)
    fetching.ask_for_refunds(shop.id, wiring.due_work, wiring.jobs)
    asking.drop_objectors(shop, wiring.opt_out_asking)


def reconcile_store(shop_id: int) -> None:
    """Repair what webhooks lost, then segment and train, even if that failed: a receipt names the night's training."""
    wiring = current()
    shop = _installed(shop_id)
    if shop is None:
        return
    try:
        _log.info("reconciliation of shop %d: %s", shop_id, reconciling.reconcile_store(shop, wiring.syncing))
        fetching.ask_for_refunds(shop.id, wiring.due_work, wiring.jobs)
        asking.drop_objectors(shop, wiring.opt_out_asking)
    except Busy as reason:
        _log.info("reconciliation of shop %d put off: %s", shop_id, reason)
    finally:
        current().jobs.enqueue(jobs.SEGMENT_CUSTOMERS, shop.id)
        _train(shop)


def fetch_refunds(shop_id: int) -> None:
    """Complete refunds of which only the amount is known."""
    wiring = current()
    shop = _installed(shop_id)
    if shop is None:
        wiring.due_work.done(ShopId(shop_id), jobs.REFUNDS_DUE)
        return
    _log.info("%d refunds of shop %d completed", fetching.fetch_refunds(shop, wiring.refund_fetching), shop_id)


def ask_opt_outs(shop_id: int) -> None:
    """Ask about the customers whom webhooks were about: who has opted out is honoured now, not at night."""
    wiring = current()
    shop = _installed(shop_id)
    if shop is None:
        for note in wiring.due_work.waiting(ShopId(shop_id), jobs.OPT_OUTS_DUE):
            wiring.due_work.done(ShopId(shop_id), jobs.OPT_OUTS_DUE, note)
        return
    _log.info("%d customers of shop %d asked for", asking.ask_opt_outs(shop, wiring.opt_out_asking), shop_id)


def _installed(shop_id: int) -> Shop | None:
    """The shop if it has the app; it may have left since the hint was given."""
    shop = current().shops.by_id(ShopId(shop_id))
    return shop if shop is not None and shop.state is ShopState.INSTALLED else None


def _train(shop: Shop) -> None:
    """Ask for a training if the merchant has consented to it."""
    wiring = current()
    if has_consent(shop, wiring.consents):
        # Under an id of its own: a training that is running does not know what was just imported.
        wiring.due_work.put(shop.id, jobs.TRAINING_DUE, uuid.uuid4().hex)
        wiring.jobs.enqueue(jobs.TRAIN_MODELS, shop.id)
