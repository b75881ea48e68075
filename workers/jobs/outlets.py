"""Jobs that tell elsewhere about segments: Shopify after each count, Flow as soon as somebody entered."""

from __future__ import annotations

import logging
from collections.abc import Callable

from app import jobs
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.errors import Permanent
from app.services import tell_flow as telling_flow
from app.services import tell_segments as telling
from app.services import untell_customers as untelling
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def tell_segments(shop_id: int) -> None:
    """Bring Shopify to the last count."""
    _tell(shop_id, jobs.TELL_DUE, lambda shop: telling.tell_segments(shop, current().telling_segments))


def tell_flow(shop_id: int) -> None:
    """Tell Flow who has entered."""
    _tell(shop_id, jobs.FLOW_DUE, lambda shop: telling_flow.tell_flow(shop, current().telling_flow))


def _tell(shop_id: int, due: str, work: Callable[[Shop], object]) -> None:
    """Do what is due; while another worker is at it, it stays so, and without a usable token it waits for an hour."""
    due_work, shop = current().due_work, _installed(shop_id, due)
    if shop is None:
        return
    try:
        _log.info("%s of shop %d: %s", due, shop_id, work(shop))
    except Busy as reason:
        _log.info("%s of shop %d put off: %s", due, shop_id, reason)
        return
    except Permanent:
        due_work.put_off(shop.id, due, after_s=jobs.PUT_OFF_S)
        raise
    due_work.done(shop.id, due)


def untell(shop_id: int) -> None:
    """Take out of the store what was told about those who were erased."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED:
        for id in wiring.due_work.waiting(ShopId(shop_id), jobs.UNTELL_DUE):
            wiring.due_work.done(ShopId(shop_id), jobs.UNTELL_DUE, id)
        return
    try:
        _log.info("%d customers of shop %d untold", untelling.untell_customers(shop, wiring.untelling), shop_id)
    except Permanent:
        wiring.due_work.put_off(shop.id, jobs.UNTELL_DUE, after_s=jobs.PUT_OFF_S)
        raise


def after_count(shop: Shop) -> None:
    """What follows when segments were counted: the store, the sizes of audiences, and Flow."""
    wiring = current()
    for due, job in ((jobs.TELL_DUE, jobs.TELL_SEGMENTS), (jobs.FLOW_DUE, jobs.TELL_FLOW)):
        wiring.due_work.put(shop.id, due)
        wiring.jobs.enqueue(job, shop.id)


def _installed(shop_id: int, due: str) -> Shop | None:
    """The shop if it has the app; where it has left there is nothing to tell any more."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is not None and shop.state is ShopState.INSTALLED:
        return shop
    wiring.due_work.done(ShopId(shop_id), due)
    return None
