"""What the merchant has set the rails' sliders to, and what the audience of new products is counted by."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Identity, Index
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, big, json, moment


class SteeringVersion(ShopRow, table=True):
    """A rail's sliders from one moment on, never changed, only added to; the newest one is in force."""

    __tablename__: ClassVar[str] = "steering_versions"
    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    rail: str
    sliders: dict[str, Any] = json()
    """`app.core.recommend.steering.Steering.as_json`."""
    at: datetime = moment(nullable=False)
    by: str
    why: str = ""
    """In words, where it was not set by hand."""
    experiment_id: int | None = big()
    """The experiment whose winner brought it."""

    __table_args__ = (Index("steering_versions_rail", "shop_id", "rail", "id"),)


class ProductImpression(ShopRow, table=True):
    """How often a new product's card was in view on one of the shop's days, counted from the lake."""

    __tablename__: ClassVar[str] = "product_impressions"
    day: date = Field(primary_key=True)
    product_id: int = Field(sa_type=BigInteger, primary_key=True)
    count: int = big(nullable=False)
