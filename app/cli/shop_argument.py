"""The SHOP argument of most commands: a permanent domain, or just its first part."""

from __future__ import annotations

from app.core.errors import UnknownShop
from app.core.shops import Shop, shop_domain
from app.ports import Shops


def find_shop(shops: Shops, text: str) -> Shop:
    """The shop that the user means.

    Raises:
        UnknownShop: it is not installed here; the message lists those that are.
    """
    name = text.strip().lower()
    try:
        found = shops.by_domain(shop_domain(name if "." in name else f"{name}.myshopify.com"))
    except ValueError:
        found = None
    if found is None:
        known = ", ".join(shop.domain for shop in shops.installed()) or "none"
        raise UnknownShop(f"no shop {text!r} here; installed: {known}")
    return found
