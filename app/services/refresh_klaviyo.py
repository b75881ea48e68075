"""Keep idle shops' tokens alive: a refresh token dies after 90 days without use, and each use gives a new life."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.shops import Shop
from app.errors import KlaviyoDisconnected
from app.ports.klaviyo import LinkKind
from app.ports.klaviyo_link import KlaviyoLinks, KlaviyoTokens


@dataclass(frozen=True, slots=True)
class Ports:
    links: KlaviyoLinks
    tokens: KlaviyoTokens


def refresh_klaviyo(shop: Shop, ports: Ports) -> bool:
    """Use the refresh token once; False where there is none to use, or it is dead, which is then noted.

    Raises:
        Retryable: Klaviyo does not answer; the next week's round is early enough.
    """
    stored = ports.links.secret(shop.id)
    if stored is None or stored.secret.kind is not LinkKind.OAUTH:
        return False
    try:
        ports.tokens.rotated(shop, seen=stored.generation)
    except KlaviyoDisconnected:
        return False
    return True
