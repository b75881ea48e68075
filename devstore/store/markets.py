"""The markets that a shop opens with: its own country, and one abroad with another currency and another language.

Rates are fixed, as a merchant's manual rates are; what a market's storefront looks like is left to the storefront.
"""

from __future__ import annotations

from decimal import Decimal

from devstore.model import Market, ShopInfo

_PRIMARY_ID, _ABROAD_ID = 890_000_001, 890_000_002
_RATES = {"GBP": Decimal("1.17"), "USD": Decimal("0.92"), "CAD": Decimal("0.68"), "AUD": Decimal("0.61")}
"""Euros for one unit of the shop's currency."""


def opening_markets(shop: ShopInfo) -> tuple[Market, ...]:
    """The primary market first."""
    home = Market(
        _PRIMARY_ID, "home", "Home", (shop.country_code,), shop.currency, Decimal(1), "en", "", primary=True
    )  # fmt: skip
    return home, _abroad(shop)


def _abroad(shop: ShopInfo) -> Market:
    """Germany in euros, or Switzerland in French and francs for a shop that counts in euros itself."""
    if shop.currency == "EUR" or shop.country_code in ("DE", "AT"):
        return Market(_ABROAD_ID, "switzerland", "Switzerland", ("CH",), "CHF", Decimal("0.94"), "fr", "/fr")
    rate = _RATES.get(shop.currency, Decimal(1))
    return Market(_ABROAD_ID, "germany", "Germany", ("DE", "AT"), "EUR", rate, "de", "/de")
