"""All tables. Every one has ``shop_id`` in its key and row-level security forced, except the two that
must be read before the shop is known: ``shops`` and ``due_work``.

Personal fields (law 3) are columns of type bytes that hold `app.adapters.crypto` boxes; money is in minor units.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


def _time(*, nullable: bool = True, **options: Any) -> Any:
    return Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=nullable, **options))


def _big(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(BigInteger, nullable=nullable))


def _box() -> Any:
    """An encrypted value, or nothing."""
    return Field(default=None, sa_column=Column(LargeBinary, nullable=True))


def _json(default: str = "{}") -> Any:
    return Field(default=None, sa_column=Column(JSONB, nullable=False, server_default=default))


def _texts() -> Any:
    return Field(default=None, sa_column=Column(ARRAY(Text), nullable=False, server_default="{}"))


class Shop(SQLModel, table=True):
    """One store. Not under row-level security: it is how a domain becomes a shop."""

    __tablename__: ClassVar[str] = "shops"
    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    domain: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    state: str = Field(sa_column=Column(Text, nullable=False))
    """installed or uninstalled."""


class DueWork(SQLModel, table=True):
    """What is still to be done, for the sweeper, which does not know the shops yet. Holds no data, only names."""

    __tablename__: ClassVar[str] = "due_work"
    shop_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    id: str = Field(sa_column=Column(Text, primary_key=True))
    due_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, index=True))


class ShopRow(SQLModel):
    """What all other tables share."""

    shop_id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})


class ShopProfile(ShopRow, table=True):
    """What Shopify says about the shop, and the keys of our own doors."""

    __tablename__: ClassVar[str] = "shop_profiles"
    name: str = ""
    currency: str = ""
    timezone: str = "UTC"
    collect_key: str = ""
    """Opaque account id that theme events carry."""
    installed_at: datetime = _time()
    uninstalled_at: datetime | None = _time()


class Credential(ShopRow, table=True):
    """The expiring offline token pair, encrypted."""

    __tablename__: ClassVar[str] = "credentials"
    access_token: bytes = _box()
    refresh_token: bytes = _box()
    scopes: str = ""
    access_expires_at: datetime = _time()
    refresh_expires_at: datetime = _time()
    generation: int = 0
    """Counts rotations; a worker that waited for the claim sees by it that another one has refreshed."""


class Consent(ShopRow, table=True):
    """The merchant's recorded decisions on training, never changed, only added to."""

    __tablename__: ClassVar[str] = "consents"
    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    granted: bool
    by: str
    text_version: str
    at: datetime = _time(nullable=False)


class Claim(ShopRow, table=True):
    """Who may do a piece of this shop's work right now; one row per name, taken by compare-and-set."""

    __tablename__: ClassVar[str] = "claims"
    name: str = Field(primary_key=True)
    owner: str
    until: datetime = _time(nullable=False)


class Delivery(ShopRow, table=True):
    """The webhook inbox: the raw payload, encrypted whole, dropped seven days after it is done."""

    __tablename__: ClassVar[str] = "deliveries"
    webhook_id: str = Field(primary_key=True)
    topic: str
    event_id: str = ""
    triggered_at: datetime | None = _time()
    received_at: datetime = _time(nullable=False)
    payload: bytes | None = _box()
    state: str = "pending"
    """pending, done, or failed (given up, kept for the doctor)."""
    attempts: int = 0
    claimed_until: datetime | None = _time()
    """Nobody else may take it before then (wall time): it is being worked on, or waits for its next try."""
    done_at: datetime | None = _time()
    error: str = ""


class Product(ShopRow, table=True):
    __tablename__: ClassVar[str] = "products"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    handle: str
    title: str
    vendor: str = ""
    product_type: str = ""
    tags: list[str] = _texts()
    status: str
    published: bool = False
    is_gift_card: bool = False
    image_url: str = ""
    created_at: datetime | None = _time()
    updated_at: datetime | None = _time()
    triggered_at: datetime | None = _time()
    """When Shopify sent the webhook that this row is from: orders what it dates to the same second."""
    deleted_at: datetime | None = _time()
    changed_at: datetime = _time(nullable=False, server_default=text("now()"))
    """Our clock at the last write of the row, its variants or stock; the web's catalogue view reads on from here."""

    __table_args__ = (Index("products_changed", "shop_id", "changed_at"),)


class Variant(ShopRow, table=True):
    __tablename__: ClassVar[str] = "variants"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    product_id: int = _big(nullable=False)
    title: str = ""
    sku: str = ""
    price: int = _big(nullable=False)
    inventory_item_id: int | None = _big()
    quantity: int = 0
    """Available units over all locations."""
    tracked: bool = True
    oversell: bool = False
    position: int = 1
    updated_at: datetime | None = _time()

    __table_args__ = (
        Index("variants_product", "shop_id", "product_id"),
        Index("variants_inventory_item", "shop_id", "inventory_item_id"),
    )


class InventoryLevel(ShopRow, table=True):
    __tablename__: ClassVar[str] = "inventory_levels"
    inventory_item_id: int = Field(sa_type=BigInteger, primary_key=True)
    location_id: int = Field(sa_type=BigInteger, primary_key=True)
    available: int
    updated_at: datetime | None = _time()
    triggered_at: datetime | None = _time()


class Collection(ShopRow, table=True):
    __tablename__: ClassVar[str] = "collections"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    handle: str
    title: str
    updated_at: datetime | None = _time()
    triggered_at: datetime | None = _time()


class CollectionProduct(ShopRow, table=True):
    __tablename__: ClassVar[str] = "collection_products"
    collection_id: int = Field(sa_type=BigInteger, primary_key=True)
    product_id: int = Field(sa_type=BigInteger, primary_key=True)


class Customer(ShopRow, table=True):
    __tablename__: ClassVar[str] = "customers"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    contact: bytes | None = _box()
    """Name, e-mail, phone and one address in one box; empty without level-2 access."""
    email_hash: bytes | None = _box()
    """Keyed hash of the e-mail, to find the same person again without reading it."""
    orders_count: int = 0
    amount_spent: int = Field(default=0, sa_type=BigInteger)
    email_marketing: str = ""
    opted_out: bool = False
    """The customer refused the sale of data or automated decisions; nothing is learnt from them."""
    tags: list[str] = _texts()
    created_at: datetime | None = _time()
    updated_at: datetime | None = _time()
    triggered_at: datetime | None = _time()

    __table_args__ = (Index("customers_email", "shop_id", "email_hash"),)


class Order(ShopRow, table=True):
    __tablename__: ClassVar[str] = "orders"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    name: str = ""
    customer_id: int | None = _big()
    contact: bytes | None = _box()
    email_hash: bytes | None = _box()
    currency: str = ""
    total: int = Field(default=0, sa_type=BigInteger)
    discounts: int = Field(default=0, sa_type=BigInteger)
    refunded: int = Field(default=0, sa_type=BigInteger)
    discount_codes: list[str] = _texts()
    source_name: str = ""
    test: bool = False
    created_at: datetime = _time(nullable=False)
    updated_at: datetime = _time(nullable=False)
    cancelled_at: datetime | None = _time()
    triggered_at: datetime | None = _time()
    erased: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Its customer was erased, or was deleted after objecting: it stays a sale in the shop's figures, and nothing is
    learnt from it any more."""

    __table_args__ = (
        Index("orders_created", "shop_id", "created_at"),
        Index("orders_customer", "shop_id", "customer_id"),
    )


class OrderLine(ShopRow, table=True):
    __tablename__: ClassVar[str] = "order_lines"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    order_id: int = _big(nullable=False)
    product_id: int | None = _big()
    """None when Shopify no longer knows the product."""
    variant_id: int | None = _big()
    quantity: int
    current_quantity: int
    """Quantity less what was refunded or removed."""
    unit_price: int = _big(nullable=False)
    discount: int = Field(default=0, sa_type=BigInteger)
    request_id: str | None = None
    """The recommendation that the shopper clicked before buying (line property ``_attune``)."""
    position: int | None = None

    __table_args__ = (
        Index("order_lines_order", "shop_id", "order_id"),
        Index("order_lines_request", "shop_id", "request_id", postgresql_where="request_id IS NOT NULL"),
    )


class Refund(ShopRow, table=True):
    __tablename__: ClassVar[str] = "refunds"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    order_id: int = _big(nullable=False)
    amount: int = _big(nullable=False)
    created_at: datetime = _time(nullable=False)
    lines_known: bool = True
    """False while only the amount has come (bulk exports can't carry a refund's lines)."""

    __table_args__ = (Index("refunds_order", "shop_id", "order_id"),)


class RefundLine(ShopRow, table=True):
    __tablename__: ClassVar[str] = "refund_lines"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    refund_id: int = _big(nullable=False)
    order_line_id: int = _big(nullable=False)
    quantity: int
    subtotal: int = Field(default=0, sa_type=BigInteger)

    __table_args__ = (Index("refund_lines_refund", "shop_id", "refund_id"),)


class Removal(ShopRow, table=True):
    """What the store deleted, or whose buyer was erased: a copy that arrives late must not bring it back. Ids only."""

    __tablename__: ClassVar[str] = "removals"
    kind: str = Field(primary_key=True)
    id: int = Field(sa_type=BigInteger, primary_key=True)
    at: datetime = _time(nullable=False)


class SyncRun(ShopRow, table=True):
    """One resource's import: how far it is, and how it ended."""

    __tablename__: ClassVar[str] = "sync_runs"
    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    resource: str
    reason: str
    """backfill, reconcile or command."""
    state: str
    """requested, running, importing, done or failed."""
    document: str = ""
    """The query document in use: with personal fields, or without where Shopify refuses them."""
    operation_id: str = ""
    search: str = ""
    """Shopify's search syntax; empty for an export of everything."""
    objects: int = Field(default=0, sa_type=BigInteger)
    """What Shopify says the file holds."""
    lines: int = Field(default=0, sa_type=BigInteger)
    """What has been read so far."""
    repaired: int = 0
    started_at: datetime = _time(nullable=False)
    finished_at: datetime | None = _time()
    error: str = ""


class SyncProblem(ShopRow, table=True):
    """A line of a bulk file that could not be used, by its number."""

    __tablename__: ClassVar[str] = "sync_problems"
    run_id: int = Field(sa_type=BigInteger, primary_key=True)
    line: int = Field(sa_type=BigInteger, primary_key=True)
    reason: str


class Click(ShopRow, table=True):
    """A click on a card: what attribution needs at once. All other events stand in the lake alone."""

    __tablename__: ClassVar[str] = "clicks"
    event_id: str = Field(primary_key=True)
    at: datetime = _time(nullable=False)
    visitor: str | None = None
    client: str | None = None
    placement: str
    rail: str
    product_id: int = _big(nullable=False)
    request_id: str | None = None
    position: int | None = None

    __table_args__ = (
        Index("clicks_at", "shop_id", "at"),
        Index("clicks_client", "shop_id", "client"),
        Index("clicks_request", "shop_id", "request_id", postgresql_where="request_id IS NOT NULL"),
        Index("clicks_visitor", "shop_id", "visitor"),
    )


class DecisionRow(ShopRow, table=True):
    """What was decided lately for a request: enough to replay it. Without a visitor where none had consented."""

    __tablename__: ClassVar[str] = "decisions"
    request_id: str = Field(primary_key=True)
    at: datetime = _time(nullable=False)
    placement: str
    rail: str = Field(default="", sa_column_kwargs={"server_default": ""})
    product_id: int | None = _big()
    visitor: str | None = None
    strategy: str
    variant: str = ""
    model_version: str | None = None
    items: list[dict[str, Any]] = _json("[]")

    __table_args__ = (Index("decisions_at", "shop_id", "at"), Index("decisions_visitor", "shop_id", "visitor"))


class VisitorOrder(ShopRow, table=True):
    """Who stands behind an order: the browser that reported the purchase, or clicked on what was bought.

    Browsers say so and nothing proves it: good for finding what to erase, never for showing anybody's data.
    """

    __tablename__: ClassVar[str] = "visitor_orders"
    order_id: int = Field(sa_type=BigInteger, primary_key=True)
    visitor: str = Field(primary_key=True)
    """Empty where only the client is known."""
    client: str = Field(primary_key=True)
    """Empty where only the visitor is known."""
    at: datetime = _time(nullable=False)

    __table_args__ = (
        Index("visitor_orders_client", "shop_id", "client"),
        Index("visitor_orders_visitor", "shop_id", "visitor"),
    )


class VisitorClient(ShopRow, table=True):
    """One browser's two names: the theme's visitor id and the pixel's client id. Said by the browser, as above."""

    __tablename__: ClassVar[str] = "visitor_clients"
    visitor: str = Field(primary_key=True)
    client: str = Field(primary_key=True)
    at: datetime = _time(nullable=False)
    """When they were last seen together."""

    __table_args__ = (Index("visitor_clients_client", "shop_id", "client"),)


class VisitorTombstone(ShopRow, table=True):
    """A browser whose events were erased: what was captured before then and arrives late is not stored."""

    __tablename__: ClassVar[str] = "visitor_tombstones"
    digest: str = Field(primary_key=True)
    """SHA-256 of the id, which is random and long: nobody finds the id again."""
    at: datetime = _time(nullable=False)


class ChangedDay(ShopRow, table=True):
    """A UTC day of the lake with events that the roll-ups do not know yet."""

    __tablename__: ClassVar[str] = "changed_days"
    day: date = Field(primary_key=True)
    marks: int = Field(default=1, sa_type=BigInteger)
    """Grows with every batch, so that a count that was overtaken does not pass for the last one."""
    since: datetime = _time(nullable=False, server_default=text("clock_timestamp()"))
    """Wall time of the oldest change that is not counted."""


class EventCount(ShopRow, table=True):
    """How many events there were on one of the shop's days, counted from the lake."""

    __tablename__: ClassVar[str] = "event_counts"
    day: date = Field(primary_key=True)
    placement: str = Field(primary_key=True)
    rail: str = Field(primary_key=True)
    type: str = Field(primary_key=True)
    count: int = _big(nullable=False)


class VisitDay(ShopRow, table=True):
    """Visitors and visits of one of the shop's days, and the time zone by which it was cut."""

    __tablename__: ClassVar[str] = "visit_days"
    day: date = Field(primary_key=True)
    zone: str
    visitors: int = _big(nullable=False)
    sessions: int = _big(nullable=False)


class ModelRun(ShopRow, table=True):
    """One training: what came out of the exam, and whether it was published."""

    __tablename__: ClassVar[str] = "model_runs"
    version: str = Field(primary_key=True)
    state: str
    """training, published, retired, rejected or failed."""
    strategy: str = ""
    trained_at: datetime = _time(nullable=False)
    orders: int = 0
    products: int = 0
    metrics: dict[str, Any] = _json()
    note: str = ""


class ModelPointer(ShopRow, table=True):
    """The version that the shop's rails use now, and the one before it."""

    __tablename__: ClassVar[str] = "model_pointers"
    version: str | None = None
    previous: str | None = None
    moved_at: datetime = _time(nullable=False)


class PublishedList(ShopRow, table=True):
    """What stands in a product's `$app` metafields, so that only changed lists are written."""

    __tablename__: ClassVar[str] = "published_lists"
    product_id: int = Field(sa_type=BigInteger, primary_key=True)
    digest: str
    """Empty where no list of ours stands."""
    published_at: datetime = _time(nullable=False)
    error: str = ""
    """What Shopify objected to at the last try; it is tried again with the next publishing."""


class Receipt(ShopRow, table=True):
    """Proof of an erasure or export: what was done, in which place, when."""

    __tablename__: ClassVar[str] = "receipts"
    id: str = Field(primary_key=True)
    """The webhook id or the command's own id: the same request is answered once."""
    kind: str
    """customer_export, customer_erasure or shop_erasure."""
    subject: str = ""
    """The customer's id; it is Shopify's number, not a personal field."""
    requested_at: datetime = _time(nullable=False)
    finished_at: datetime | None = _time()
    places: dict[str, Any] = _json()
    export: bytes | None = _box()


class Tombstone(ShopRow, table=True):
    """A customer who was erased: their rows must not come back with a late webhook or an old model."""

    __tablename__: ClassVar[str] = "tombstones"
    customer_id: int = Field(sa_type=BigInteger, primary_key=True)
    at: datetime = _time(nullable=False)


class Setting(ShopRow, table=True):
    """The merchant's settings (retention, placements), JSON by name."""

    __tablename__: ClassVar[str] = "settings"
    name: str = Field(primary_key=True)
    value: dict[str, Any] = _json()
    updated_at: datetime = _time(nullable=False)


OPEN_TABLES = frozenset({"shops", "due_work", "alembic_version"})
"""The tables without row-level security."""
