"""Jobs that keep profiles: what is new within the minute, everything once a night."""

from __future__ import annotations

import logging

from app import jobs
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.services import stitch_profiles as stitching
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def stitch_profiles(shop_id: int) -> None:
    """Work off what is new; two workers at once take turns, a region each."""
    shop = _installed(shop_id)
    if shop is not None:
        moved = stitching.stitch_profiles(shop, current().stitching)
        _log.info("%d names of shop %d have moved to another profile", moved, shop_id)


def renew_profiles(shop_id: int) -> None:
    """Read the store's rows again, and forget whom nothing ties any more."""
    shop = _installed(shop_id)
    if shop is not None:
        moved = stitching.renew_profiles(shop, current().stitching)
        _log.info("%d names of shop %d have moved in the night", moved, shop_id)


def _installed(shop_id: int) -> Shop | None:
    """The shop if it has the app; what is due in one that has left is dropped."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is not None and shop.state is ShopState.INSTALLED:
        return shop
    for kind in (jobs.STITCH_DUE, jobs.ORDER_TIES_DUE, jobs.CUSTOMER_TIES_DUE):
        for note in wiring.due_work.waiting(ShopId(shop_id), kind):
            wiring.due_work.done(ShopId(shop_id), kind, note)
    return None
