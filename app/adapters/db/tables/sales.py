"""Who bought what: customers, orders, refunds, and what the store has deleted of them or of its catalogue."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, big, box, moment, texts


class Customer(ShopRow, table=True):
    __tablename__: ClassVar[str] = "customers"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    contact: bytes | None = box()
    """Name, e-mail, phone and one address in one box; empty without level-2 access."""
    email_hash: bytes | None = box()
    """Keyed hash of the e-mail, to find the same person again without reading it."""
    orders_count: int = 0
    amount_spent: int = Field(default=0, sa_type=BigInteger)
    email_marketing: str = ""
    opted_out: bool = False
    """The customer refused the sale of data or automated decisions; nothing is learnt from them."""
    tags: list[str] = texts()
    created_at: datetime | None = moment()
    updated_at: datetime | None = moment()
    triggered_at: datetime | None = moment()

    __table_args__ = (Index("customers_email", "shop_id", "email_hash"),)


class Order(ShopRow, table=True):
    __tablename__: ClassVar[str] = "orders"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    name: str = ""
    customer_id: int | None = big()
    contact: bytes | None = box()
    email_hash: bytes | None = box()
    currency: str = ""
    total: int = Field(default=0, sa_type=BigInteger)
    discounts: int = Field(default=0, sa_type=BigInteger)
    refunded: int = Field(default=0, sa_type=BigInteger)
    discount_codes: list[str] = texts()
    source_name: str = ""
    test: bool = False
    created_at: datetime = moment(nullable=False)
    updated_at: datetime = moment(nullable=False)
    cancelled_at: datetime | None = moment()
    triggered_at: datetime | None = moment()
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
    order_id: int = big(nullable=False)
    product_id: int | None = big()
    """None when Shopify no longer knows the product."""
    variant_id: int | None = big()
    quantity: int
    current_quantity: int
    """Quantity less what was refunded or removed."""
    unit_price: int = big(nullable=False)
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
    order_id: int = big(nullable=False)
    amount: int = big(nullable=False)
    created_at: datetime = moment(nullable=False)
    lines_known: bool = True
    """False while only the amount has come (bulk exports can't carry a refund's lines)."""

    __table_args__ = (Index("refunds_order", "shop_id", "order_id"),)


class RefundLine(ShopRow, table=True):
    __tablename__: ClassVar[str] = "refund_lines"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    refund_id: int = big(nullable=False)
    order_line_id: int = big(nullable=False)
    quantity: int
    subtotal: int = Field(default=0, sa_type=BigInteger)

    __table_args__ = (Index("refund_lines_refund", "shop_id", "refund_id"),)


class Removal(ShopRow, table=True):
    """What the store deleted, or whose buyer was erased: a copy that arrives late must not bring it back. Ids only."""

    __tablename__: ClassVar[str] = "removals"
    kind: str = Field(primary_key=True)
    id: int = Field(sa_type=BigInteger, primary_key=True)
    at: datetime = moment(nullable=False)
