"""Jobs that start flows in Klaviyo: every five minutes, in every shop that has switched a trigger on."""

from __future__ import annotations

import logging

from app import jobs
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import ShopState
from app.errors import Permanent
from app.services import start_flows as starting
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
        connection = wiring.klaviyo_connections.of(shop.id)
        if connection is not None and connection.works and wiring.mail_settings.of(shop.id).triggers:
            wiring.due_work.put(shop.id, jobs.MAILS_DUE)
            wiring.jobs.enqueue(jobs.START_FLOWS, shop.id)
