"""Jobs that push profiles to Klaviyo: after the night's counts, and as soon as something pushed cannot be bought."""

from __future__ import annotations

import logging
from collections.abc import Callable

from app import jobs
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.errors import KlaviyoDisconnected, Permanent, Retryable
from app.services import push_profiles as pushing
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def push_profiles(shop_id: int) -> None:
    """Push what changed; without a connection it stays due, and is tried again in an hour."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED:
        wiring.due_work.done(ShopId(shop_id), jobs.PUSH_DUE)
        return
    if _carried_out(shop, lambda: pushing.push_profiles(shop, wiring.pushing)):
        wiring.due_work.done(shop.id, jobs.PUSH_DUE)


def unpush(shop_id: int) -> None:
    """Take away what stands in the profiles of those who were erased; without a connection it waits."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED:
        for id in wiring.due_work.waiting(ShopId(shop_id), jobs.UNPUSH_DUE):
            wiring.due_work.done(ShopId(shop_id), jobs.UNPUSH_DUE, id)
        return
    try:
        _log.info("%d profiles of shop %d emptied", pushing.unpush(shop, wiring.pushing), shop_id)
    except (Busy, KlaviyoDisconnected) as reason:
        _log.info("profiles of shop %d not emptied yet: %s", shop_id, reason)
        if isinstance(reason, KlaviyoDisconnected):
            wiring.due_work.put_off(shop.id, jobs.UNPUSH_DUE, after_s=jobs.PUT_OFF_S)


def push_stale_everywhere() -> None:
    """Look in every shop for products in profiles that cannot be bought any more."""
    wiring = current()
    for shop in wiring.shops.installed():
        try:
            _carried_out(shop, lambda shop=shop: pushing.push_stale(shop, wiring.pushing))  # type: ignore[misc]
        except (Permanent, Retryable) as reason:
            _log.warning("stale products of shop %d not pushed anew: %s", shop.id, reason)


def after_count(shop: Shop) -> None:
    """What follows when segments were counted or a model was trained, where the merchant wants it."""
    wiring = current()
    if wiring.mail_settings.of(shop.id).push:
        wiring.due_work.put(shop.id, jobs.PUSH_DUE)
        wiring.jobs.enqueue(jobs.PUSH_PROFILES, shop.id)


def _carried_out(shop: Shop, work: Callable[[], pushing.Done]) -> bool:
    wiring = current()
    try:
        _log.info("Klaviyo profiles of shop %d: %s", shop.id, work())
    except Busy as reason:
        _log.info("Klaviyo profiles of shop %d put off: %s", shop.id, reason)
        return False
    except KlaviyoDisconnected as reason:
        _log.info("Klaviyo profiles of shop %d wait: %s", shop.id, reason)
        wiring.due_work.put_off(shop.id, jobs.PUSH_DUE, after_s=jobs.PUT_OFF_S)
        return False
    return True
