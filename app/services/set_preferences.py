"""A shopper looks at what is known of them, and sets what may be done with it.

What is set is written for good first and then where serving reads it, so the very next answer honours it. Training and
e-mail read the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.ids import ProductId, ShopId
from app.core.profiles.consent import Purpose, ShopperConsent, why_not
from app.core.profiles.preferences import Preferences, changed, differences
from app.core.shops import Shop
from app.ports import (
    CatalogReader,
    Clock,
    CustomerStore,
    LivePreferences,
    LiveState,
    ShopperConsents,
    ShopperNames,
)

SOURCE = "preferences"
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Ports:
    consents: ShopperConsents
    live_preferences: LivePreferences
    live: LiveState
    catalog: CatalogReader
    purchases: CustomerStore
    clock: Clock


@dataclass(frozen=True, slots=True)
class KnownProduct:
    product: ProductId
    title: str
    handle: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the shopper is told: their settings, what is known of them by kind, and what is not done and why."""

    preferences: Preferences
    known: Mapping[str, Sequence[KnownProduct]]
    hidden: Sequence[KnownProduct]
    not_done: Mapping[Purpose, str]


def what_is_known(shop: Shop, names: ShopperNames, ports: Ports) -> Known:
    """What live state holds under these names; what a customer bought only for the one who is signed in."""
    preferences = ports.consents.of(shop.id, names)
    state = ports.live.read(shop.id, names.visitor, list_of=None, customer=names.customer, asker=names.customer)
    found = {
        "viewed": state.viewed,
        "clicked": state.clicked,
        "carted": state.carted,
        "bought": state.bought,
    }
    wanted = {product for products in found.values() for product in products} | set(preferences.products)
    titles = {card.product_id: card for card in ports.catalog.cards_of(shop.id, wanted)} if wanted else {}

    def told(products: Sequence[ProductId]) -> list[KnownProduct]:
        cards = [titles[product] for product in products if product in titles][:MOST_SHOWN]
        return [KnownProduct(card.product_id, card.title, card.handle) for card in cards]

    consent = ShopperConsent(own=preferences.switches)
    own = {purpose: why_not(purpose, consent) for purpose in (Purpose.PERSONALISE, Purpose.LEARN)}
    return Known(
        preferences,
        {kind: told(products) for kind, products in found.items()},
        told(preferences.products),
        {purpose: reason for purpose, reason in own.items() if reason},
    )


def set_preferences(shop: Shop, names: ShopperNames, asked: Mapping[str, object], ports: Ports) -> Preferences:
    """Change what is asked for, under all of the shopper's names; returns how it stands now.

    Raises:
        BadPreference: the wish cannot be understood.
        Retryable: it is kept, and not yet where serving reads it; the shopper may ask again.
    """
    at, known = ports.clock.now(), ports.consents.named(shop.id, names)
    before = ports.consents.of(shop.id, known)
    after = changed(before, asked)
    _save(shop.id, known, before, after, at, ports)
    if after.switches.personalise is False and names.customer:
        # The keyed store of purchases is only there to choose by; training leaves them out by the row itself.
        ports.purchases.drop(shop.id, [names.customer])
    return after


def _save(
    shop: ShopId, names: ShopperNames, before: Preferences, after: Preferences, at: datetime, ports: Ports
) -> None:
    changes = differences(before, after)
    rows = ports.consents.save(shop, names, after, changes, source=SOURCE, at=at)
    ports.live_preferences.keep(shop, rows)
