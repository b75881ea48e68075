"""The store's records as Shopify reports them, whichever way they came: a bulk export, a page or a webhook.

Records are named tuples because an import makes millions of them. A field that is None where the type says so was not
part of what came, and what is stored stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What can be deleted in the store."""

    PRODUCT = "product"
    COLLECTION = "collection"
    CUSTOMER = "customer"
    ORDER = "order"


class Contact(NamedTuple):
    """Personal fields (law 3): sealed before they are stored."""

    name: str | None
    email: str | None
    phone: str | None
    address: Mapping[str, str | None] | None


class VariantRecord(NamedTuple):
    id: int
    product_id: int
    title: str
    sku: str
    price: int
    inventory_item_id: int | None
    quantity: int
    tracked: bool | None
    oversell: bool
    position: int
    updated_at: datetime | None


class ProductRecord(NamedTuple):
    id: int
    handle: str
    title: str
    vendor: str
    product_type: str
    tags: tuple[str, ...]
    status: str
    """ACTIVE, DRAFT, ARCHIVED or UNLISTED."""
    published: bool
    is_gift_card: bool | None
    image_url: str
    created_at: datetime | None
    updated_at: datetime
    complete: bool = True
    """False where not all variants came (webhooks carry a hundred at most): those that did not come stay."""
    variants: tuple[VariantRecord, ...] = ()


class CollectionRecord(NamedTuple):
    id: int
    handle: str
    title: str
    updated_at: datetime


class MemberRecord(NamedTuple):
    """A product stands in a collection."""

    collection_id: int
    product_id: int


class CustomerRecord(NamedTuple):
    id: int
    contact: Contact | None
    orders_count: int | None
    amount_spent: int | None
    email_marketing: str | None
    opted_out: bool | None
    tags: tuple[str, ...] | None
    created_at: datetime | None
    updated_at: datetime


class LineRecord(NamedTuple):
    id: int
    order_id: int
    product_id: int | None
    variant_id: int | None
    quantity: int
    current_quantity: int
    unit_price: int
    discount: int
    request_id: str | None
    position: int | None


class RefundLineRecord(NamedTuple):
    id: int
    refund_id: int
    order_line_id: int
    quantity: int
    subtotal: int


class RefundRecord(NamedTuple):
    id: int
    order_id: int
    amount: int
    created_at: datetime
    lines: tuple[RefundLineRecord, ...] | None
    """None where only the total is known; the lines are asked for later."""


class OrderRecord(NamedTuple):
    id: int
    name: str
    customer_id: int | None
    contact: Contact | None
    currency: str
    total: int
    discounts: int
    refunded: int
    discount_codes: tuple[str, ...]
    source_name: str
    test: bool
    created_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None
    units: int | None
    """How many units the lines must add up to, to notice a half order."""
    lines: tuple[LineRecord, ...] = ()
    refunds: tuple[RefundRecord, ...] = ()


class StockRecord(NamedTuple):
    inventory_item_id: int
    location_id: int
    available: int
    updated_at: datetime | None


class IdRecord(NamedTuple):
    """A record exists in the store, and how old it is; which kind follows from the export."""

    id: int
    created_at: datetime | None
    updated_at: datetime


Record = (
    ProductRecord
    | VariantRecord
    | CollectionRecord
    | MemberRecord
    | CustomerRecord
    | OrderRecord
    | LineRecord
    | RefundRecord
    | StockRecord
    | IdRecord
)

CLICK_PROPERTY = "_attune"
"""The line-item property that the theme element sets after consent: ``<request_id>:<position>``."""


def clicked(properties: Mapping[str, object]) -> tuple[str | None, int | None]:
    """The recommendation that brought a line into the cart: request id and position, or neither.

    The property passes through the shopper's browser, so a malformed one is ignored.
    """
    value = properties.get(CLICK_PROPERTY)
    request_id, colon, position = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not colon or not 0 < len(request_id) <= 32 or not (position.isascii() and position.isdecimal()):
        return None, None
    if len(position) > 3 or not request_id.isprintable():
        return None, None
    return request_id, int(position)
