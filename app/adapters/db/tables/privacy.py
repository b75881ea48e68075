"""Proof of erasures and exports, and who must not come back."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, box, json, moment


class Receipt(ShopRow, table=True):
    """Proof of an erasure or export: what was done, in which place, when."""

    __tablename__: ClassVar[str] = "receipts"
    id: str = Field(primary_key=True)
    """The webhook id or the command's own id: the same request is answered once."""
    kind: str
    """customer_export, customer_erasure or shop_erasure."""
    subject: str = ""
    """The customer's id; it is Shopify's number, not a personal field."""
    requested_at: datetime = moment(nullable=False)
    finished_at: datetime | None = moment()
    places: dict[str, Any] = json()
    export: bytes | None = box()


class Tombstone(ShopRow, table=True):
    """A customer who was erased: their rows must not come back with a late webhook or an old model."""

    __tablename__: ClassVar[str] = "tombstones"
    customer_id: int = Field(sa_type=BigInteger, primary_key=True)
    at: datetime = moment(nullable=False)
