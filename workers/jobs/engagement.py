"""Jobs of feeds and of engagement read back from Klaviyo."""

from __future__ import annotations

import logging
from collections.abc import Callable

from app import jobs
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.errors import KlaviyoDisconnected
from app.services.count_mails import count_mails as count
from app.services.exchange_links import exchange_links
from app.services.prepare_feeds import prepare_feeds as prepare
from app.services.read_engagement import read_engagement as read
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def prepare_feeds(shop_id: int) -> None:
    """Make the shop's feeds anew, and have Klaviyo know them."""
    _do(shop_id, "feeds", lambda shop: prepare(shop, current().preparing_feeds))


def read_engagement(shop_id: int) -> None:
    """Read what became of mails, and whose links were clicked; where more waits it goes on at once."""

    def work(shop: Shop) -> object:
        wiring = current()
        tied = exchange_links(shop, wiring.exchanging_links)
        found = read(shop, wiring.reading_engagement)
        if found.more:
            wiring.jobs.enqueue(jobs.READ_ENGAGEMENT, shop.id)
        return f"{sum(found.events.values())} events, {tied} browsers tied, refused: {dict(found.refused)}"

    _do(shop_id, "engagement", work)


def count_mails(shop_id: int) -> None:
    """Count what became of mails, and which products shoppers leave alone in them."""
    _do(shop_id, "counts of mails", lambda shop: count(shop, current().counting_mails))


def feeds_everywhere() -> None:
    """Hint at the feeds of every shop that is connected."""
    _everywhere(jobs.PREPARE_FEEDS)


def engagement_everywhere() -> None:
    """Hint at reading the engagement of every shop that is connected."""
    _everywhere(jobs.READ_ENGAGEMENT)


def _everywhere(job: str) -> None:
    wiring = current()
    for shop in wiring.shops.installed():
        connection = wiring.klaviyo_connections.of(shop.id)
        if connection is not None and connection.works:
            wiring.jobs.enqueue(job, shop.id)


def _do(shop_id: int, what: str, work: Callable[[Shop], object]) -> None:
    """Do it for a shop that has the app; who else is at it does it, and who is not connected has nothing to do."""
    shop = current().shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED:
        return
    try:
        _log.info("%s of shop %d: %s", what, shop_id, work(shop))
    except (Busy, KlaviyoDisconnected) as reason:
        _log.info("%s of shop %d left out: %s", what, shop_id, reason)
