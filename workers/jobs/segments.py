"""Jobs that put customers into segments: every night, after a segment was saved, and for a preview."""

from __future__ import annotations

import logging

from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.services import preview_segment as previewing
from app.services import segment_customers as segmenting
from app.wiring.worker import current
from workers.jobs import push
from workers.jobs.outlets import after_count

_log = logging.getLogger(__name__)


def segment_customers(shop_id: int) -> None:
    """Count all segments anew. While another worker is at it this is left to the night."""
    shop = _installed(shop_id)
    if shop is None:
        return
    try:
        _log.info("segments of shop %d: %s", shop_id, segmenting.segment_customers(shop, current().segmenting))
    except Busy as reason:
        _log.info("segments of shop %d put off: %s", shop_id, reason)
        return
    after_count(shop)
    push.after_count(shop)


def preview_segment(shop_id: int, preview_id: str) -> None:
    """Count what a rule would catch."""
    shop = _installed(shop_id)
    if shop is not None:
        previewing.preview_segment(shop, preview_id, current().previewing_segments)


def _installed(shop_id: int) -> Shop | None:
    shop = current().shops.by_id(ShopId(shop_id))
    return shop if shop is not None and shop.state is ShopState.INSTALLED else None
