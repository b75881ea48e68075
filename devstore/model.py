"""What a simulated shop consists of: plain records, compact enough for hundreds of thousands of order lines.

Worlds build these records once; `devstore.store.Store` owns and changes them afterwards. Ids are Shopify's numeric
ids (the part behind ``gid://shopify/Product/``), money is an integer in minor units of the shop's currency, and times
are timezone-aware UTC datetimes of *store time*. What the GraphQL API, the webhooks or the Liquid objects look like
is left to the modules that speak those formats.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Variant:
    id: int
    product_id: int
    title: str
    sku: str
    price: int
    compare_at_price: int | None
    inventory_item_id: int
    quantity: int
    tracked: bool = True
    oversell: bool = False
    """True when the merchant sells on at zero stock (inventoryPolicy CONTINUE)."""
    position: int = 1
    updated_at: datetime | None = None


@dataclass(slots=True)
class Metafield:
    id: int
    namespace: str
    key: str
    type: str
    value: str
    updated_at: datetime
    created_at: datetime | None = None
    """None where it was never changed."""


@dataclass(slots=True)
class Product:
    id: int
    handle: str
    title: str
    description: str
    vendor: str
    product_type: str
    tags: tuple[str, ...]
    status: str
    """ACTIVE, DRAFT or ARCHIVED."""
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    variants: list[Variant]
    image_text: str = ""
    """What the drawn placeholder image shows; the image itself is made by the storefront."""
    is_gift_card: bool = False
    metafields: dict[tuple[str, str], Metafield] = field(default_factory=dict)


@dataclass(slots=True)
class Collection:
    id: int
    handle: str
    title: str
    description: str
    product_ids: list[int]
    updated_at: datetime
    sort_order: str = "BEST_SELLING"


@dataclass(slots=True)
class Address:
    address1: str
    city: str
    zip: str
    country_code: str
    province: str = ""


@dataclass(slots=True)
class Customer:
    id: int
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    address: Address | None
    created_at: datetime
    updated_at: datetime
    tags: tuple[str, ...] = ()
    email_marketing: str = "NOT_SUBSCRIBED"
    """CustomerEmailMarketingState."""
    data_sale_opt_out: bool = False
    locale: str = "en"


@dataclass(slots=True)
class OrderLine:
    id: int
    product_id: int | None
    """None for a product that the shop has deleted since."""
    variant_id: int | None
    title: str
    quantity: int
    unit_price: int
    discount: int = 0
    """Discount allocated to the whole line."""
    refunded_quantity: int = 0
    properties: tuple[tuple[str, str], ...] = ()
    sku: str = ""


@dataclass(slots=True)
class RefundLine:
    id: int
    line_id: int
    quantity: int
    subtotal: int


@dataclass(slots=True)
class Refund:
    id: int
    created_at: datetime
    lines: list[RefundLine]
    amount: int
    note: str = ""


@dataclass(slots=True)
class Order:
    id: int
    number: int
    customer_id: int | None
    email: str | None
    created_at: datetime
    processed_at: datetime
    updated_at: datetime
    lines: list[OrderLine]
    discount_codes: tuple[str, ...] = ()
    shipping: int = 0
    refunds: list[Refund] = field(default_factory=list)
    cancelled_at: datetime | None = None
    test: bool = False
    source_name: str = "web"
    country_code: str = ""
    cart_token: str | None = None
    custom_attributes: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(slots=True)
class PriceChange:
    variant_id: int
    at: datetime
    price: int


@dataclass(slots=True)
class ShopInfo:
    id: int
    domain: str
    """The permanent ``*.myshopify.com`` domain."""
    name: str
    email: str
    owner_name: str
    currency: str
    timezone: str
    country_code: str
    plan: str = "Basic"


@dataclass(slots=True)
class World:
    """A whole shop at store time `now`. Lists are ordered by id; `truth` holds what only the simulator may know."""

    name: str
    shop: ShopInfo
    now: datetime
    products: list[Product]
    collections: list[Collection]
    customers: list[Customer]
    orders: list[Order]
    location_id: int = 1
    price_changes: list[PriceChange] = field(default_factory=list)
    truth: dict[str, Any] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    """Input rows that did not become part of the shop, counted by reason (imported worlds)."""
