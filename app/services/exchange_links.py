"""Exchange the tokens of links in mails for Klaviyo's profiles, so that a click in a mail ties to the browser's visits.

A token comes only from a browser whose visitor has consented (`app.core.events`); it is dropped with the exchange,
whatever comes of it. Whoever has opted out, or has switched personal recommendations off, is tied to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core.ids import ShopId
from app.core.profiles.consent import Purpose, ShopperConsent, allowed
from app.core.shops import Shop
from app.core.sources.values import email
from app.errors import KlaviyoRefused
from app.ports.engagement import MailLink, MailLinks
from app.ports.klaviyo import KlaviyoApi, KlaviyoApis, KlaviyoConnections
from app.ports.sources import StoreKeys

MOST: Final = 500
"""In one go: seven seconds of the account's quota."""

ABOUT_THE_TOKEN: Final = frozenset({400, 404})
"""Other refusals, such as a scope that is not granted, say nothing of the one token."""


@dataclass(frozen=True, slots=True)
class Ports:
    links: MailLinks
    connections: KlaviyoConnections
    apis: KlaviyoApis
    keys: StoreKeys
    hash_email: Callable[[ShopId, str], str]


def exchange_links(shop: Shop, ports: Ports) -> int:
    """Work off tokens that wait; returns how many browsers were tied to a profile.

    Raises:
        Retryable, KlaviyoDisconnected: the tokens that are left wait.
        KlaviyoRefused: Klaviyo lets us look for nobody; they wait, too.
    """
    waiting = ports.links.waiting(shop.id, limit=MOST)
    connection = ports.connections.of(shop.id)
    if not waiting or connection is None or not connection.works:
        return 0
    api = ports.apis.of(shop)
    return sum(_exchange(shop, link, api, ports) for link in waiting)


def _exchange(shop: Shop, link: MailLink, api: KlaviyoApi, ports: Ports) -> bool:
    try:
        profile = api.find_profile(kx=link.token)
    except KlaviyoRefused as refusal:
        if refusal.status not in ABOUT_THE_TOKEN:
            raise
        profile = None
    hashed = _hash(shop, profile, ports) if profile else None
    known = ports.keys.customers(shop.id, {hashed}).get(hashed) if hashed else None
    consent = ShopperConsent(opted_out=known.opted_out, own=known.own) if known else ShopperConsent()
    if profile is None or not profile.get("id") or not allowed(Purpose.LEARN, consent):
        ports.links.drop(shop.id, link.token)
        return False
    ports.links.exchanged(shop.id, link, str(profile["id"]), hashed)
    return True


def _hash(shop: Shop, profile: Mapping[str, Any], ports: Ports) -> str | None:
    attributes = profile.get("attributes")
    address = attributes.get("email") if isinstance(attributes, Mapping) else None
    return ports.hash_email(shop.id, email(address)) if isinstance(address, str) and address.strip() else None
