"""Erase one customer everywhere, and prove it (law 4).

The tombstones come first, so that nothing that arrives meanwhile brings the customer back; then every registered
place, in the registry's order: what hangs on a link goes before the link. All of it may be repeated after a kill; the
receipt is written place by place, so that it also says what a killed try had erased.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.core.ids import CustomerId, OrderId, ShopId
from app.ports import Clock, ErasablePlace, Privacy
from app.services.checkpoints import Checkpoint, carry_on

KIND: Final = "customer_erasure"


@dataclass(frozen=True, slots=True)
class Ports:
    """`next_training` says when the shop's models are next learnt anew; None while nothing is learnt there."""

    places: Sequence[ErasablePlace]
    privacy: Privacy
    clock: Clock
    next_training: Callable[[ShopId, datetime], datetime | None]


def erase_customer(
    shop: ShopId,
    customer: CustomerId,
    *,
    request_id: str,
    ports: Ports,
    orders: Sequence[OrderId] = (),
    email: str | None = None,
    checkpoint: Checkpoint = carry_on,
) -> dict[str, Any]:
    """Erase; returns what the receipt says by place. A request that has been answered is not repeated.

    Args:
        request_id: the webhook's id, or the command's own; the receipt's key.
        orders: orders that the request names besides those linked to the customer.
        email: the address that the request names, to find a guest's other orders.
    """
    now = ports.clock.now()
    subject = ports.privacy.bury(shop, customer, orders, email=email, at=now)
    checkpoint("buried")
    if not ports.privacy.open_receipt(shop, request_id, KIND, str(customer), at=now):
        return {}
    for place in ports.places:
        records = place.erase_customer(shop, subject)
        ports.privacy.note_place(shop, request_id, place.name, records=records, at=ports.clock.now())
        checkpoint(place.name)
    training = ports.next_training(shop, now)
    aggregates = {"dropped_by_training_at": training.isoformat() if training else None}
    return ports.privacy.close_receipt(shop, request_id, at=ports.clock.now(), places={"aggregates": aggregates})
