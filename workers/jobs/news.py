"""Jobs that keep rails up to date between trainings: learn what just happened, and look out for peak seasons."""

from __future__ import annotations

import logging

from app import jobs
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import ShopState
from app.errors import Permanent
from app.services import learn_news as learning
from app.services import plan_training as planning
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def learn_news(shop_id: int) -> None:
    """Learn; while another worker is at it the notes stay, and whoever holds them looks again before it ends."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED:
        return
    try:
        learning.learn_news(shop, wiring.learning_news)
    except Busy as reason:
        _log.info("news of shop %d put off: %s", shop_id, reason)
    except Permanent:
        wiring.due_work.put_off(shop.id, jobs.NEWS_DUE, after_s=jobs.PUT_OFF_S)
        raise


def plan_trainings() -> None:
    """Look at every installed shop."""
    wiring = current()
    for shop in wiring.shops.installed():
        if planning.plan_training(shop, wiring.planning):
            _log.info("shop %d is trained more often: its season", shop.id)
