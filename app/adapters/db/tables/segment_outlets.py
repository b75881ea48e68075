"""What segments do elsewhere: what is switched on, what stands in Shopify, and what Flow is to be told."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, big, moment


class SegmentOutlet(ShopRow, table=True):
    """One thing that was switched on; `wanted` turns false when it is switched off, until nothing of it is left."""

    __tablename__: ClassVar[str] = "segment_outlets"
    outlet: str = Field(primary_key=True)
    segment_id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    """0 for the shop as a whole."""
    key: str = Field(primary_key=True, default="", sa_column_kwargs={"server_default": ""})
    """Of an audience."""
    wanted: bool
    at: datetime = moment(nullable=False)
    by: str
    shopify_id: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The segment that was made in Shopify."""
    complaint: str = Field(default="", sa_column_kwargs={"server_default": ""})


class ToldCustomer(ShopRow, table=True):
    """What stands in a customer's metafields, by its digest."""

    __tablename__: ClassVar[str] = "told_customers"
    customer_id: int = Field(sa_type=BigInteger, primary_key=True)
    digest: str
    at: datetime = moment(nullable=False)
    complaint: str = Field(default="", sa_column_kwargs={"server_default": ""})


class FlowEntry(ShopRow, table=True):
    """Somebody's entry into a segment that Shopify Flow is to be told of, or was."""

    __tablename__: ClassVar[str] = "flow_outbox"
    handle: str = Field(primary_key=True)
    segment_id: int = Field(sa_type=BigInteger, primary_key=True)
    at: datetime = moment(nullable=False, primary_key=True)
    """When they entered."""
    profile: str = Field(primary_key=True)
    state: str = Field(default="waiting", sa_column_kwargs={"server_default": "waiting"})
    """waiting, fired, withheld or refused."""
    done_at: datetime | None = moment()
    complaint: str = Field(default="", sa_column_kwargs={"server_default": ""})

    __table_args__ = (
        Index("flow_outbox_waiting", "shop_id", "at", postgresql_where=text("state = 'waiting'")),
        Index("flow_outbox_profile", "shop_id", "profile"),
    )


class AudienceCount(ShopRow, table=True):
    """How many an audience holds, and how many of them may be handed to an advertising network."""

    __tablename__: ClassVar[str] = "audience_counts"
    key: str = Field(primary_key=True)
    at: datetime = moment(nullable=False)
    members: int = big(nullable=False)
    allowed: int = big(nullable=False)
    with_email: int = big(nullable=False)
    """Of those that are allowed, how many have an address that is known."""
