"""Jobs that keep the law: a browser is forgotten, shoppers' settings are copied anew, terms are applied."""

from __future__ import annotations

import logging

from app.core.ids import ShopId
from app.services.forget_browser import finish_forgetting
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def forget_browser(shop_id: int, note: str) -> None:
    """Erase what one browser did, which its shopper has asked for."""
    wiring = current()
    said = finish_forgetting(ShopId(shop_id), note, wiring.forgetting_browsers)
    _log.info("a browser of shop %d was forgotten in %d places", shop_id, len(said))


def renew_preferences(shop_id: int) -> None:
    """Copy shoppers' settings to where serving reads them: Redis may have lost them, and kinds get new products."""
    wiring = current()
    shop = ShopId(shop_id)
    number = wiring.live_preferences.keep(shop, wiring.shopper_consents.kept(shop))
    _log.info("settings of %d browsers and customers of shop %d copied", number, shop_id)
