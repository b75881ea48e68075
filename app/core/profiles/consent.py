"""The one consent function (law 2): whether something may be done with what is known of a shopper, and if not, why.

It weighs what Shopify's customer privacy says of the browser, what the customer record says of marketing and of the
sale of data, and the shopper's own switches. Every writer of visitor-level data asks it, and
`app.core.governance.writers` lists them. Nothing here reads or writes: who asks brings what is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Purpose(StrEnum):
    """What somebody wants to do with a shopper's data."""

    STORE_BEHAVIOUR = "store_behaviour"
    """Keep what a browser looks at, searches and clicks, under an id of that browser."""
    PERSONALISE = "personalise"
    """Choose what the shopper is shown by what is known of them."""
    LEARN = "learn"
    """Let models and segments learn from them; the merchant's consent to training is another question."""
    EMAIL = "email"
    """Choose or send marketing e-mail to them."""
    ADS = "ads"
    """Put them on an audience that is handed to an advertising network."""


@dataclass(frozen=True, slots=True)
class OwnSwitches:
    """What the shopper has set on the page of preferences; None: never touched."""

    personalise: bool | None = None
    remember: bool | None = None
    """Whether what they look at may be kept."""
    email: bool | None = None


@dataclass(frozen=True, slots=True)
class ShopperConsent:
    """All that is known of one shopper's wishes; None is unknown, which never counts as a yes.

    The first four are Shopify's customer privacy of the browser; `email_marketing` and `opted_out` are the customer's
    record: the state in Shopify's capitals, and the data-sale opt-out or an objection.
    """

    analytics: bool | None = None
    preferences: bool | None = None
    marketing: bool | None = None
    sale_of_data: bool | None = None
    email_marketing: str | None = None
    opted_out: bool | None = None
    own: OwnSwitches = field(default_factory=OwnSwitches)


SUBSCRIBED: Final = "SUBSCRIBED"


def allowed(purpose: Purpose, consent: ShopperConsent) -> bool:
    """Whether nothing stands against it."""
    return why_not(purpose, consent) is None


def why_not(purpose: Purpose, consent: ShopperConsent) -> str | None:
    """The first reason against it, as a sentence about the shopper; None where it is allowed.

    Behaviour, e-mail and advertising need a yes. What is learnt and shown from the store's own orders rests on the
    merchant's contract, so there only a no counts.
    """
    if consent.opted_out:
        return "They opted out of the sale and use of their data."
    return _REASONS[purpose](consent)


def captured(consent: Mapping[str, object], own: OwnSwitches | None = None) -> ShopperConsent:
    """The state that an event or a row of the lake carries, as ``{"analytics": True, …}``; unknown where missing."""

    def said(name: str) -> bool | None:
        value = consent.get(name)
        return None if value is None else value is True

    return ShopperConsent(
        said("analytics"), said("preferences"), said("marketing"), said("sale_of_data"), own=own or OwnSwitches()
    )


_OFF: Final = "They switched personal recommendations off."


def _store_behaviour(consent: ShopperConsent) -> str | None:
    if consent.own.remember is False:
        return "They asked not to be remembered."
    if consent.analytics is not True:
        return "They have not allowed analytics." if consent.analytics is None else "They refused analytics."
    return None


def _personalise(consent: ShopperConsent) -> str | None:
    if consent.own.personalise is False:
        return _OFF
    # Where a browser has spoken at all, silence about preferences is no yes.
    asked = consent.analytics is not None or consent.preferences is not None
    return "They have not allowed personal preferences." if asked and consent.preferences is not True else None


def _learn(consent: ShopperConsent) -> str | None:
    if consent.own.personalise is False:
        return _OFF
    return "They refused analytics." if consent.analytics is False else None


def _email(consent: ShopperConsent) -> str | None:
    if consent.own.email is False:
        return "They switched e-mail recommendations off."
    return None if consent.email_marketing == SUBSCRIBED else "They do not accept e-mail marketing."


def _ads(consent: ShopperConsent) -> str | None:
    if consent.sale_of_data is False:
        return "They refused the sale of their data."
    if consent.marketing is False:
        return "They refused marketing."
    if consent.own.personalise is False:
        return _OFF
    if consent.marketing or consent.email_marketing == SUBSCRIBED:
        return None
    return "They have not allowed marketing."


_REASONS: Final = {
    Purpose.STORE_BEHAVIOUR: _store_behaviour,
    Purpose.PERSONALISE: _personalise,
    Purpose.LEARN: _learn,
    Purpose.EMAIL: _email,
    Purpose.ADS: _ads,
}
