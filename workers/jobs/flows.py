"""Jobs of the series in Klaviyo: make them, and show a mail of them before it is sent."""

from __future__ import annotations

import logging

from app import jobs
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import ShopState
from app.errors import Permanent
from app.ports.klaviyo_troubles import KlaviyoWork
from app.services import make_flows as making
from app.services import preview_mail as previewing
from app.services import read_care as reading
from app.services.tell_klaviyo_trouble import telling
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def make_flows(shop_id: int) -> None:
    """Make what is missing; what Klaviyo won't take now stays due."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is not None and shop.state is ShopState.INSTALLED:
        try:
            with telling(shop.id, KlaviyoWork.FLOWS, wiring.telling_klaviyo_trouble):
                _log.info("%d flows of shop %d stand", making.make_flows(shop, wiring.making_flows), shop_id)
        except Busy as reason:
            _log.info("flows of shop %d put off: %s", shop_id, reason)
            return
        except Permanent:
            wiring.due_work.put_off(shop.id, jobs.FLOWS_DUE, after_s=jobs.PUT_OFF_S)
            raise
    wiring.due_work.done(ShopId(shop_id), jobs.FLOWS_DUE)


def preview_mail(shop_id: int, preview_id: str) -> None:
    """Have Klaviyo fill in a mail as one shopper would get it."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is not None and shop.state is ShopState.INSTALLED:
        previewing.preview_mail(shop, preview_id, wiring.previewing_mails)


def forget_previews() -> None:
    """Delete the mails that staff looked at more than an hour ago."""
    wiring = current()
    for shop in wiring.shops.installed():
        wiring.mail_previews.forget(shop.id, at=wiring.clock.now())


def read_care(shop_id: int) -> None:
    """Read what mails may say of the care of products."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is not None and shop.state is ShopState.INSTALLED:
        try:
            reading.read_care(shop, wiring.reading_care)
        except Permanent:
            wiring.due_work.put_off(shop.id, jobs.CARE_DUE, after_s=jobs.PUT_OFF_S)
            raise
    wiring.due_work.done(ShopId(shop_id), jobs.CARE_DUE)


def care_everywhere() -> None:
    """The same in every shop in which something was picked."""
    wiring = current()
    for shop in wiring.shops.installed():
        if wiring.care.picks(shop.id):
            reading.ask(shop.id, wiring.asking_for_care)
