"""What events, orders and customers' records say of who is who, as ties. Whoever may not be known is tied to nothing.

Each function asks the consent function before it says anything: of an event by its consent at capture, of a customer
by their opt-out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.core.events import Event, SignUpForm
from app.core.profiles.consent import Purpose, ShopperConsent, allowed, captured
from app.core.profiles.identity import HOUR_S, Evidence, Name, Named, Tie, tie

KX: Final = "kx:"
"""Before the token of a link in a mail, which Klaviyo alone can exchange for its profile's id."""
_FORMS: Final = {SignUpForm.NEWSLETTER: Evidence.NEWSLETTER, SignUpForm.ACCOUNT: Evidence.ACCOUNT}


def of_event(event: Event) -> Iterator[Tie]:
    """What one event ties together."""
    if not allowed(Purpose.STORE_BEHAVIOUR, captured(event.consent)):
        return
    visitor = Named(Name.VISITOR, event.visitor) if event.visitor else None
    client = Named(Name.CLIENT, event.client) if event.client else None
    browser = visitor or client
    if browser is None:
        return
    hour = hour_of(event.at)
    if visitor is not None and client is not None:
        yield tie(visitor, client, Evidence.BROWSER, hour)
    for name, evidence in _told(event):
        yield tie(browser, name, evidence, hour)


def _told(event: Event) -> Iterator[tuple[Named, Evidence]]:
    if event.customer_id is not None:
        yield Named(Name.CUSTOMER, str(event.customer_id)), Evidence.SIGNED_IN
    if event.email and event.form is not None:
        yield Named(Name.EMAIL, event.email), _FORMS[event.form]
    if event.cart:
        yield Named(Name.CART, event.cart), Evidence.TOKEN
    if event.checkout:
        yield Named(Name.CHECKOUT, event.checkout), Evidence.TOKEN
    if event.ga4:
        yield Named(Name.GA4, event.ga4), Evidence.ANALYTICS
    if event.kx:
        yield Named(Name.KLAVIYO, KX + event.kx), Evidence.EMAIL_LINK


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What is known of an order and of one browser behind it; `email` and `record` are keyed hashes.

    `record` is the address in the customer's record, `seen_at` when the browser saw the order's last page.
    """

    customer: int | None
    email: str | None
    at: datetime
    opted_out: bool
    record: str | None
    visitor: str | None = None
    client: str | None = None
    seen_at: datetime | None = None


def of_order(order: OrderFacts) -> Iterator[Tie]:
    """What one order ties together: its customer, its address, and the browser that placed it."""
    if not allowed(Purpose.LEARN, ShopperConsent(opted_out=order.opted_out)):
        return
    customer = Named(Name.CUSTOMER, str(order.customer)) if order.customer is not None else None
    email = Named(Name.EMAIL, order.email) if order.email else None
    if customer is not None and email is not None and order.email != order.record:
        yield tie(customer, email, Evidence.ORDERED_WITH, hour_of(order.at))
    buyer, evidence = (customer, Evidence.BOUGHT) if customer else (email, Evidence.BOUGHT_AS_GUEST)
    browsers = ((Name.VISITOR, order.visitor), (Name.CLIENT, order.client))
    for kind, id in browsers:
        if buyer is not None and id:
            yield tie(Named(kind, id), buyer, evidence, hour_of(order.seen_at or order.at))


def of_customer(customer: int, email: str | None, at: datetime, *, opted_out: bool) -> Iterator[Tie]:
    """What a customer's record says: the address is theirs."""
    if email and allowed(Purpose.LEARN, ShopperConsent(opted_out=opted_out)):
        yield tie(Named(Name.CUSTOMER, str(customer)), Named(Name.EMAIL, email), Evidence.RECORD, hour_of(at))


def of_tokens(payload: Mapping[str, Any], at: datetime, *, email: str | None, opted_out: bool) -> Iterator[Tie]:
    """What the payload of an order says of the cart and the checkout that it came of.

    Args:
        email: the keyed hash of the address it was placed with.
    """
    if not allowed(Purpose.LEARN, ShopperConsent(opted_out=opted_out)):
        return
    customer = payload.get("customer")
    number = customer.get("id") if isinstance(customer, Mapping) else None
    buyer = Named(Name.CUSTOMER, str(number)) if isinstance(number, int) else Named(Name.EMAIL, email or "")
    for kind, field in ((Name.CART, "cart_token"), (Name.CHECKOUT, "checkout_token")):
        if buyer.id and payload.get(field):
            yield tie(Named(kind, token_hash(str(payload[field]))), buyer, Evidence.TOKEN, hour_of(at))


def of_klaviyo(profiles: Iterable[tuple[str, str, str | None, datetime]]) -> Iterator[Tie]:
    """What Klaviyo answers when links' tokens are exchanged: token, its profile's id, the keyed hash of its address."""
    for token, profile, email, at in profiles:
        holder = Named(Name.KLAVIYO, profile)
        yield tie(Named(Name.KLAVIYO, KX + token), holder, Evidence.KLAVIYO_RECORD, hour_of(at))
        if email:
            yield tie(holder, Named(Name.EMAIL, email), Evidence.KLAVIYO_RECORD, hour_of(at))


def token_hash(token: str) -> str:
    """What is kept of a cart's or checkout's token: whoever has the token itself can open the cart."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def hour_of(moment: datetime) -> int:
    """The hour since 1970, UTC, in which something happened."""
    return int(moment.timestamp() // HOUR_S)
