"""The job that makes the series in Klaviyo."""

from __future__ import annotations

import logging

from app import jobs
from app.core.ids import ShopId
from app.core.shops import ShopState
from app.errors import Permanent
from app.services import make_flows as making
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def make_flows(shop_id: int) -> None:
    """Make what is missing; what Klaviyo won't take now stays due."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is not None and shop.state is ShopState.INSTALLED:
        try:
            _log.info("%d flows of shop %d stand", making.make_flows(shop, wiring.making_flows), shop_id)
        except Permanent:
            wiring.due_work.put_off(shop.id, jobs.FLOWS_DUE, after_s=jobs.PUT_OFF_S)
            raise
    wiring.due_work.done(ShopId(shop_id), jobs.FLOWS_DUE)
