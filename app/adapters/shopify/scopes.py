"""The scopes that the app asks for, and why: the committed table that shopify.app.toml and the documents are held to.

What the always-on documents need is required; what only a feature's documents need is optional and asked for when the
merchant turns the feature on. Where Shopify accepts any of several scopes, one is picked here. Some scopes no document
shows; each says its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from shopify import ApiAccess

PICKED: Final[Mapping[frozenset[str], str]] = {
    frozenset({"read_orders", "read_marketplace_orders", "read_quick_sale"}): "read_orders",
    frozenset({"read_content", "read_online_store_pages"}): "read_content",
}
"""Either-or sets of the schema, and the one scope of each that we ask for."""

BY_OWNER: Final[Mapping[str, str]] = {
    "set_metafields": "write_products",
    "delete_metafields": "write_products",
    "set_customer_metafields": "write_customers",
    "delete_customer_metafields": "write_customers",
}
"""Documents whose scope follows from the owner of what they write, which the schema can't tell: metafields of products
and customers. Those of our own installation need none."""

NOT_SHOWN: Final[Mapping[str, str]] = {
    "read_all_orders": "orders older than 60 days: seasons and slow sellers can't be learnt from two months",
    "read_customer_merge": "without it Shopify does not say which two customers have become one",
    "read_customer_events": "without it Shopify does not hand the storefront's events to the web pixel",
}
"""Required scopes that no document shows, each with its reason."""

REQUIRED: Final[tuple[str, ...]] = (
    "read_products",
    "write_products",
    "read_inventory",
    "read_orders",
    "read_all_orders",
    "read_customers",
    "read_customer_merge",
    "read_pixels",
    "write_pixels",
    "read_customer_events",
)

PIXEL: Final[tuple[str, ...]] = ("write_pixels", "read_customer_events")
"""What connecting the web pixel takes: shops that had the app earlier have yet to approve it."""

FEATURES: Final[Mapping[str, str]] = {
    "set_customer_metafields": "segments elsewhere",
    "delete_customer_metafields": "segments elsewhere",
    "create_segment": "segments elsewhere",
    "delete_segment": "segments elsewhere",
    "create_offer": "offers",
    "add_offer_codes": "offers",
    "offer_codes": "offers",
    "offer_discount": "offers",
    "articles": "care of products",
}
"""Documents that only an optional feature runs, by the feature; all others are always on."""

SEGMENTS: Final[tuple[str, ...]] = ("write_customers",)
"""Asked for in the moment in which the merchant has segments told to Shopify."""

OFFERS: Final[tuple[str, ...]] = ("read_discounts", "write_discounts")
"""Asked for in the moment in which the merchant has codes given out in win-back mails."""

CARE: Final[tuple[str, ...]] = ("read_content",)
"""Asked for in the moment in which the merchant wants to pick articles for mails after an order."""

OPTIONAL: Final[tuple[str, ...]] = (*SEGMENTS, *OFFERS, *CARE)
"""What features ask for when the merchant turns them on."""


def missing(granted: str) -> list[str]:
    """The required scopes that the granted ones don't cover; a ``write_x`` covers ``read_x``.

    Args:
        granted: comma-separated, as Shopify prints them.
    """
    return _lacking(granted, REQUIRED)


def missing_for_pixel(granted: str) -> list[str]:
    """Those of the pixel's scopes that the granted ones don't cover."""
    return _lacking(granted, PIXEL)


def missing_for_segments(granted: str) -> list[str]:
    """What telling segments to Shopify takes beyond the granted scopes."""
    return _lacking(granted, SEGMENTS)


def missing_for_offers(granted: str) -> list[str]:
    """What making discount codes takes beyond the granted scopes."""
    return _lacking(granted, OFFERS)


def missing_for_care(granted: str) -> list[str]:
    """What reading blog articles takes beyond the granted scopes."""
    return _lacking(granted, CARE)


def _lacking(granted: str, wanted: Sequence[str]) -> list[str]:
    access = ApiAccess(granted)
    return [scope for scope in wanted if not access.covers(ApiAccess(scope))]
