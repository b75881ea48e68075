"""What other systems have delivered: the register, ad spend, stock and its rule, and how good the data are."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, big, box, json, moment


class DeliveryOfSource(ShopRow, table=True):
    """A file or batch of another system: what became of its rows, without what stood in them."""

    __tablename__: ClassVar[str] = "deliveries_of_sources"
    id: str = Field(primary_key=True)
    """Made of the source and the content's digest: the same file under another name is the same delivery."""
    source: str
    name: str
    by: str
    at: datetime = moment(nullable=False)
    state: str
    size: int = big(nullable=False)
    finished_at: datetime | None = moment()
    first: date | None = None
    last: date | None = None
    report: dict[str, Any] = json()
    error: str = Field(default="", sa_column_kwargs={"server_default": ""})

    __table_args__ = (Index("deliveries_of_sources_at", "shop_id", "at"),)


class SourceUpload(ShopRow, table=True):
    """A file from the Data page, sealed, until a worker has taken it in."""

    __tablename__: ClassVar[str] = "source_uploads"
    id: str = Field(primary_key=True)
    source: str
    name: str
    by: str
    at: datetime = moment(nullable=False)
    day_order: str = Field(default="", sa_column_kwargs={"server_default": ""})
    content: bytes | None = box()


class AdSpend(ShopRow, table=True):
    """What a channel's campaign cost on a day, in minor units of the currency."""

    __tablename__: ClassVar[str] = "ad_spend"
    day: date = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    campaign: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    cost: int = big(nullable=False)
    currency: str
    clicks: int | None = big()
    impressions: int | None = big()
    delivery: str
    row: int = big(nullable=False)


class OutsideStock(ShopRow, table=True):
    """The newest count of an item at a location by a system beside Shopify."""

    __tablename__: ClassVar[str] = "outside_stock"
    item: str = Field(primary_key=True)
    """The variant's SKU, or ``variant:`` and its number."""
    location: str = Field(primary_key=True)
    """Shopify's number of the location, another system's name of it, or empty for all together."""
    available: int
    at: datetime = moment(nullable=False)
    delivery: str
    row: int = big(nullable=False)


class StockRuleRow(ShopRow, table=True):
    """Whose stock counts: of one product (0: of all), at one location (``*``: at all)."""

    __tablename__: ClassVar[str] = "stock_rules"
    product_id: int = Field(sa_type=BigInteger, primary_key=True)
    location: str = Field(primary_key=True)
    winner: str


class StockKey(ShopRow, table=True):
    """The secret with which the shop's stock system signs."""

    __tablename__: ClassVar[str] = "stock_keys"
    secret: bytes | None = box()
    made_at: datetime = moment(nullable=False)


class SourceDay(ShopRow, table=True):
    """How many rows a source has on a UTC day."""

    __tablename__: ClassVar[str] = "source_days"
    source: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    rows: int = big(nullable=False)


class SourceQuality(ShopRow, table=True):
    """What was judged of a source last."""

    __tablename__: ClassVar[str] = "source_quality"
    source: str = Field(primary_key=True)
    at: datetime = moment(nullable=False)
    newest: datetime | None = moment()
    judged: list[dict[str, Any]] = json("[]")
