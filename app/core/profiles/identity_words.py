"""Names, evidence and standings in words that a merchant reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from app.core.profiles.identity import Evidence, Name, Named, Standing

SHOWN: Final = 8
"""Ids are shown by so many of their characters: visitors' are secrets, and nobody reads hashes."""

_KINDS: Final[Mapping[Name, str]] = {
    Name.VISITOR: "Browser {}…",
    Name.CLIENT: "Browser {}… (Shopify’s own id)",
    Name.CUSTOMER: "Customer {}",
    Name.EMAIL: "E-mail address with the code {}…",
    Name.KLAVIYO: "Klaviyo profile {}",
    Name.CART: "Cart {}…",
    Name.CHECKOUT: "Checkout {}…",
    Name.GA4: "Google Analytics id {}",
    Name.EXTERNAL: "Outside id {}",
}
_WHOLE: Final = frozenset({Name.CUSTOMER, Name.KLAVIYO, Name.GA4, Name.EXTERNAL})
_COUNTED: Final[tuple[tuple[tuple[Name, ...], str, str], ...]] = (
    ((Name.CUSTOMER,), "customer", "customers"),
    ((Name.EMAIL,), "e-mail address", "e-mail addresses"),
    ((Name.VISITOR,), "browser", "browsers"),
    ((Name.KLAVIYO,), "Klaviyo profile", "Klaviyo profiles"),
)

SENTENCES: Final[Mapping[Evidence, str]] = {
    Evidence.BROWSER: "Both are ids of one browser, which reported them together.",
    Evidence.ANALYTICS: "The browser carried this id of Google Analytics.",
    Evidence.SIGNED_IN: "The customer was signed in on this browser; Shopify vouches for it.",
    Evidence.BOUGHT: "An order of the customer’s was placed on this browser.",
    Evidence.BOUGHT_AS_GUEST: "An order was placed on this browser with the address, without an account.",
    Evidence.ACCOUNT: "An account was opened with the address on this browser.",
    Evidence.NEWSLETTER: "The address was given to a newsletter form on this browser.",
    Evidence.RECORD: "The customer’s record in Shopify holds the address.",
    Evidence.ORDERED_WITH: "The customer placed an order with the address.",
    Evidence.TOKEN: "The cart or checkout was this browser’s, or became this customer’s order.",
    Evidence.EMAIL_LINK: "The browser came through a link in a mail to this Klaviyo profile.",
    Evidence.KLAVIYO_RECORD: "Klaviyo says that the two are one profile’s.",
    Evidence.EXTERNAL: "Another system says that the two are one person’s.",
    Evidence.MERGED: "The two customers were merged in Shopify.",
}
STANDINGS: Final[Mapping[Standing, str]] = {
    Standing.OWN: "",
    Standing.SHARED: "Several people use it, so it belongs to none of them.",
    Standing.PUBLIC: "It is tied to more names than a person has, so it says nothing about anybody.",
}


def name_words(name: Named) -> str:
    """Such as ``Customer 4711`` or ``Browser 5c5c5c5c…``."""
    return _KINDS[name.kind].format(name.id if name.kind in _WHOLE else name.id[:SHOWN])


def profile_words(names: Iterable[Named]) -> str:
    """What a profile holds, such as ``1 customer, 1 e-mail address and 2 browsers``."""
    kinds = [name.kind for name in names]
    parts = []
    for of, one, many in _COUNTED:
        if number := sum(kind in of for kind in kinds):
            parts.append(f"{number} {one if number == 1 else many}")
    if not parts:
        return "Names of a browser that nobody has identified"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
