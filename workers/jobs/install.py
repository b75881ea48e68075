"""The job that finishes an installation."""

from __future__ import annotations

from app.core.ids import ShopId
from app.services import install_shop
from app.wiring.worker import current


def finish_install(shop_id: int) -> None:
    """Describe the shop, leave our address with the theme, have the data imported."""
    install_shop.finish_install(ShopId(shop_id), current().set_up)
