"""Where records wait before they are merged: one staged table per kind of record, and how a record becomes its row.

A bulk import COPYs rows into temporary tables (COPY into a table under row-level security is refused); a webhook hands
its few rows over as one JSON parameter each. Both ways the merge statements see the same names and columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from app.adapters.crypto import Sealer
from app.core.ids import ShopId
from app.core.records import (
    CollectionRecord,
    Contact,
    CustomerRecord,
    IdRecord,
    LineRecord,
    MemberRecord,
    OrderRecord,
    ProductRecord,
    Record,
    RefundLineRecord,
    RefundRecord,
    StockRecord,
    VariantRecord,
)

Row = tuple[Any, ...]

CUSTOMER_CONTACT = "customers.contact"
ORDER_CONTACT = "orders.contact"
"""What the boxes of the two columns are bound to (see `app.adapters.crypto`)."""


@dataclass(frozen=True, slots=True)
class Staged:
    """One staged table; every one begins with the number of the line that a row came from (0 for a webhook)."""

    name: str
    columns: str
    """``name type, name type`` without the line number."""
    optional: str
    """The names of the columns that may be empty; a row that lacks another one is refused."""

    @property
    def names(self) -> tuple[str, ...]:
        return ("line", *(column.split()[0] for column in self.columns.split(", ")))

    @property
    def create(self) -> str:
        optional = self.optional.split()
        columns = (f"{c} NOT NULL" if c.split()[0] not in optional else c for c in self.columns.split(", "))
        return f"CREATE TEMP TABLE {self.name} (line bigint, {', '.join(columns)}) ON COMMIT DROP"

    @property
    def from_json(self) -> str:
        """A common table expression of the same name over the JSON parameter of that name."""
        return (
            f"{self.name} AS (SELECT * FROM json_to_recordset(%({self.name})s::json) AS r(line bigint, {self.columns}))"
        )


PRODUCTS = Staged(
    "staged_products",
    "id bigint, handle text, title text, vendor text, product_type text, tags text[], status text, published boolean, "
    "is_gift_card boolean, image_url text, created_at timestamptz, updated_at timestamptz, complete boolean",
    optional="is_gift_card created_at",
)
VARIANTS = Staged(
    "staged_variants",
    "id bigint, product_id bigint, title text, sku text, price bigint, inventory_item_id bigint, quantity integer, "
    "tracked boolean, oversell boolean, position integer, updated_at timestamptz",
    optional="inventory_item_id tracked updated_at",
)
COLLECTIONS = Staged("staged_collections", "id bigint, handle text, title text, updated_at timestamptz", optional="")
MEMBERS = Staged("staged_members", "collection_id bigint, product_id bigint", optional="")
CUSTOMERS = Staged(
    "staged_customers",
    "id bigint, contact bytea, email_hash bytea, orders_count integer, amount_spent bigint, email_marketing text, "
    "opted_out boolean, tags text[], created_at timestamptz, updated_at timestamptz",
    optional="contact email_hash orders_count amount_spent email_marketing opted_out tags created_at",
)
ORDERS = Staged(
    "staged_orders",
    "id bigint, name text, customer_id bigint, contact bytea, email_hash bytea, currency text, total bigint, "
    "discounts bigint, refunded bigint, discount_codes text[], source_name text, test boolean, created_at timestamptz, "
    "updated_at timestamptz, cancelled_at timestamptz, units bigint",
    optional="customer_id contact email_hash cancelled_at units",
)
LINES = Staged(
    "staged_lines",
    "id bigint, order_id bigint, product_id bigint, variant_id bigint, quantity integer, current_quantity integer, "
    "unit_price bigint, discount bigint, request_id text, position integer",
    optional="product_id variant_id request_id position",
)
REFUNDS = Staged(
    "staged_refunds",
    "id bigint, order_id bigint, amount bigint, created_at timestamptz, lines_known boolean",
    optional="",
)
REFUND_LINES = Staged(
    "staged_refund_lines",
    "id bigint, refund_id bigint, order_line_id bigint, quantity integer, subtotal bigint",
    optional="",
)
STOCK = Staged(
    "staged_stock",
    "inventory_item_id bigint, location_id bigint, available integer, updated_at timestamptz",
    optional="updated_at",
)
IDS = Staged("staged_ids", "id bigint, created_at timestamptz, updated_at timestamptz", optional="created_at")


class Rows:
    """Turns records of one shop into rows, personal fields sealed on the way."""

    def __init__(self, shop: ShopId, sealer: Sealer) -> None:
        self._shop = shop
        self._sealer = sealer
        self._makers: dict[type, Callable[[int, Any], Iterator[tuple[Staged, Row]]]] = {
            ProductRecord: _product,
            VariantRecord: lambda line, record: iter([(VARIANTS, (line, *record))]),
            CollectionRecord: lambda line, record: iter([(COLLECTIONS, (line, *record))]),
            MemberRecord: lambda line, record: iter([(MEMBERS, (line, *record))]),
            CustomerRecord: self._customer,
            OrderRecord: self._order,
            LineRecord: lambda line, record: iter([(LINES, (line, *record))]),
            RefundRecord: _refund,
            RefundLineRecord: lambda line, record: iter([(REFUND_LINES, (line, *record))]),
            StockRecord: lambda line, record: iter([(STOCK, (line, *record))]),
            IdRecord: lambda line, record: iter([(IDS, (line, *record))]),
        }

    def of(self, line: int, record: Record) -> Iterator[tuple[Staged, Row]]:
        """The record's own row and those of what it holds."""
        return self._makers[type(record)](line, record)

    def _customer(self, line: int, record: CustomerRecord) -> Iterator[tuple[Staged, Row]]:
        box, email_hash = self._boxed(CUSTOMER_CONTACT, record.contact)
        tags = None if record.tags is None else list(record.tags)
        yield CUSTOMERS, (line, record.id, box, email_hash, *record[2:6], tags, *record[7:])

    def _order(self, line: int, record: OrderRecord) -> Iterator[tuple[Staged, Row]]:
        box, email_hash = self._boxed(ORDER_CONTACT, record.contact)
        yield (
            ORDERS,
            (line, *record[:3], box, email_hash, *record[4:8], list(record.discount_codes), *record[9:15]),
        )
        for part in record.lines:
            yield LINES, (line, *part)
        for refund in record.refunds:
            yield from _refund(line, refund)

    def _boxed(self, column: str, contact: Contact | None) -> tuple[bytes | None, bytes | None]:
        """The sealed contact and the hash of its e-mail; nothing where nothing is known."""
        if contact is None:
            return None, None
        box = self._sealer.seal(self._shop, column, orjson.dumps(contact._asdict()))
        return box, self._sealer.email_hash(self._shop, contact.email) if contact.email else None


def _product(line: int, record: ProductRecord) -> Iterator[tuple[Staged, Row]]:
    yield PRODUCTS, (line, *record[:5], list(record.tags), *record[6:13])
    for variant in record.variants:
        yield VARIANTS, (line, *variant)


def _refund(line: int, record: RefundRecord) -> Iterator[tuple[Staged, Row]]:
    yield REFUNDS, (line, *record[:4], record.lines is not None)
    for part in record.lines or ():
        yield REFUND_LINES, (line, *part)
