"""Jobs of the sources: take in an uploaded file, and measure what is stored."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from app import jobs
from app.adapters.sources.opened import OpenedFile
from app.core.errors import Busy
from app.core.ids import ShopId
from app.core.shops import Shop, ShopState
from app.core.sources.rows import BadFile
from app.ports.sources import Upload
from app.services.data_quality import measure_sources as measure
from app.services.import_source import import_source as take_file
from app.wiring.worker import Worker, current

_log = logging.getLogger(__name__)


def import_source(shop_id: int, upload_id: str) -> None:
    """Take in a file that was uploaded; while another one of its source is at work it stays due."""
    wiring, shop = current(), _installed(shop_id)
    upload = wiring.uploads.get(ShopId(shop_id), upload_id) if shop else None
    if shop is None or upload is None:
        wiring.due_work.done(ShopId(shop_id), jobs.IMPORT_DUE, upload_id)
        return
    try:
        _take(shop, upload, wiring)
    except Busy as reason:
        _log.info("upload %s of shop %d put off: %s", upload_id, shop_id, reason)
        return
    except BadFile as reason:
        _log.info("upload %s of shop %d refused: %s", upload_id, shop_id, reason)
    wiring.uploads.done(shop.id, upload_id)
    wiring.due_work.done(shop.id, jobs.IMPORT_DUE, upload_id)


def measure_sources(shop_id: int) -> None:
    """Measure and judge the shop's sources."""
    wiring, shop = current(), _installed(shop_id)
    if shop is None:
        return
    try:
        judged = measure(shop, wiring.measuring_sources)
        _log.info("%d lines about the data of shop %d", len(judged), shop_id)
    except Busy as reason:
        _log.info("measuring of shop %d left out: %s", shop_id, reason)


def _take(shop: Shop, upload: Upload, wiring: Worker) -> None:
    """By way of a file of our own, which goes with its folder: what reads files wants to jump about in them."""
    with tempfile.TemporaryDirectory(prefix="attune-upload-") as folder:
        path = Path(folder, "upload")
        path.write_bytes(upload.content)
        file = OpenedFile(path, upload.source, name=upload.name)
        done = take_file(shop, upload.source, file, by=upload.by, ports=wiring.importing_source, order=upload.order)
        _log.info("upload %s of shop %d: %s", upload.id, shop.id, "known" if done.known else "taken in")


def _installed(shop_id: int) -> Shop | None:
    shop = current().shops.by_id(ShopId(shop_id))
    return shop if shop is not None and shop.state is ShopState.INSTALLED else None
