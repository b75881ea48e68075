"""What a simulated shop consists of: plain records, compact enough for hundreds of thousands of order lines.

Worlds build these records once; `devstore.store.Store` owns and changes them afterwards. Ids are Shopify's numeric
ids (the part behind ``gid://shopify/Product/``), money is an integer in minor units of the shop's currency, and times
are timezone-aware UTC datetimes of *store time*. What the GraphQL API, the webhooks or the Liquid objects look like
is left to the modules that speak those formats.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
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
class Article:
    """Of a blog, which is known by its handle alone."""

    id: int
    handle: str
    title: str
    blog: str
    body: str
    """HTML."""
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None = None
    summary: str = ""
    """HTML."""


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


@dataclass(frozen=True, slots=True)
class AppliedDiscount:
    """What one code took off one order."""

    code: str
    discount_id: int
    percentage: float | None
    """Share of the price, 0 to 1; None for a fixed amount."""
    each: bool
    """Whether every entitled unit was reduced by itself, instead of an amount being spread over all of them."""
    entitled_only: bool
    """Whether the discount is for some products only."""
    allocations: tuple[tuple[int, int], ...]
    """(order line id, minor units)."""

    @property
    def amount(self) -> int:
        return sum(part for _, part in self.allocations)


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
    applied: tuple[AppliedDiscount, ...] = field(default=(), repr=False)
    """In the order in which the codes were applied; empty for orders from before the shop was opened here."""


@dataclass(slots=True)
class RedeemCode:
    id: int
    code: str
    uses: int = 0


@dataclass(slots=True)
class Discount:
    """A code discount of Shopify's basic kind: a percentage or an amount off all or some products."""

    id: int
    title: str
    created_at: datetime
    updated_at: datetime
    starts_at: datetime
    ends_at: datetime | None = None
    codes: list[RedeemCode] = field(default_factory=list)
    percentage: float | None = None
    """Share of the price, 0 to 1; None where `amount` says what is taken off."""
    amount: int = 0
    """Minor units of the shop's currency."""
    each: bool = False
    """Whether `amount` is for every entitled unit, instead of for all of them together."""
    product_ids: tuple[int, ...] = ()
    variant_ids: tuple[int, ...] = ()
    collection_ids: tuple[int, ...] = ()
    """With none of the three the discount is for everything."""
    customer_ids: tuple[int, ...] | None = None
    segment_ids: tuple[int, ...] | None = None
    """With neither the discount is for everybody."""
    minimum_quantity: int | None = None
    minimum_subtotal: int | None = None
    usage_limit: int | None = None
    """How often each code may be used."""
    once_per_customer: bool = False
    combines_with: frozenset[str] = frozenset()
    """The classes (ORDER, PRODUCT, SHIPPING) that it may stand beside."""
    tags: tuple[str, ...] = ()

    @property
    def entitled_only(self) -> bool:
        return bool(self.product_ids or self.variant_ids or self.collection_ids)

    @property
    def kind(self) -> str:
        """DiscountClass."""
        return "PRODUCT" if self.entitled_only else "ORDER"

    def status(self, now: datetime) -> str:
        """DiscountStatus."""
        if self.starts_at > now:
            return "SCHEDULED"
        return "EXPIRED" if self.ends_at is not None and self.ends_at <= now else "ACTIVE"


@dataclass(slots=True)
class Segment:
    """Customers as a query of Shopify's segment language finds them."""

    id: int
    name: str
    query: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class WebPixel:
    """The app's pixel extension, connected to this shop with these settings."""

    id: int
    settings: dict[str, Any]


@dataclass(slots=True)
class Definition:
    """What metafields of one owner type, namespace and key must be."""

    id: int
    owner_type: str
    """MetafieldOwnerType."""
    namespace: str
    key: str
    type: str
    name: str
    description: str = ""
    validations: tuple[tuple[str, str], ...] = ()
    admin_access: str = "PUBLIC_READ_WRITE"
    storefront_access: str = "NONE"
    declared: bool = False
    """Whether shopify.app.toml declares it, so that only a deploy can change it."""


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


@dataclass(frozen=True, slots=True)
class Market:
    """Countries that the shop sells to in one currency and one language."""

    id: int
    handle: str
    name: str
    countries: tuple[str, ...]
    """ISO 3166 codes."""
    currency: str
    rate: Decimal
    """Units of `currency` for one unit of the shop's own; 1 in the primary market."""
    locale: str
    root: str
    """Where its storefront starts: empty for the primary market, otherwise such as ``/de``."""
    primary: bool = False


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
    articles: list[Article] = field(default_factory=list)
