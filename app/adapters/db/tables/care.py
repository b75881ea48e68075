"""Care of what was bought, by product type, and previews of mails."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, big, box, moment


class StoreArticle(ShopRow, table=True):
    """A published article of the store's blogs, which the merchant may pick."""

    __tablename__: ClassVar[str] = "store_articles"
    id: int = Field(sa_type=BigInteger, primary_key=True)
    title: str
    url: str
    """Its path in the store."""
    text: str
    """The beginning, as plain text."""


class MailCareRow(ShopRow, table=True):
    """What the merchant picked for one product type."""

    __tablename__: ClassVar[str] = "mail_care"
    product_type: str = Field(primary_key=True)
    source: str
    """article or metafield."""
    ref: str
    """The article's number, or the metafield's namespace and key."""


class CareText(ShopRow, table=True):
    """What a product's metafield says about its care."""

    __tablename__: ClassVar[str] = "care_texts"
    product_id: int = Field(sa_type=BigInteger, primary_key=True)
    title: str
    text: str
    url: str


class MailPreviewRow(ShopRow, table=True):
    """A mail as one shopper would get it, for an hour."""

    __tablename__: ClassVar[str] = "mail_previews"
    id: str = Field(primary_key=True)
    customer_id: int = big(nullable=False)
    mail: str
    arm: str
    state: str
    """waiting, done, none or failed."""
    complaint: str
    asked_at: datetime = moment(nullable=False)
    content: bytes | None = box()
