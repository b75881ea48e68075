"""Jobs that start flows in Klaviyo, every five minutes in every shop that switched a trigger on, and their codes."""

from __future__ import annotations

import logging

from app import jobs
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import ShopState
from app.errors import Permanent, Retryable
from app.ports.klaviyo_troubles import KlaviyoWork
from app.services import issue_offers as issuing
from app.services import start_flows as starting
from app.services.tell_klaviyo_trouble import telling
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def start_flows(shop_id: int) -> None:
    """Find what is due and send its events. What can't be sent now waits, and is tried again in an hour."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED or not wiring.mail_settings.of(shop.id).triggers:
        wiring.due_work.done(ShopId(shop_id), jobs.MAILS_DUE)
        return
    try:
        with telling(shop.id, KlaviyoWork.EVENTS, wiring.telling_klaviyo_trouble):
            _log.info("flows of shop %d: %s", shop_id, starting.start_flows(shop, wiring.starting_flows))
    except Busy as reason:
        _log.info("flows of shop %d put off: %s", shop_id, reason)
        return
    except Permanent:
        wiring.due_work.put_off(shop.id, jobs.MAILS_DUE, after_s=jobs.PUT_OFF_S)
        raise
    wiring.due_work.done(shop.id, jobs.MAILS_DUE)


def start_everywhere() -> None:
    """Ask for it in each shop that is connected; where the connection is broken, it waits until it is mended."""
    wiring = current()
    for shop in wiring.shops.installed():
        settings, connection = wiring.mail_settings.of(shop.id), wiring.klaviyo_connections.of(shop.id)
        if settings.offer.is_on:
            wiring.due_work.put(shop.id, jobs.OFFERS_DUE)
            wiring.jobs.enqueue(jobs.ISSUE_OFFERS, shop.id)
        if connection is not None and connection.works and settings.triggers:
            wiring.due_work.put(shop.id, jobs.MAILS_DUE)
            wiring.jobs.enqueue(jobs.START_FLOWS, shop.id)


def issue_offers(shop_id: int) -> None:
    """Have codes ready. What Shopify has not finished stays due."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is not None and shop.state is ShopState.INSTALLED:
        try:
            _log.info("%d codes made for shop %d", issuing.issue_offers(shop, wiring.issuing_offers), shop_id)
        except (Busy, Retryable) as reason:
            _log.info("codes of shop %d put off: %s", shop_id, reason)
            return
        except Permanent:
            wiring.due_work.put_off(shop.id, jobs.OFFERS_DUE, after_s=jobs.PUT_OFF_S)
            raise
    wiring.due_work.done(ShopId(shop_id), jobs.OFFERS_DUE)
