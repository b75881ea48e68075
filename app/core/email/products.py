"""A product as a mail shows it: everything that a template needs, so that no mail depends on a lookup.

One shape serves profile properties, the properties of events and the feeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit, urlunsplit

from app.core.email.names import CHANNEL, KLAVIYO_CHANNEL, PLACE, REQUEST
from app.core.ids import ProductId

MOST_ITEMS: Final = 8
"""Eight objects take about 2.2 kB, and Klaviyo takes 5 MB at a time."""
MOST_KNOWN: Final = 10_000
"""Addresses that are kept taken apart: a push writes those of a shop's products a hundred times over."""
OWN: Final = frozenset({REQUEST, PLACE, CHANNEL})


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

    def because(self, reason: str) -> MailItem:
        """The same with another reason."""
        return MailItem(self.product_id, self.title, self.url, self.image, self.price, reason, self.compare_at)

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
    start, end = _around(url)
    asked = f"{REQUEST}={quote_plus(request_id)}&" if request_id else ""
    return f"{start}{asked}{PLACE}={position}&{CHANNEL}={KLAVIYO_CHANNEL}{end}"


@lru_cache(maxsize=MOST_KNOWN)
def _around(url: str) -> tuple[str, str]:
    """What stands before our parameters in a link to this address, and after them."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in OWN]
    query = f"{urlencode(kept)}&" if kept else ""
    return urlunsplit(
        parts._replace(query="", fragment="")
    ) + f"?{query}", f"#{parts.fragment}" if parts.fragment else ""
