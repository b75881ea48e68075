"""Money as themes print it: integers in minor units, in one currency, the way one language writes it."""

from __future__ import annotations

SYMBOLS = {"GBP": "£", "USD": "$", "EUR": "€", "CAD": "$", "AUD": "$", "JPY": "¥", "INR": "₹"}
SPACE = "\u00a0"
"""Keeps an amount and its currency on one line."""


def money(minor: object, currency: str, locale: str = "en") -> str:
    """£1,234.50 in English, 1.234,50 € elsewhere; a currency without a symbol here stands behind the amount.

    Anything but a number gives nothing.
    """
    amount = without_currency(minor, locale)
    if not amount:
        return ""
    symbol = SYMBOLS.get(currency)
    if locale != "en":
        return f"{amount}{SPACE}{symbol or currency}"
    if symbol is None:
        return f"{amount} {currency}"
    return f"-{symbol}{amount[1:]}" if amount.startswith("-") else f"{symbol}{amount}"


def without_currency(minor: object, locale: str = "en") -> str:
    if isinstance(minor, bool) or not isinstance(minor, int | float):
        return ""
    text = f"{minor / 100:,.2f}"
    if locale == "en":
        return text
    whole, _, cents = text.partition(".")
    return whole.replace(",", "." if locale == "de" else "\u202f") + "," + cents


def without_trailing_zeros(minor: object, currency: str, locale: str = "en") -> str:
    return money(minor, currency, locale).replace(".00" if locale == "en" else ",00", "", 1)


def with_currency(minor: object, currency: str, locale: str = "en") -> str:
    text = money(minor, currency, locale)
    return text if not text or text.endswith(currency) else f"{text} {currency}"
