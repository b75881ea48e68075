"""Tell a browser which arms its visitor is in, before a page is painted: what looks different must not change later.

Nothing is recorded: being in an arm is not an exposure, and the browser asks long before any rail is in view.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.core.experiments.assign import Plan
from app.core.ids import CustomerId, VisitorId
from app.core.recommend.types import Rail
from app.core.shops import Shop
from app.services.serve_recommendations import APART, Ports, Stitch, stitch_of, unit_of


@dataclass(frozen=True, slots=True)
class Arms:
    """The rails that experiments touch, and what they make of them for one visitor."""

    rails: Mapping[Rail, Plan] | None = field(default_factory=dict)
    """None where that cannot be told now: what the browser was told before still holds."""
    stitch: Stitch = APART


UNTOLD = Arms(None)


def tell_arms(shop: Shop, visitor: VisitorId | None, customer: CustomerId | None, ports: Ports) -> Arms:
    """The visitor's arms; none without consent, and so without an id.

    Nothing is told where experiments or the visitor's unit cannot be read: a wrong answer would stay for the session.

    Args:
        customer: only one whose number Shopify has signed.
    """
    experiments = (ports.shelves.mapped(shop.id) or ports.shelves.small(shop.id, ())).experiments
    if experiments.unread:
        return UNTOLD
    if visitor is None or not (experiments.running or experiments.adopted):
        return Arms()
    state = ports.live.read(shop.id, visitor, list_of=None, signed_in=customer)
    unit = unit_of(visitor, state)
    return Arms(experiments.painted(unit), stitch_of(visitor, state, experiments)) if unit else UNTOLD
