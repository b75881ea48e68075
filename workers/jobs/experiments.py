"""The jobs that read experiments: what was counted of them, for the pages and the report."""

from __future__ import annotations

import logging

from app import jobs
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import ShopState
from app.services import read_experiment
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def read_experiments(shop_id: int) -> None:
    """Read the shop's experiments whose last reading is too old."""
    wiring = current()
    shop = wiring.shops.by_id(ShopId(shop_id))
    if shop is None or shop.state is not ShopState.INSTALLED:
        return
    try:
        _log.info("%d experiments of shop %d read", read_experiment.read_experiments(shop, wiring.reading), shop_id)
    except Busy as reason:
        _log.info("reading experiments of shop %d put off: %s", shop_id, reason)


def read_everywhere() -> None:
    """Ask for the reading of every shop that has an experiment to be read."""
    wiring = current()
    for shop in wiring.shops.installed():
        if read_experiment.due_experiments(shop.id, wiring.reading):
            wiring.jobs.enqueue(jobs.READ_EXPERIMENTS, shop.id)
