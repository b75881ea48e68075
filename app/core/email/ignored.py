"""What a shopper leaves alone in mails: a product that stood in three of them, and was not clicked in any."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.core.ids import CustomerId, ProductId, RequestId

TIMES: Final = 3


@dataclass(frozen=True, slots=True)
class Chosen:
    """A decision of which products a customer's next mail shows; none, where the control's mail shows none of ours."""

    at: datetime
    request: RequestId
    products: tuple[ProductId, ...]
    in_event: bool = False
    """Whether the event that starts a flow of ours brought it; otherwise it stands in the profile."""


@dataclass(frozen=True, slots=True)
class Received:
    """A mail that came and shows products of ours: from a flow that we made, or the merchant's own with our block."""

    at: datetime
    of_our_flow: bool


def ignored(
    chosen: Mapping[CustomerId, Sequence[Chosen]],
    received: Mapping[CustomerId, Iterable[Received]],
    clicked: Mapping[CustomerId, Iterable[tuple[RequestId, int | None]]],
) -> dict[tuple[CustomerId, ProductId], int]:
    """In how many mails each product stood, by customer; without those that the customer has clicked in one.

    A mail shows what had been decided last before it came: Klaviyo tells of a mail that it was received, not what was
    in it. Mails of our flows show what their events brought, and others what stands in the profile.
    A click names the decision and the place in it, from 1, so it is known exactly; one without a place, or of a
    decision that is not known, says nothing.
    """
    counts: dict[tuple[CustomerId, ProductId], int] = {}
    for customer, decisions in chosen.items():
        ordered = sorted(decisions, key=lambda one: one.at)
        times: Counter[ProductId] = Counter()
        for mail in received.get(customer, ()):
            times.update(_shown(ordered, mail))
        liked = _clicked(ordered, clicked.get(customer, ()))
        counts |= {(customer, product): number for product, number in times.items() if product not in liked}
    return counts


def _shown(ordered: Sequence[Chosen], mail: Received) -> set[ProductId]:
    ours = [one for one in ordered if one.in_event is mail.of_our_flow]
    place = bisect_right(ours, mail.at, key=lambda one: one.at) - 1
    return set(ours[place].products) if place >= 0 else set()


def _clicked(decisions: Sequence[Chosen], clicks: Iterable[tuple[RequestId, int | None]]) -> set[ProductId]:
    products = {one.request: one.products for one in decisions}
    found = set()
    for request, place in clicks:
        shown = products.get(request, ())
        if place is not None and 1 <= place <= len(shown):
            found.add(shown[place - 1])
    return found
