"""The Klaviyo account a shop is connected to, and a connection that is being made."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, big, box, moment


class KlaviyoConnectionRow(ShopRow, table=True):
    """One account a shop; the secret and the account's sender are sealed."""

    __tablename__: ClassVar[str] = "klaviyo_connections"
    kind: str
    """oauth or key."""
    secret: bytes | None = box()
    generation: int = big(nullable=False)
    account: str
    name: str
    sender: bytes | None = box()
    currency: str
    timezone: str
    scopes: str
    at: datetime = moment(nullable=False)
    by: str
    trouble: str = Field(default="", sa_column_kwargs={"server_default": ""})
    trouble_at: datetime | None = moment()


class KlaviyoAskingRow(ShopRow, table=True):
    """What the merchant has begun; `state` is the digest of OAuth's."""

    __tablename__: ClassVar[str] = "klaviyo_askings"
    kind: str
    state: str = Field(default="", sa_column_kwargs={"server_default": ""})
    given: bytes | None = box()
    """JSON of verifier, code and key."""
    by: str
    until: datetime = moment(nullable=False)
    trouble: str = Field(default="", sa_column_kwargs={"server_default": ""})
