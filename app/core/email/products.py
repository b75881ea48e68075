"""A product as a mail shows it: everything that a template needs, so that no mail depends on a lookup.

One shape serves profile properties, the properties of events and the feeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from app.core.email.names import CHANNEL, KLAVIYO_CHANNEL, PLACE, REQUEST
from app.core.ids import ProductId

MOST_ITEMS: Final = 8
"""Eight objects take about 2.2 kB, and Klaviyo takes 5 MB at a time."""


@dataclass(frozen=True, slots=True)
class MailItem:
    """One recommended product. `price` and `compare_at` are as a shopper reads them, with the currency."""

    product_id: ProductId
    title: str
    url: str
    """Of the product's page in the store, absolute, without our parameters."""
    image: str
    """Absolute; empty where the product has none."""
    price: str
    reason: str
    """One sentence such as “Because you looked at the Linen Throw”; empty for none."""
    compare_at: str = ""
    """The price before a reduction; empty where there is none."""

    def as_json(self, request_id: str, position: int) -> dict[str, str | int]:
        """The object as Klaviyo gets it. Klaviyo drops empty values of events, so none is sent.

        Args:
            request_id: of the decision that chose it; empty in a feed, which chooses for nobody.
            position: its place in that decision, from 1.
        """
        said: dict[str, str | int] = {
            "id": str(self.product_id),
            "title": self.title,
            "url": link_of(self.url, request_id, position),
            "image": self.image,
            "price": self.price,
            "compare_at": self.compare_at,
            "reason": self.reason,
            "rid": request_id,
            "pos": position,
        }
        return {name: value for name, value in said.items() if value != ""}


def link_of(url: str, request_id: str, position: int) -> str:
    """The product's address with our parameters, by which a click is known again; others that it had stay."""
    parts = urlsplit(url)
    own = {REQUEST: request_id, PLACE: str(position), CHANNEL: KLAVIYO_CHANNEL}
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in own]
    query = urlencode([*kept, *((name, value) for name, value in own.items() if value)])
    return urlunsplit(parts._replace(query=query))
