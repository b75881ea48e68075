"""Segments, who is in them, who came and went, and what rules that are being written would catch."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Identity, Index, text
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, big, json, moment


class SegmentRow(ShopRow, table=True):
    """A built-in segment, or one of the merchant's."""

    __tablename__: ClassVar[str] = "segments"
    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    kind: str
    """builtin or merchant."""
    key: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """By which a built-in one is known."""
    name: str
    rule: dict[str, Any] = json()
    """`app.core.segments.parse`."""
    sentence: str
    live: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Something that a shopper does today brings them in at once."""
    size: int | None = big()
    counted_at: datetime | None = moment()
    first_counted_at: datetime | None = moment()
    """By this rule: whoever was in it then did not come into it."""
    saved_at: datetime = moment(nullable=False)
    by: str = ""

    __table_args__ = (
        Index("segments_name", "shop_id", text("lower(name)"), unique=True),
        Index("segments_key", "shop_id", "key", unique=True, postgresql_where="key <> ''"),
    )


class SegmentMember(ShopRow, table=True):
    __tablename__: ClassVar[str] = "segment_members"
    segment_id: int = Field(sa_type=BigInteger, primary_key=True)
    profile: str = Field(primary_key=True)
    since: datetime = moment(nullable=False)
    why: list[int | None] = json("[]")
    """The values of the rule's measures, in the order in which they stand in it."""

    __table_args__ = (Index("segment_members_profile", "shop_id", "profile"),)


class SegmentChangeRow(ShopRow, table=True):
    """Who came into a segment or left it, and when; added to, never changed."""

    __tablename__: ClassVar[str] = "segment_changes"
    segment_id: int = Field(sa_type=BigInteger, primary_key=True)
    at: datetime = moment(nullable=False, primary_key=True)
    profile: str = Field(primary_key=True)
    entered: bool

    __table_args__ = (Index("segment_changes_profile", "shop_id", "profile"),)


class SegmentDayRow(ShopRow, table=True):
    """One count a day."""

    __tablename__: ClassVar[str] = "segment_days"
    segment_id: int = Field(sa_type=BigInteger, primary_key=True)
    day: date = Field(primary_key=True)
    size: int = big(nullable=False)
    entered: int = big(nullable=False)
    left: int = big(nullable=False)


class SegmentScale(ShopRow, table=True):
    """What the shop as a whole was measured by at its last count: one row."""

    __tablename__: ClassVar[str] = "segment_scales"
    at: datetime = moment(nullable=False)
    people: int = big(nullable=False)
    usual_s: int = big(nullable=False)
    """The median gap between two orders of one customer, in seconds."""
    cuts: dict[str, Any] = json()
    """From which value on a score of recency, frequency and spending is given."""


class SegmentPreview(ShopRow, table=True):
    """What a rule that is being written would catch; kept for a day."""

    __tablename__: ClassVar[str] = "segment_previews"
    id: str = Field(primary_key=True)
    rule: dict[str, Any] = json()
    state: str
    """waiting, done or failed."""
    asked_at: datetime = moment(nullable=False)
    count: int | None = big()
    everybody: int | None = big()
    sample: list[Any] = json("[]")
    """Customers' numbers with the values that decided."""
    complaint: str = ""
