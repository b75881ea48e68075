"""The names of all Redis keys in one place, so that who writes and who reads can't drift apart.

Every key that belongs to a shop carries its number behind ``attune:``; erasing a shop means these and nothing else.
"""

from __future__ import annotations

from typing import Final

from app.core.ids import ClientId, CustomerId, ShopId, VisitorId
from app.core.profiles.preferences import known_as

EVENTS: Final = "attune:events"
"""The stream of visitor events and decisions of all shops."""
DEAD_LETTERS: Final = "attune:events:dead"
"""Entries of the stream that no consumer could store, with the reason."""
LIVE_GROUP: Final = "live"
"""Readers of the stream that fold events into live state at once."""
LAKE_GROUP: Final = "lake"
"""Readers of the stream that store its entries for good."""
GROUPS: Final = (LIVE_GROUP, LAKE_GROUP)
"""An entry may be dropped when every one of these is done with it."""


def catalog(shop: ShopId) -> str:
    """Counter, bumped after each commit that changes products or stock."""
    return f"attune:{shop}:catalog"


def catalog_epoch(shop: ShopId) -> str:
    """Counter, bumped after a bulk import: what was read before must be read again in full."""
    return f"attune:{shop}:catalog_epoch"


def catalog_looked(shop: ShopId) -> str:
    """Both counters as they stood when the feeds for mails were last compared with the catalogue."""
    return f"attune:{shop}:catalog_looked"


def model(shop: ShopId) -> str:
    """Counter, bumped when the pointer to the shop's model moves."""
    return f"attune:{shop}:model"


def fresh(shop: ShopId) -> str:
    """What was learnt since the trainings of the versions that serve: a hash of JSON by version."""
    return f"attune:{shop}:fresh"


def fresh_counter(shop: ShopId) -> str:
    """Counter, bumped when that changes."""
    return f"attune:{shop}:fresh_counter"


def experiments(shop: ShopId) -> str:
    """Counter, bumped after each commit that changes the shop's experiments."""
    return f"attune:{shop}:experiments"


def lists(shop: ShopId) -> str:
    """Hash: product id → ``reason_code,product_id,product_id…``."""
    return f"attune:{shop}:lists"


def visitor(shop: ShopId, visitor_id: VisitorId | str) -> str:
    """Hash of a consenting visitor's live state."""
    return f"attune:{shop}:visitor:{visitor_id}"


def client(shop: ShopId, client_id: ClientId | str) -> str:
    """The visitor that a browser, known to the pixel by its client id, has turned out to be."""
    return f"attune:{shop}:client:{client_id}"


def client_state(shop: ShopId, client_id: ClientId | str) -> str:
    """Hash like a visitor's: what a browser did before it was known which visitor it is."""
    return f"attune:{shop}:client_state:{client_id}"


def deeds(shop: ShopId, browser: VisitorId | ClientId | str) -> str:
    """Hash of what a visitor or client did today, for live rules: event id → what it was; it ends with the next day."""
    return f"attune:{shop}:deeds:{browser}"


def erased(shop: ShopId, digest: str) -> str:
    """Until when (milliseconds) nothing that an erased browser did is folded; `folding.digest` names it."""
    return f"attune:{shop}:erased:{digest}"


def customer(shop: ShopId, customer_id: CustomerId | int) -> str:
    """Redis list of the products that a customer bought last, newest first, at most 20."""
    return f"attune:{shop}:customer:{customer_id}"


def unit(shop: ShopId, visitor_id: VisitorId | str) -> str:
    """Who is assigned to arms in this visitor's place: the first id under which its signed-in customer came."""
    return f"attune:{shop}:unit:{visitor_id}"


def unit_of_customer(shop: ShopId, customer_id: CustomerId | int | str) -> str:
    """The same by the customer, of whom Shopify has signed that they are signed in."""
    return f"attune:{shop}:unit_of_customer:{customer_id}"


def browsers_of_customer(shop: ShopId, customer_id: CustomerId | int | str) -> str:
    """How many visitors have been assigned as that unit."""
    return f"attune:{shop}:browsers_of_customer:{customer_id}"


def own(shop: ShopId, kind: str, who: str) -> str:
    """What a shopper has set for themselves (`app.adapters.redis.preferences`).

    Args:
        kind: customer, visitor or client.
        who: the customer's number, or the digest of the browser's id, as the database knows it.
    """
    return f"attune:{shop}:own:{kind}:{who}"


def own_of(shop: ShopId, kind: str, id: VisitorId | ClientId | str) -> str:
    """The same by the visitor's or client's id itself."""
    return own(shop, kind, known_as(kind, id))


def klaviyo_troubles(shop: ShopId) -> str:
    """Hash: kind of work for Klaviyo → JSON of why it did not go through."""
    return f"attune:{shop}:klaviyo_troubles"


def klaviyo_calls(account: str, kind: str, call: str) -> str:
    """When a call of Klaviyo's was made: a sorted set that runs out with the longest window.

    Shops on one account share its quota, hence no shop's number; nothing personal stands in it.
    """
    return f"attune:klaviyo:{account}:{kind}:{call}"
