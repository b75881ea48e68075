"""What PostgreSQL keeps beside the lake: clicks, recent decisions, who stands behind orders, figures by day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, big, json, moment


class Click(ShopRow, table=True):
    """A click on a card: what attribution needs at once. All other events stand in the lake alone."""

    __tablename__: ClassVar[str] = "clicks"
    event_id: str = Field(primary_key=True)
    at: datetime = moment(nullable=False)
    visitor: str | None = None
    client: str | None = None
    placement: str
    rail: str
    product_id: int = big(nullable=False)
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
    at: datetime = moment(nullable=False)
    placement: str
    rail: str = Field(default="", sa_column_kwargs={"server_default": ""})
    product_id: int | None = big()
    visitor: str | None = None
    strategy: str
    variant: str = ""
    model_version: str | None = None
    items: list[dict[str, Any]] = json("[]")
    unit: str | None = None
    """Who was assigned to arms, where that is not the visitor."""
    show: str = Field(default="ours", sa_column_kwargs={"server_default": "ours"})

    __table_args__ = (
        Index("decisions_at", "shop_id", "at"),
        Index("decisions_unit", "shop_id", "unit", postgresql_where="unit IS NOT NULL"),
        Index("decisions_visitor", "shop_id", "visitor"),
    )


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
    at: datetime = moment(nullable=False)

    __table_args__ = (
        Index("visitor_orders_client", "shop_id", "client"),
        Index("visitor_orders_visitor", "shop_id", "visitor"),
    )


class VisitorClient(ShopRow, table=True):
    """One browser's two names: the theme's visitor id and the pixel's client id. Said by the browser, as above."""

    __tablename__: ClassVar[str] = "visitor_clients"
    visitor: str = Field(primary_key=True)
    client: str = Field(primary_key=True)
    at: datetime = moment(nullable=False)
    """When they were last seen together."""

    __table_args__ = (Index("visitor_clients_client", "shop_id", "client"),)


class VisitorTombstone(ShopRow, table=True):
    """A browser whose events were erased: what was captured before then and arrives late is not stored."""

    __tablename__: ClassVar[str] = "visitor_tombstones"
    digest: str = Field(primary_key=True)
    """SHA-256 of the id, which is random and long: nobody finds the id again."""
    at: datetime = moment(nullable=False)


class ChangedDay(ShopRow, table=True):
    """A UTC day of the lake with events that the roll-ups do not know yet."""

    __tablename__: ClassVar[str] = "changed_days"
    day: date = Field(primary_key=True)
    marks: int = Field(default=1, sa_type=BigInteger)
    """Grows with every batch, so that a count that was overtaken does not pass for the last one."""
    since: datetime = moment(nullable=False, server_default=text("clock_timestamp()"))
    """Wall time of the oldest change that is not counted."""


class EventCount(ShopRow, table=True):
    """How many events there were on one of the shop's days, counted from the lake."""

    __tablename__: ClassVar[str] = "event_counts"
    day: date = Field(primary_key=True)
    placement: str = Field(primary_key=True)
    rail: str = Field(primary_key=True)
    type: str = Field(primary_key=True)
    count: int = big(nullable=False)


class VisitDay(ShopRow, table=True):
    """Visitors and visits of one of the shop's days, and the time zone by which it was cut."""

    __tablename__: ClassVar[str] = "visit_days"
    day: date = Field(primary_key=True)
    zone: str
    visitors: int = big(nullable=False)
    sessions: int = big(nullable=False)
