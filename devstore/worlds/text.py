"""Handles and other short texts that records need.

Handles follow Shopify's rule: lower-case ASCII words joined by hyphens, made unique with a number at the end.
"""

from __future__ import annotations

import re
import unicodedata

_LONGEST_HANDLE = 80


def slug(text: str) -> str:
    """The URL-safe form of `text`; never empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower().replace("'", ""))
    return "-".join(words)[:_LONGEST_HANDLE].strip("-") or "item"


class Handles:
    """Hands out each handle once: a second "mug" becomes "mug-1", as Shopify does it."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, text: str) -> str:
        stem = slug(text)
        handle, number = stem, 0
        while handle in self._given:
            number += 1
            handle = f"{stem}-{number}"
        self._given.add(handle)
        return handle
