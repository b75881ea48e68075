"""Feeds that Klaviyo fetches, how far its events were read, its webhook, and what shoppers ignore in mails."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, big, box, moment


class MailFeedRow(ShopRow, table=True):
    """One feed as it is answered; nothing in it is about a person."""

    __tablename__: ClassVar[str] = "mail_feeds"
    name: str = Field(primary_key=True)
    body: str
    """JSON."""
    etag: str
    items: int = big(nullable=False)
    changed_at: datetime = moment(nullable=False)
    checked_at: datetime = moment(nullable=False)
    klaviyo_id: str = Field(default="", sa_column_kwargs={"server_default": ""})
    registered_url: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """A digest of the address that Klaviyo knows: the address itself holds the secret."""
    trouble: str = Field(default="", sa_column_kwargs={"server_default": ""})


class FeedKey(ShopRow, table=True):
    """The secret in the addresses of the shop's feeds."""

    __tablename__: ClassVar[str] = "feed_keys"
    secret: bytes | None = box()
    made_at: datetime = moment(nullable=False)


class EngagementMark(ShopRow, table=True):
    """Up to when one of Klaviyo's metrics was read, or one of ours was told of the past."""

    __tablename__: ClassVar[str] = "engagement_marks"
    metric: str = Field(primary_key=True)
    """Its name, such as “Clicked Email”."""
    read_until: datetime = moment(nullable=False)
    asked_at: datetime = moment(nullable=False)
    trouble: str = Field(default="", sa_column_kwargs={"server_default": ""})


class EngagementHook(ShopRow, table=True):
    """The webhook of an account that is connected by OAuth, and the secret with which Klaviyo signs."""

    __tablename__: ClassVar[str] = "engagement_hooks"
    webhook: str
    secret: bytes | None = box()
    made_at: datetime = moment(nullable=False)


class IgnoredProduct(ShopRow, table=True):
    """A product that a customer has had in mails `times` times, and never clicked."""

    __tablename__: ClassVar[str] = "ignored_products"
    customer_id: int = Field(sa_type=BigInteger, primary_key=True)
    product_id: int = Field(sa_type=BigInteger, primary_key=True)
    times: int = big(nullable=False)


class MailCount(ShopRow, table=True):
    """What became of a flow's mails in the last 28 days; opens and clicks are of people, each counted once."""

    __tablename__: ClassVar[str] = "mail_counts"
    flow: str = Field(primary_key=True)
    """Klaviyo's id."""
    received: int = big(nullable=False)
    opened: int = big(nullable=False)
    clicked: int = big(nullable=False)
    counted_at: datetime = moment(nullable=False)
