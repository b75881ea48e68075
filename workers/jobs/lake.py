"""Jobs around the event lake: figures by day, and the night's upkeep of every shop's files."""

from __future__ import annotations

import logging

from app import jobs
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import ShopState
from app.services.ask_for_training import ask_for_training
from app.services.compact_lake import compact_lake
from app.services.read_experiment import due_experiments
from app.services.roll_up_events import roll_up_events
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def roll_up(shop_id: int) -> None:
    """Count the days that have changed, have experiments read that are due, and ask for a first training.

    While another worker is at it the days stay due, and the sweeper comes back.
    """
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED:
        wiring.due_work.done(ShopId(shop_id), jobs.ROLL_UP_DUE)
        return
    try:
        _log.info("%d days of shop %d counted", roll_up_events(shop, wiring.rolling_up), shop_id)
    except Busy as reason:
        _log.info("counting for shop %d put off: %s", shop_id, reason)
        return
    if due_experiments(shop.id, wiring.reading):
        wiring.jobs.enqueue(jobs.READ_EXPERIMENTS, shop_id)
    if ask_for_training(shop, wiring.asking_for_training):
        _log.info("shop %d has views enough for a training", shop_id)


def tidy_lakes() -> None:
    """Ask for the upkeep of every shop that was ever here: terms run on after a shop has left."""
    wiring = current()
    for shop in wiring.shops.all():
        wiring.jobs.enqueue(jobs.TIDY_LAKE, shop.id)


def tidy_lake(shop_id: int) -> None:
    """Forget what is older than its term, and merge what is scattered."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is not None:
        _log.info("lake of shop %d: %s", shop_id, compact_lake(shop, wiring.compacting))
