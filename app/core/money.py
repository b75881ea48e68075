"""Money: Shopify writes decimal text, we count in minor units, and how many make one depends on the currency."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

# ISO 4217: currencies whose minor unit is not a hundredth.
_PLACES = dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3) | dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF"), 0
)


SIGNS = {
    "AUD": "$", "BRL": "R$", "CAD": "$", "CNY": "¥", "EUR": "€", "GBP": "£", "HKD": "$", "ILS": "₪", "INR": "₹",
    "JPY": "¥", "KRW": "₩", "MXN": "$", "NGN": "₦", "NZD": "$", "PHP": "₱", "SGD": "$", "THB": "฿", "UAH": "₴",
    "USD": "$", "VND": "₫",
}  # fmt: skip
"""Currencies that have a sign of one or two characters; of the others the code alone is written."""


def decimals(currency: str) -> int:
    """How many decimal places the currency has; two where the code is not known."""
    return _PLACES.get(currency, 2)


@lru_cache(maxsize=8192)
def minor_units(amount: str, currency: str) -> int:
    """An amount such as ``"12.5"`` in minor units, rounded half up.

    Raises:
        ValueError: the text is not a number.
    """
    try:
        return int(Decimal(amount).scaleb(decimals(currency)).to_integral_value(ROUND_HALF_UP))
    except (InvalidOperation, OverflowError):
        raise ValueError(f"not an amount of money: {amount[:40]!r}") from None


def written(amount: int, currency: str) -> str:
    """An amount in minor units as Shopify writes it by default with the currency: ``$1,234.50 USD``, ``1,234.50 CHF``.

    The pages, the command line and every sentence write money by this, so that it looks the same everywhere.
    """
    places = decimals(currency)
    figure = f"{SIGNS.get(currency, '')}{abs(amount) / 10**places:,.{places}f} {currency}".strip()
    return f"−{figure}" if amount < 0 else figure


def plain(amount: int, currency: str) -> str:
    """An amount in minor units as forms and Shopify's inputs hold it: ``1234.50``."""
    places = decimals(currency)
    return f"{Decimal(amount).scaleb(-places):.{places}f}"
