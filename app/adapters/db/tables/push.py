"""What was pushed to Klaviyo's profiles, and the switch of the push."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, box, moment


def _products() -> Any:
    return Field(default=None, sa_column=Column(ARRAY(BigInteger), nullable=False, server_default="{}"))


class KlaviyoPush(ShopRow, table=True):
    """What stands, or may stand, in a customer's profile."""

    __tablename__: ClassVar[str] = "klaviyo_pushes"
    __table_args__ = (
        Index("klaviyo_pushes_job", "shop_id", "job"),
        Index("klaviyo_pushes_products", "products", postgresql_using="gin"),
    )
    customer_id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    digest: str
    address: str
    """A keyed hash of the e-mail address."""
    sent_to: bytes | None = box()
    """The address under which the profile was written."""
    products: list[int] = _products()
    state: str
    """sending, sent, done or refused."""
    job: str = Field(default="", sa_column_kwargs={"server_default": ""})
    complaint: str = Field(default="", sa_column_kwargs={"server_default": ""})
    at: datetime = moment(nullable=False)


class KlaviyoPushing(ShopRow, table=True):
    """The last push."""

    __tablename__: ClassVar[str] = "klaviyo_pushing"
    at: datetime = moment(nullable=False)
    sent: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
