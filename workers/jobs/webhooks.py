"""The job that works off one webhook of the inbox."""

from __future__ import annotations

import logging

from app.core.ids import ShopId
from app.services import process_webhook as processing
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def process_webhook(shop_id: int, webhook_id: str) -> None:
    """Work it off; a failure is put off in the inbox, so the job itself never fails."""
    outcome = processing.process_webhook(ShopId(shop_id), webhook_id, current().webhook_processing)
    _log.info("webhook %s of shop %d: %s", webhook_id, shop_id, outcome)
