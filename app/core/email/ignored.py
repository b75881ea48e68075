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
    """A decision of which products a customer's next mail shows."""

    at: datetime
    request: RequestId
    products: tuple[ProductId, ...]


def ignored(
    chosen: Mapping[CustomerId, Sequence[Chosen]],
    received: Mapping[CustomerId, Iterable[datetime]],
    clicked: Mapping[CustomerId, Iterable[tuple[RequestId, int | None]]],
) -> dict[tuple[CustomerId, ProductId], int]:
    """In how many mails each product stood, by customer; without those that the customer has clicked in one.

    A mail shows what had been decided last before it came: Klaviyo tells of a mail that it was received, not what was
    in it. A click names the decision and the place in it, from 1, so it is known exactly; one without a place, or of a
    decision that is not known, says nothing.
    """
    counts: dict[tuple[CustomerId, ProductId], int] = {}
    for customer, decisions in chosen.items():
        ordered = sorted(decisions, key=lambda one: one.at)
        moments = [one.at for one in ordered]
        times: Counter[ProductId] = Counter()
        for at in received.get(customer, ()):
            place = bisect_right(moments, at) - 1
            if place >= 0:
                times.update(set(ordered[place].products))
        liked = _clicked(ordered, clicked.get(customer, ()))
        counts |= {(customer, product): number for product, number in times.items() if product not in liked}
    return counts


def _clicked(decisions: Sequence[Chosen], clicks: Iterable[tuple[RequestId, int | None]]) -> set[ProductId]:
    products = {one.request: one.products for one in decisions}
    found = set()
    for request, place in clicks:
        shown = products.get(request, ())
        if place is not None and 1 <= place <= len(shown):
            found.add(shown[place - 1])
    return found
