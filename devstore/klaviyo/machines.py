"""Openings and clicks that no person made, told apart by who asks, as Klaviyo tells them apart."""

from __future__ import annotations

from typing import Any, Final

APPLE_PROXY: Final = "Mozilla/5.0"
"""All that Apple's mail privacy proxy says of itself."""
SCANNER: Final = "Mozilla/5.0 (compatible; LinkScanner/2.0; +https://mail-filter.example)"


def of_open(agent: str) -> dict[str, Any]:
    """What an opening is marked with."""
    return {"Apple Privacy Open": True} if agent == APPLE_PROXY else {}


def of_click(agent: str) -> dict[str, Any]:
    return {"Bot Click": True} if "LinkScanner" in agent else {}
