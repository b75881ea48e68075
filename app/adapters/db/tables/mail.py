"""What starts mails: the merchant's switches, what browsers did lately, occasions and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field

from app.adapters.db.tables.base import ShopRow, big, json, moment


class MailSettingsRow(ShopRow, table=True):
    """What is switched on (`app.core.email.settings`)."""

    __tablename__: ClassVar[str] = "mail_settings"
    value: dict[str, Any] = json()
    changed_at: datetime = moment(nullable=False)
    by: str


class MailDeed(ShopRow, table=True):
    """What a browser that let itself be remembered did with one product, for as long as a mail may speak of it."""

    __tablename__: ClassVar[str] = "mail_deeds"
    kind: str = Field(primary_key=True)
    """visitor or client."""
    who: str = Field(primary_key=True)
    product_id: int = Field(sa_type=BigInteger, primary_key=True)
    what: str = Field(primary_key=True)
    """views, carts or checkouts."""
    times: int
    first_at: datetime = moment(nullable=False)
    last_at: datetime = moment(nullable=False)

    __table_args__ = (Index("mail_deeds_last", "shop_id", "last_at"),)


class MailGood(ShopRow, table=True):
    """A product as it stood when it was last looked at: what is cheaper or back is told by it."""

    __tablename__: ClassVar[str] = "mail_goods"
    product_id: int = Field(sa_type=BigInteger, primary_key=True)
    price: int = big(nullable=False)
    buyable: bool
    news: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """back or cheaper; empty for none."""
    news_at: datetime | None = moment()


class MailTrigger(ShopRow, table=True):
    """One occasion for a mail, and what became of it."""

    __tablename__: ClassVar[str] = "mail_triggers"
    trigger: str = Field(primary_key=True)
    customer_id: int = Field(sa_type=BigInteger, primary_key=True)
    key: str = Field(primary_key=True)
    at: datetime = moment(nullable=False)
    product_id: int | None = big()
    cart: list[int] = json("[]")
    facts: dict[str, Any] = json()
    state: str = Field(default="waiting", sa_column_kwargs={"server_default": "waiting"})
    """waiting, sent, withheld or refused."""
    arm: str = Field(default="", sa_column_kwargs={"server_default": ""})
    request_id: str = Field(default="", sa_column_kwargs={"server_default": ""})
    done_at: datetime | None = moment()
    complaint: str = Field(default="", sa_column_kwargs={"server_default": ""})

    __table_args__ = (
        Index("mail_triggers_waiting", "shop_id", "at", postgresql_where=text("state = 'waiting'")),
        Index("mail_triggers_customer", "shop_id", "customer_id", "at"),
    )
