"""Erase one customer everywhere, and prove it (law 4).

The tombstones come first, so that nothing that arrives meanwhile brings the customer back; then every registered
place, in the registry's order: what hangs on a link goes before the link. Then every place is read again. A receipt is
closed only when all of them were found empty; what is not is erased once more, and then the request fails aloud, to
be tried again. All of it may be repeated after a kill; the receipt is written place by place, so that it also says what
a killed try had erased.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.core.ids import CustomerId, OrderId, ShopId
from app.errors import Retryable
from app.ports import Clock, ErasablePlace, Privacy, Subject
from app.services.checkpoints import Checkpoint, carry_on

log = logging.getLogger(__name__)

KIND: Final = "customer_erasure"
TRIES: Final = 2
"""A writer that began before the tombstones stood may have added something between erasing and reading again."""


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

    Raises:
        Retryable: a place still holds something of the person; the receipt stays open and says which.
    """
    now = ports.clock.now()
    subject = ports.privacy.bury(shop, customer, orders, email=email, at=now)
    checkpoint("buried")
    if not ports.privacy.open_receipt(shop, request_id, KIND, str(customer), at=now):
        return {}
    erase_places(shop, subject, request_id, ports.places, ports.privacy, ports.clock, checkpoint=checkpoint)
    training = ports.next_training(shop, now)
    aggregates = {"dropped_by_training_at": training.isoformat() if training else None}
    return ports.privacy.close_receipt(shop, request_id, at=ports.clock.now(), places={"aggregates": aggregates})


def erase_places(
    shop: ShopId,
    subject: Subject,
    request_id: str,
    places: Sequence[ErasablePlace],
    privacy: Privacy,
    clock: Clock,
    *,
    checkpoint: Checkpoint = carry_on,
) -> None:
    """Erase the subject in each place and read all of them again, both written into the receipt.

    Raises:
        Retryable: a place still holds something.
    """
    unfinished = list(places)
    for _ in range(TRIES):
        for place in unfinished:
            records = place.erase_customer(shop, subject)
            privacy.note_place(shop, request_id, place.name, records=records, at=clock.now())
            checkpoint(place.name)
        unfinished = []
        for place in places:
            left = place.remaining(shop, subject)
            privacy.note_left(shop, request_id, place.name, left=left, at=clock.now())
            if left:
                unfinished.append(place)
        checkpoint("read_again")
        if not unfinished:
            return
    names = ", ".join(place.name for place in unfinished)
    log.error("erasure %s in shop %d is not complete: %s", request_id, shop, names)
    raise Retryable(f"the erasure is not complete: {names} still hold something of the person")
