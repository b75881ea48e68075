"""What was learnt, which version is in use, and which lists of it stand in the store."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Float, Index, text
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, json, moment


class ModelRun(ShopRow, table=True):
    """One training: what came out of the exam, and whether it was published."""

    __tablename__: ClassVar[str] = "model_runs"
    version: str = Field(primary_key=True)
    state: str
    """training, canary, published, retired, taken_back, rejected or failed."""
    strategy: str = ""
    trained_at: datetime = moment(nullable=False)
    orders: int = 0
    products: int = 0
    metrics: dict[str, Any] = json()
    note: str = ""
    lineage: dict[str, Any] = json()
    """What it was learnt from and by which code; see `app.core.recommend.model_card`."""


class ModelPointer(ShopRow, table=True):
    """The version that the shop's rails use now, and the one before it."""

    __tablename__: ClassVar[str] = "model_pointers"
    version: str | None = None
    previous: str | None = None
    moved_at: datetime = moment(nullable=False)


class ModelTrial(ShopRow, table=True):
    """How a version is doing since shoppers get it; see `app.core.recommend.canary.Trial`."""

    __tablename__: ClassVar[str] = "model_trials"
    version: str = Field(primary_key=True)
    incumbent: str | None = None
    stage: str
    share: float = Field(sa_type=Float)
    hours: float = Field(sa_type=Float)
    started_at: datetime = moment(nullable=False)
    live_at: datetime | None = moment()
    ended_at: datetime | None = moment()
    reason: str = ""
    figures: dict[str, Any] = json()
    read_at: datetime | None = moment()

    __table_args__ = (Index("model_trials_canary", "shop_id", unique=True, postgresql_where=text("stage = 'canary'")),)


class PublishedList(ShopRow, table=True):
    """What stands in a product's `$app` metafields, so that only changed lists are written."""

    __tablename__: ClassVar[str] = "published_lists"
    product_id: int = Field(sa_type=BigInteger, primary_key=True)
    digest: str
    """Empty where no list of ours stands."""
    published_at: datetime = moment(nullable=False)
    error: str = ""
    """What Shopify objected to at the last try; it is tried again with the next publishing."""
