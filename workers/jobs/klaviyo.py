"""Jobs of the connection to Klaviyo: finish it, leave it, keep it alive."""

from __future__ import annotations

import logging
from typing import Final

from app.core.errors import Busy
from app.core.ids import ShopId
from app.errors import Permanent, Retryable
from app.ports.klaviyo_troubles import KlaviyoWork
from app.services import connect_klaviyo as connecting
from app.services import disconnect_klaviyo as disconnecting
from app.services.refresh_klaviyo import refresh_klaviyo as refresh
from app.services.take_back_profiles import take_back_profiles
from app.services.tell_klaviyo_trouble import telling
from app.wiring.worker import current

_log = logging.getLogger(__name__)
BY_HAND: Final = (
    "Klaviyo did not let Attune take its products out of the profiles, and mails may go on showing them. Connect the "
    "account again and disconnect it here; or take Attune’s blocks out of your templates. In Klaviyo, the properties "
    "whose names begin with attune_ can be deleted, too."
)


def connect_klaviyo(shop_id: int) -> None:
    """Exchange the code, or try the key."""
    wiring, shop = current(), ShopId(shop_id)
    with telling(shop, KlaviyoWork.CONNECTION, wiring.telling_klaviyo_trouble):
        connected = connecting.connect(shop, wiring.finishing_klaviyo)
    if connected:
        wiring.klaviyo_troubles.over(shop)
    _log.info("Klaviyo of shop %d: %s", shop_id, "connected" if connected else "not connected")


def leave_klaviyo(shop_id: int) -> None:
    """Take what is ours out of the profiles, revoke what was granted, and forget it."""
    wiring, shop = current(), ShopId(shop_id)
    try:
        with telling(shop, KlaviyoWork.CONNECTION, wiring.telling_klaviyo_trouble):
            stays = _what_stays(shop)
            left = disconnecting.leave(shop, wiring.leaving_klaviyo)
    except Busy as reason:
        _log.info("Klaviyo of shop %d not left yet: %s", shop_id, reason)
        return
    if left:
        wiring.klaviyo_troubles.over(shop)
    if left and stays:
        wiring.klaviyo_troubles.note(shop, KlaviyoWork.TAKING_BACK, stays, at=wiring.clock.now(), again=False)
    _log.info("Klaviyo of shop %d: %s", shop_id, "disconnected" if left else "nothing to disconnect")


def _what_stays(shop_id: ShopId) -> str:
    """Why something of ours stays in profiles, for the merchant; empty where nothing does.

    Raises:
        Busy, Retryable: it can be taken away a little later.
    """
    wiring = current()
    shop, link = wiring.shops.by_id(shop_id), wiring.klaviyo_connections.of(shop_id)
    if shop is None or link is None or link.works:
        return ""
    try:
        take_back_profiles(shop, wiring.taking_back)
    except Permanent as reason:
        _log.warning("profiles of shop %d keep what was pushed: %s", shop_id, reason)
        return BY_HAND
    return ""


def refresh_klaviyo() -> None:
    """Once a week, in every shop."""
    wiring = current()
    for shop in wiring.shops.installed():
        try:
            refresh(shop, wiring.refreshing_klaviyo)
        except (Permanent, Retryable) as reason:
            _log.warning("Klaviyo's token of shop %d not refreshed: %s", shop.id, reason)
