"""A mail looked at before it is sent: what stands in for an occasion, and the page that a frame shows.

Klaviyo fills in the template; here it is only made fit for a frame in which nothing can be followed or run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from app.core.email.flows.plan import FlowPlan, Mail
from app.core.email.flows.series import FLOWS
from app.core.email.names import Trigger
from app.core.email.triggers import Occasion
from app.core.ids import CustomerId
from app.core.recommend.past_orders import PastOrder

EXAMPLE: Final = "example"
NEEDS_PRODUCT: Final = frozenset(Trigger) - {Trigger.SIGNED_UP, Trigger.CHURN_RISK_ROSE, Trigger.WIN_BACK}
"""Triggers whose mails are about a product or a cart."""
CARTS: Final = frozenset({Trigger.CART_LEFT, Trigger.ORDERED})
_DARK: Final = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*dark\s*\)", re.IGNORECASE)
_HEAD: Final = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_EITHER: Final = re.compile(r"{% if event\.(\w+) %}(.*?){% else %}(.*?){% endif %}")
_STORE: Final = "{{ organization.name }}"
_PROPERTY: Final = re.compile(r"{{ event\.(\w+) }}")
NOWHERE: Final = '<base target="_blank">'
"""Links of the frame would open a window of their own, which its sandbox forbids."""


def mail_of(key: str) -> tuple[FlowPlan, Mail] | None:
    """The mail of this key, and the flow that it belongs to."""
    return next(((plan, mail) for plan in FLOWS for mail in plan.mails if mail.key == key), None)


def example(trigger: Trigger, customer: CustomerId, last: PastOrder | None, at: datetime) -> Occasion | None:
    """An occasion as it might come about, of what the shopper bought last; None where they bought nothing."""
    if trigger not in NEEDS_PRODUCT:
        return Occasion(trigger, customer, EXAMPLE, at)
    if last is None or not last.products:
        return None
    cart = last.products if trigger in CARTS else ()
    return Occasion(trigger, customer, EXAMPLE, at, last.products[0], cart)


def subject_of(mail: Mail, store: str, properties: Mapping[str, object]) -> str:
    """The subject as it is read: Klaviyo's API fills in templates only. Ours hold nothing but the store and the event.

    Args:
        properties: the event's.
    """
    chosen = _EITHER.sub(lambda found: found[2] if properties.get(found[1]) else found[3], mail.subject)
    return _PROPERTY.sub(lambda found: str(properties.get(found[1], "")), chosen).replace(_STORE, store)


def framed(html: str, *, dark: bool) -> str:
    """The mail for a frame: as a reader in dark mode sees it or as all others do, whatever the browser prefers."""
    fixed = _DARK.sub("@media all" if dark else "@media not all", html)
    return _HEAD.sub(lambda head: head[0] + NOWHERE, fixed, count=1)
