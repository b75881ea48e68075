"""The job that brings the store's item-level lists to the model in use."""

from __future__ import annotations

import logging

from app import jobs
from app.core.errors import Busy, NoConsent
from app.core.ids import ShopId
from app.core.shops import ShopState
from app.errors import Permanent
from app.services import publish_lists as publishing
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def publish_lists(shop_id: int) -> None:
    """Publish; while another worker is at it the work stays due, and the sweeper comes back."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED:
        return
    try:
        publishing.publish_lists(shop, wiring.publishing)
    except (Busy, NoConsent) as reason:
        _log.info("lists of shop %d put off: %s", shop_id, reason)
    except Permanent:
        wiring.due_work.put_off(shop.id, "publish_lists", after_s=jobs.PUT_OFF_S)
        raise
