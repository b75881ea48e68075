"""Jobs of the connection to Klaviyo: finish it, leave it, keep it alive."""

from __future__ import annotations

import logging

from app.core.ids import ShopId
from app.errors import Permanent, Retryable
from app.ports.klaviyo_troubles import KlaviyoWork
from app.services import connect_klaviyo as connecting
from app.services import disconnect_klaviyo as disconnecting
from app.services.refresh_klaviyo import refresh_klaviyo as refresh
from app.services.tell_klaviyo_trouble import telling
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def connect_klaviyo(shop_id: int) -> None:
    """Exchange the code, or try the key."""
    wiring, shop = current(), ShopId(shop_id)
    with telling(shop, KlaviyoWork.CONNECTION, wiring.telling_klaviyo_trouble):
        connected = connecting.connect(shop, wiring.finishing_klaviyo)
    if connected:
        wiring.klaviyo_troubles.over(shop)
    _log.info("Klaviyo of shop %d: %s", shop_id, "connected" if connected else "not connected")


def leave_klaviyo(shop_id: int) -> None:
    """Revoke what was granted, and forget it."""
    wiring, shop = current(), ShopId(shop_id)
    with telling(shop, KlaviyoWork.CONNECTION, wiring.telling_klaviyo_trouble):
        left = disconnecting.leave(shop, wiring.leaving_klaviyo)
    wiring.klaviyo_troubles.over(shop)
    _log.info("Klaviyo of shop %d: %s", shop_id, "disconnected" if left else "nothing to disconnect")


def refresh_klaviyo() -> None:
    """Once a week, in every shop."""
    wiring = current()
    for shop in wiring.shops.installed():
        try:
            refresh(shop, wiring.refreshing_klaviyo)
        except (Permanent, Retryable) as reason:
            _log.warning("Klaviyo's token of shop %d not refreshed: %s", shop.id, reason)
