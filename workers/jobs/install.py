"""The jobs of an installation: its set-up, and its web pixel."""

from __future__ import annotations

import logging

from app.core.ids import ShopId
from app.services import connect_pixel as pixels
from app.services import install_shop
from app.wiring.worker import current

_log = logging.getLogger(__name__)


def finish_install(shop_id: int) -> None:
    """Describe the shop, leave our address with the theme, have the pixel connected and the data imported."""
    install_shop.finish_install(ShopId(shop_id), current().set_up)


def connect_pixel(shop_id: int) -> None:
    """Bring the shop's web pixel to our settings."""
    state = pixels.connect_pixel(ShopId(shop_id), current().connecting_pixels)
    _log.info("pixel of shop %d: %s", shop_id, state)


def connect_changed_pixels() -> None:
    """Find the shops whose pixel is not as it should be: our address has changed, or they had the app before it."""
    found = pixels.connect_changed_pixels(current().connecting_pixels)
    if found:
        _log.info("%d pixels to connect", found)
