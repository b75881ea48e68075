"""Give a shopper their code for an occasion that brings one, reserved before anything of it is sent.

However often this is asked, within a code's life a shopper has the same one, and the control group has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from app.core.email.names import Arm, Trigger
from app.core.email.offers import OfferTerms, apply_link, day_in_words
from app.core.email.triggers import Occasion
from app.core.ids import ShopDomain
from app.core.shop_days import zone_of
from app.core.shops import Shop
from app.ports import Installations
from app.ports.offers import Offers

OFFERED: Final = frozenset({Trigger.WIN_BACK})
"""The occasions whose mail brings a code."""


@dataclass(frozen=True, slots=True)
class Ports:
    """`storefront` tells where a shop's storefront is."""

    offers: Offers
    installations: Installations
    storefront: Callable[[ShopDomain], str]


def hand_out_offer(
    shop: Shop, occasion: Occasion, arm: Arm, terms: OfferTerms, ports: Ports, *, now: datetime
) -> Mapping[str, str] | None:
    """What the event says of the offer; None where there is none."""
    if occasion.trigger not in OFFERED or arm is not Arm.ATTUNE or not terms.is_on:
        return None
    found = ports.offers.reserve(shop.id, occasion.customer, terms, now=now)
    if found is None:
        return None
    profile = ports.installations.profile(shop.id)
    zone = zone_of(profile.timezone) if profile else ZoneInfo("UTC")
    return {
        "offer_code": found.code,
        "offer_ends": day_in_words(found.ends_at, zone),
        "offer_text": found.words,
        "offer_url": apply_link(ports.storefront(shop.domain), found.code),
    }
