"""When a mail is due: the rules in plain words, how often each may fire, and what its event says.

A rule finds occasions; each has a key, and an occasion with a key that stands already is the same one. Nobody gets two
events of one kind within its pause, and beside what answers the shopper's own act (a sign-up, an order, a cart) nobody
gets one within `QUIET` of another. Whether somebody wants mails is asked of the consent function, and once more by
Klaviyo, whose flows filter marketing consent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from app.core.email.care import Care
from app.core.email.names import ARM, Arm, Trigger
from app.core.email.picked import MailAsk, Picked
from app.core.email.products import MailItem
from app.core.ids import CustomerId, ProductId, VariantId
from app.core.recommend.types import Rail

QUIET: Final = timedelta(days=2)
"""Between two events that the shopper did not ask for."""
INSTEAD: Final[Mapping[Rail, tuple[Rail, ...]]] = {
    Rail.ALSO_VIEWED: (Rail.BOUGHT_TOGETHER, Rail.FOR_YOU),
    Rail.GOES_WELL: (Rail.BOUGHT_TOGETHER,),
}
"""What a mail about a product holds where nothing stands beside it on the rail that suits the mail best."""
POPULAR: Final = "Popular right now"
"""Stands above products that were not chosen for the shopper, in place of the mail's own heading."""
LINES: Final = "cart_lines"
"""Among the facts of a cart left behind: variant → how many of it."""
AFTER_ORDER: Final = timedelta(days=3)
"""After an order nothing is sent that wants another one, but for what goes with the order."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One trigger's rule.

    `pause` is the shortest time between two of the kind for one shopper; `own_act` says that the shopper has just done
    what it answers; `stale` is the age at which an occasion is no longer worth a mail.
    """

    trigger: Trigger
    words: str
    rail: Rail
    pause: timedelta
    stale: timedelta
    own_act: bool = False


RULES: Final[Mapping[Trigger, Rule]] = {
    rule.trigger: rule
    for rule in (
        Rule(
            Trigger.SIGNED_UP,
            "Somebody new accepts e-mail marketing and has not ordered yet.",
            Rail.FOR_YOU,
            timedelta(days=3650),
            timedelta(days=2),
            own_act=True,
        ),
        Rule(
            Trigger.BROWSE_ABANDONED,
            "A known shopper looked at a product at least twice, the last time within a day, then did nothing for 4 "
            "hours, has nothing in the cart and has not ordered since.",
            Rail.ALSO_VIEWED,
            timedelta(days=7),
            timedelta(days=1),
        ),
        Rule(
            Trigger.CART_LEFT,
            "A known shopper put something into the cart and has neither done anything nor ordered for an hour.",
            Rail.GOES_WELL,
            timedelta(days=7),
            timedelta(days=1),
            own_act=True,
        ),
        Rule(
            Trigger.ORDERED,
            "An order was placed; the mail shows what goes with it.",
            Rail.GOES_WELL,
            timedelta(hours=12),
            timedelta(days=2),
            own_act=True,
        ),
        Rule(
            Trigger.REPLENISHMENT_DUE,
            "A shopper has bought the same product at least three times, and the median of their own intervals between "
            "these orders is over.",
            Rail.BUY_AGAIN,
            timedelta(days=14),
            timedelta(days=14),
        ),
        Rule(
            Trigger.BACK_IN_FAVOURITES,
            "A product that the shopper looked at within 30 days can be bought again, or costs at least 5 % less than "
            "it did.",
            Rail.ALSO_VIEWED,
            timedelta(days=7),
            timedelta(days=2),
        ),
        Rule(
            Trigger.CHURN_RISK_ROSE,
            "The shopper’s stage of life became “at risk”, and they were not lost before.",
            Rail.FOR_YOU,
            timedelta(days=60),
            timedelta(days=7),
        ),
        Rule(
            Trigger.WIN_BACK,
            "The shopper’s stage of life became “lost”.",
            Rail.FOR_YOU,
            timedelta(days=90),
            timedelta(days=14),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Occasion:
    """A mail that is due to one shopper. `key` tells the occasion apart from the shopper's others of its trigger."""

    trigger: Trigger
    customer: CustomerId
    key: str
    at: datetime
    """When it came about."""
    product: ProductId | None = None
    """What it is about."""
    cart: tuple[ProductId, ...] = ()
    """The products of the cart or the order."""
    facts: Mapping[str, Any] | None = None
    """Properties of its own, such as ``order_name``."""

    @property
    def unique_id(self) -> str:
        """By which Klaviyo ignores an event that comes twice."""
        name = f"{self.trigger}:{self.customer}:{self.key}"
        return f"attune-{sha256(name.encode()).hexdigest()[:40]}"


def ask_of(occasion: Occasion) -> MailAsk:
    """The products that the mail is to show."""
    shown = frozenset((*occasion.cart, *([occasion.product] if occasion.product else [])))
    rail = RULES[occasion.trigger].rail
    if occasion.trigger is Trigger.SIGNED_UP and occasion.product:
        rail = Rail.ALSO_VIEWED
    # What is due again is itself the product that the mail is about.
    without = frozenset[ProductId]() if rail is Rail.BUY_AGAIN else shown
    # A shop whose views have not taught anything yet has no such rail, and some products have no neighbours there.
    instead = INSTEAD.get(rail, ()) if occasion.product else ()
    return MailAsk(
        occasion.customer, rail, product=occasion.product, cart=occasion.cart, without=without, instead=instead
    )


def lines_of(occasion: Occasion) -> dict[VariantId, int]:
    """What lies in the cart, by variant; empty where it is not known."""
    return {VariantId(int(variant)): int(number) for variant, number in (occasion.facts or {}).get(LINES, {}).items()}


def about_of(occasion: Occasion) -> tuple[ProductId, ...]:
    """The products that the occasion itself is about; nothing of ours chose them."""
    return occasion.cart or ((occasion.product,) if occasion.product else ())


def objects_of(occasion: Occasion, items: Mapping[ProductId, MailItem]) -> list[dict[str, str | int]]:
    """The same as the mail shows them; `items` are those that can be bought now."""
    about = about_of(occasion)
    return [items[product].as_json("", place) for place, product in enumerate(about, 1) if product in items]


def cared_for(occasion: Occasion) -> tuple[ProductId, ...]:
    """The products of whose care the mail tells: what was just bought."""
    return about_of(occasion) if occasion.trigger is Trigger.ORDERED else ()


def event_of(
    occasion: Occasion,
    *,
    email: str,
    arm: Arm,
    picked: Picked | None,
    about: Sequence[Mapping[str, Any]] = (),
    offer: Mapping[str, Any] | None = None,
    care: Care | None = None,
    cart_url: str = "",
) -> dict[str, Any]:
    """The event's attributes as Klaviyo takes them; what is empty is left out, because Klaviyo ignores it.

    The arm goes into the profile with it: the flow splits on it at once, and whoever has just signed up was in no push.

    Args:
        picked: our products; None for the control, whose mail shows the merchant's own block.
        about: the objects of the product or cart that the occasion is about; both arms get them.
        offer: ``offer_code`` and what belongs to it.
        cart_url: the way back to the cart; both arms get it.
        care: how to look after what was bought; both arms get it, because nothing of it was chosen for the shopper.
    """
    facts = {name: value for name, value in (occasion.facts or {}).items() if name != LINES}
    properties: dict[str, Any] = {"arm": arm.value, "cart_url": cart_url, **facts, **(offer or {})}
    if care is not None:
        properties["care"] = care.as_json()
    if about:
        properties |= {"product": about[0], "cart": list(about)}
    if picked is not None and picked.items:
        properties |= {"items": picked.as_json(), "rid": str(picked.request_id)}
        properties["heading"] = POPULAR if picked.popular else None
    return {
        "properties": {name: value for name, value in properties.items() if value not in (None, "", 0, [], {})},
        "time": occasion.at.isoformat(),
        "unique_id": occasion.unique_id,
        "metric": {"data": {"type": "metric", "attributes": {"name": occasion.trigger.value}}},
        "profile": {"data": {"type": "profile", "attributes": {"email": email, "properties": {ARM: arm.value}}}},
    }
