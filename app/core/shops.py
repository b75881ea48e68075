"""A store as the rest of the house sees it: who it is and whether the app is installed there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from app.core.ids import ShopDomain, ShopId

_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,59}\.myshopify\.com")


class ShopState(StrEnum):
    INSTALLED = "installed"
    UNINSTALLED = "uninstalled"


@dataclass(frozen=True, slots=True)
class Shop:
    id: ShopId
    domain: ShopDomain
    state: ShopState


def shop_domain(text: str) -> ShopDomain:
    """Check the form of a permanent shop domain.

    Raises:
        ValueError: the text is not ``name.myshopify.com`` in lower case.
    """
    if _DOMAIN.fullmatch(text) is None:
        raise ValueError(f"not a shop domain: {text[:80]!r}")
    return ShopDomain(text)
