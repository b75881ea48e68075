"""What every use case around a shop's models has in common: one at a time, and only with consent (law 1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from app.core.errors import Busy, NoConsent
from app.core.shops import Shop
from app.ports import Claims, Consents

CLAIM: Final = "train"
CLAIM_S: Final = 60.0
"""The claim is renewed while its holder lives, so this is how long a killed one blocks the next."""


def has_consent(shop: Shop, consents: Consents) -> bool:
    """Whether the merchant's latest recorded decision permits training."""
    decision = consents.current(shop.id)
    return decision is not None and decision.granted


def require_consent(shop: Shop, consents: Consents) -> None:
    """Refuse without it.

    Raises:
        NoConsent: the merchant has never agreed to training, or has withdrawn.
    """
    if not has_consent(shop, consents):
        raise NoConsent(f"{shop.domain} has not consented to training; the owner can do so on the app's page")


@contextmanager
def alone(shop: Shop, claims: Claims) -> Iterator[None]:
    """Hold the shop's models for the block.

    Raises:
        Busy: another worker holds them.
    """
    with claims.keep(shop.id, CLAIM, seconds=CLAIM_S) as taken:
        if not taken:
            raise Busy(f"the models of {shop.domain} are being worked on; try again in a few minutes")
        yield
