"""Jobs that push profiles to Klaviyo: after the night's counts, and as soon as something pushed cannot be bought."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from app import jobs
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.errors import KlaviyoDisconnected, Permanent, Retryable
from app.ports.klaviyo_troubles import KlaviyoWork
from app.services import push_profiles as pushing
from app.services.push_objections import push_objections as push_objections_of
from app.services.tell_klaviyo_trouble import telling
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def push_profiles(shop_id: int) -> None:
    """Push what changed; without a connection it stays due, and is tried again in an hour."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED:
        wiring.due_work.done(ShopId(shop_id), jobs.PUSH_DUE)
        return
    if _carried_out(shop, KlaviyoWork.PROFILES, lambda: pushing.push_profiles(shop, wiring.pushing)):
        wiring.due_work.done(shop.id, jobs.PUSH_DUE)


def unpush(shop_id: int) -> None:
    """Take away what stands in the profiles of those who were erased; without a connection it waits."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED:
        if wiring.klaviyo_connections.of(ShopId(shop_id)) is not None:
            return  # Whoever leaves the account takes them back with the rest.
        for id in wiring.due_work.waiting(ShopId(shop_id), jobs.UNPUSH_DUE):
            wiring.due_work.done(ShopId(shop_id), jobs.UNPUSH_DUE, id)
        return
    try:
        with telling(shop.id, KlaviyoWork.ERASED, wiring.telling_klaviyo_trouble):
            _log.info("%d profiles of shop %d emptied", pushing.unpush(shop, wiring.pushing), shop_id)
    except Busy as reason:
        _log.info("profiles of shop %d not emptied yet: %s", shop_id, reason)
    except Permanent as reason:
        _put_off(shop, jobs.UNPUSH_DUE, reason)


def push_objections(shop_id: int) -> None:
    """Take back what stands in the profiles of those who have just objected; without a connection it waits."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED:
        for id in wiring.due_work.waiting(ShopId(shop_id), jobs.PUSH_OBJECTIONS_DUE):
            wiring.due_work.done(ShopId(shop_id), jobs.PUSH_OBJECTIONS_DUE, id)
        return
    work = partial(push_objections_of, shop, wiring.pushing)
    _carried_out(shop, KlaviyoWork.PROFILES, work, due=jobs.PUSH_OBJECTIONS_DUE)


def push_stale_everywhere() -> None:
    """Look in every shop for products in profiles that cannot be bought any more."""
    wiring = current()
    for shop in wiring.shops.installed():
        try:
            _carried_out(shop, KlaviyoWork.STALE, partial(pushing.push_stale, shop, wiring.pushing))
        except (Permanent, Retryable) as reason:
            _log.warning("stale products of shop %d not pushed anew: %s", shop.id, reason)


def after_count(shop: Shop) -> None:
    """What follows when segments were counted or a model was trained, where the merchant wants it."""
    wiring = current()
    if wiring.mail_settings.of(shop.id).push:
        wiring.due_work.put(shop.id, jobs.PUSH_DUE)
        wiring.jobs.enqueue(jobs.PUSH_PROFILES, shop.id)


def _carried_out(shop: Shop, kind: KlaviyoWork, work: Callable[[], pushing.Done], *, due: str = jobs.PUSH_DUE) -> bool:
    wiring = current()
    try:
        with telling(shop.id, kind, wiring.telling_klaviyo_trouble):
            _log.info("Klaviyo profiles of shop %d: %s", shop.id, work())
    except Busy as reason:
        _log.info("Klaviyo profiles of shop %d put off: %s", shop.id, reason)
        return False
    except Permanent as reason:
        _put_off(shop, due, reason)
        return False
    return True


def _put_off(shop: Shop, due: str, reason: Permanent) -> None:
    """Try again in an hour, or as soon as the merchant has mended it; what is no lack of a connection fails the job."""
    current().due_work.put_off(shop.id, due, after_s=jobs.PUT_OFF_S)
    if not isinstance(reason, KlaviyoDisconnected):
        raise reason
    _log.info("Klaviyo profiles of shop %d wait: %s", shop.id, reason)
