"""Money as themes print it: integers in minor units, formatted in the shop's currency."""

from __future__ import annotations

SYMBOLS = {"GBP": "£", "USD": "$", "EUR": "€", "CAD": "$", "AUD": "$", "JPY": "¥", "INR": "₹"}


def money(minor: object, currency: str) -> str:
    """£1,234.50; a currency without a symbol here stands behind the amount. Anything but a number gives nothing."""
    amount = without_currency(minor)
    if not amount:
        return ""
    symbol = SYMBOLS.get(currency)
    if symbol is None:
        return f"{amount} {currency}"
    return f"-{symbol}{amount[1:]}" if amount.startswith("-") else f"{symbol}{amount}"


def without_currency(minor: object) -> str:
    if isinstance(minor, bool) or not isinstance(minor, int | float):
        return ""
    return f"{minor / 100:,.2f}"


def without_trailing_zeros(minor: object, currency: str) -> str:
    return money(minor, currency).replace(".00", "", 1)


def with_currency(minor: object, currency: str) -> str:
    text = money(minor, currency)
    return text if not text or text.endswith(currency) else f"{text} {currency}"
