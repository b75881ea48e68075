"""What the store sells: products, their variants and stock, collections."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, big, moment, texts


class Product(ShopRow, table=True):
    __tablename__: ClassVar[str] = "products"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    handle: str
    title: str
    vendor: str = ""
    product_type: str = ""
    tags: list[str] = texts()
    status: str
    published: bool = False
    is_gift_card: bool = False
    image_url: str = ""
    created_at: datetime | None = moment()
    updated_at: datetime | None = moment()
    triggered_at: datetime | None = moment()
    """When Shopify sent the webhook that this row is from: orders what it dates to the same second."""
    deleted_at: datetime | None = moment()
    changed_at: datetime = moment(nullable=False, server_default=text("now()"))
    """Our clock at the last write of the row, its variants or stock; the web's catalogue view reads on from here."""

    __table_args__ = (Index("products_changed", "shop_id", "changed_at"),)


class Variant(ShopRow, table=True):
    __tablename__: ClassVar[str] = "variants"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    product_id: int = big(nullable=False)
    title: str = ""
    sku: str = ""
    price: int = big(nullable=False)
    inventory_item_id: int | None = big()
    quantity: int = 0
    """Available units over all locations."""
    tracked: bool = True
    oversell: bool = False
    position: int = 1
    updated_at: datetime | None = moment()

    __table_args__ = (
        Index("variants_product", "shop_id", "product_id"),
        Index("variants_inventory_item", "shop_id", "inventory_item_id"),
        Index("variants_sku", "shop_id", "sku"),
    )


class InventoryLevel(ShopRow, table=True):
    __tablename__: ClassVar[str] = "inventory_levels"
    inventory_item_id: int = Field(sa_type=BigInteger, primary_key=True)
    location_id: int = Field(sa_type=BigInteger, primary_key=True)
    available: int
    updated_at: datetime | None = moment()
    triggered_at: datetime | None = moment()


class Collection(ShopRow, table=True):
    __tablename__: ClassVar[str] = "collections"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    handle: str
    title: str
    updated_at: datetime | None = moment()
    triggered_at: datetime | None = moment()


class CollectionProduct(ShopRow, table=True):
    __tablename__: ClassVar[str] = "collection_products"
    collection_id: int = Field(sa_type=BigInteger, primary_key=True)
    product_id: int = Field(sa_type=BigInteger, primary_key=True)
