"""Jobs of feeds and of engagement read back from Klaviyo."""

from __future__ import annotations

import logging
from collections.abc import Callable

from app import jobs
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.errors import KlaviyoDisconnected
from app.ports.klaviyo_troubles import KlaviyoWork
from app.services.count_mails import count_mails as count
from app.services.exchange_links import exchange_links
from app.services.prepare_feeds import prepare_feeds as prepare
from app.services.prepare_feeds import renew_feeds
from app.services.read_engagement import read_engagement as read
from app.services.send_history import is_waiting
from app.services.send_history import send_history as send
from app.services.tell_klaviyo_trouble import telling
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def prepare_feeds(shop_id: int) -> None:
    """Make the shop's feeds anew, and have Klaviyo know them."""
    _do(shop_id, "feeds", _told(KlaviyoWork.FEEDS, lambda shop: prepare(shop, current().preparing_feeds)))


def read_engagement(shop_id: int) -> None:
    """Read what became of mails, and whose links were clicked; where more waits it goes on at once."""

    def work(shop: Shop) -> object:
        wiring = current()
        found = read(shop, wiring.reading_engagement)
        if found.more:
            wiring.jobs.enqueue(jobs.READ_ENGAGEMENT, shop.id)
        tied = exchange_links(shop, wiring.exchanging_links)
        return f"{sum(found.events.values())} events, {tied} browsers tied, refused: {dict(found.refused)}"

    _do(shop_id, "engagement", _told(KlaviyoWork.ENGAGEMENT, work))


def count_mails(shop_id: int) -> None:
    """Count what became of mails, and which products shoppers leave alone in them."""
    _do(shop_id, "counts of mails", lambda shop: count(shop, current().counting_mails))


def feeds_everywhere() -> None:
    """Hint at the feeds of every shop that is connected, or has been: mails still look products up in them."""
    wiring = current()
    for shop in wiring.shops.installed():
        if _is_connected(shop) or wiring.feeds.all(shop.id):
            wiring.jobs.enqueue(jobs.PREPARE_FEEDS, shop.id)


def renew_feeds_everywhere() -> None:
    """Look in every shop for feeds that show what cannot be bought any more, and make them anew at once."""
    wiring = current()
    for shop in wiring.shops.installed():
        try:
            changed = renew_feeds(shop, wiring.preparing_feeds)
        except Busy as reason:
            _log.info("feeds of shop %d left out: %s", shop.id, reason)
            continue
        if changed:
            _log.info("%d feeds of shop %d hold what can be bought again", changed, shop.id)


def engagement_everywhere() -> None:
    """Hint at reading the engagement of every shop that is connected."""
    wiring = current()
    for shop in wiring.shops.installed():
        if _is_connected(shop):
            wiring.jobs.enqueue(jobs.READ_ENGAGEMENT, shop.id)


def send_history(shop_id: int) -> None:
    """Tell Klaviyo of the orders from before the trigger was switched on."""
    _do(shop_id, "history", _told(KlaviyoWork.EVENTS, lambda shop: send(shop, current().sending_history)))


def history_everywhere() -> None:
    """Hint at the past of every shop that is connected and has not told all of it."""
    wiring = current()
    for shop in wiring.shops.installed():
        if _is_connected(shop) and is_waiting(shop, wiring.sending_history):
            wiring.jobs.enqueue(jobs.SEND_HISTORY, shop.id)


def _is_connected(shop: Shop) -> bool:
    connection = current().klaviyo_connections.of(shop.id)
    return connection is not None and connection.works


def _told(kind: KlaviyoWork, work: Callable[[Shop], object]) -> Callable[[Shop], object]:
    """The same work; the merchant reads of it where it does not go through."""

    def told(shop: Shop) -> object:
        with telling(shop.id, kind, current().telling_klaviyo_trouble):
            return work(shop)

    return told


def _do(shop_id: int, what: str, work: Callable[[Shop], object]) -> None:
    """Do it for a shop that has the app; who else is at it does it, and who is not connected has nothing to do."""
    shop = current().shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED:
        return
    try:
        _log.info("%s of shop %d: %s", what, shop_id, work(shop))
    except (Busy, KlaviyoDisconnected) as reason:
        _log.info("%s of shop %d left out: %s", what, shop_id, reason)
